"""The portal's figures and values: languages, who is signed in, what is said of what is not there."""

import pytest

from billing_assets.domain.access import ActorKind
from billing_assets.domain.portal_access import (
    LINK_LIFE,
    SignedInPayer,
    link_used,
    not_yours,
    portal_language,
)


@pytest.mark.parametrize(
    ("wanted", "language"),
    [(("es-MX",), "es"), (("tlh", "DE_AT"), "de"), (("",), "en"), ((), "en"), (("fr", "es"), "fr")],
)
def test_the_first_language_that_there_is_is_taken(wanted: tuple[str, ...], language: str) -> None:
    assert portal_language(*wanted) == language


def test_a_payer_acts_under_the_key_and_no_name_goes_into_the_log() -> None:
    actor = SignedInPayer(company_id=1, payer_id=7, payer_key="K7").actor
    assert (actor.kind, actor.name, actor.office_user_id) == (ActorKind.PAYER, "K7", None)


def test_a_link_lives_for_minutes_and_its_error_tells_nothing_of_a_payer() -> None:
    assert LINK_LIFE.total_seconds() == 1_800
    assert (link_used().code, not_yours().code) == ("payer_link_over", "not_yours")
