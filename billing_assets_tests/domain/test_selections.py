"""A selection is read from texts, says itself always alike, and names what is wrong."""

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.selections import (
    EVERYTHING,
    MAX_CODES,
    Selection,
    codes,
    place_codes,
    selection_from,
    selection_of,
)
from billing_assets.domain.text_fields import BadTextError

MIXED = Selection(product_codes=("home", "motor"), place_codes=("ES",), payer_groups=("north team",))


def test_codes_are_sorted_each_once_and_what_is_empty_is_none() -> None:
    assert codes(" motor,home ,motor,, ") == ("home", "motor")
    assert codes("") == codes(" , ") == ()
    assert place_codes("GB, ES") == ("ES", "GB")


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("product_codes", ",".join(map(str, range(MAX_CODES + 1))), "at most 100 codes"),
        ("product_codes", "x" * 101, "at most 100 letters"),
        ("plan_codes", "mon\tthly", "divided by commas"),
        ("place_codes", "ES, Atlantis", "there is no place Atlantis"),
        ("colour", "red", "there is no list 'colour'"),
    ],
)
def test_what_is_wrong_is_named(field: str, text: str, words: str) -> None:
    with pytest.raises(BillingError, match="selection_invalid") as caught:
        selection_from({field: text})
    assert words in caught.value.found


def test_a_text_that_is_no_list_says_what_to_write() -> None:
    with pytest.raises(BadTextError, match="there is no place"):
        place_codes("Mars")


def test_it_says_itself_and_is_read_back() -> None:
    assert MIXED.words() == "product home, motor; place ES; payer group north team"
    assert MIXED.options() == " --product home,motor --place ES --payer-group 'north team'"
    assert selection_of(MIXED.record()) == MIXED
    assert selection_from({name: ", ".join(listed) for name, listed in MIXED.lists().items()}) == MIXED
    assert selection_from(MIXED.lists()) == MIXED


def test_without_a_code_it_is_everything() -> None:
    assert selection_from({}) == selection_of({}) == selection_of(None) == EVERYTHING
    assert EVERYTHING.is_everything
    assert not MIXED.is_everything
    assert (EVERYTHING.record(), EVERYTHING.options(), EVERYTHING.words()) == ({}, "", "every policy")
