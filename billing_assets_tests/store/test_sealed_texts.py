"""A sealed text is readable with its key alone; without a key it is kept as it is, and says so."""

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.store.sealed_texts import Sealer

OLD, NEW = "o" * 32, "n" * 32
URL = "slack://T1/B2/secret"


def test_without_a_key_a_text_is_kept_as_it_is() -> None:
    sealer = Sealer()
    assert not sealer.has_key
    assert sealer.seal(URL) == f"plain:{URL}"
    assert Sealer((NEW,)).open(sealer.seal(URL)) == URL


def test_with_a_key_nothing_of_a_text_is_left_readable_and_each_sealing_differs() -> None:
    sealer = Sealer((NEW,))
    kept = sealer.seal(URL)
    assert "secret" not in kept
    assert kept != sealer.seal(URL)
    assert sealer.open(kept) == URL


def test_an_older_key_still_opens_and_the_newest_seals() -> None:
    kept = Sealer((OLD,)).seal(URL)
    both = Sealer((NEW, OLD))
    assert both.open(kept) == URL
    assert Sealer((NEW,)).open(both.seal(URL)) == URL


@pytest.mark.parametrize("keys", [(), (NEW,)])
def test_without_its_key_a_text_cannot_be_read_and_is_not_shown(keys: tuple[str, ...]) -> None:
    kept = Sealer((OLD,)).seal(URL)
    with pytest.raises(BillingError) as refused:
        Sealer(keys).open(kept)
    assert refused.value.code == "secret_unreadable"
    assert kept not in str(refused.value)
