"""Places in lists: they come back as they were given, and a page ends with whole rows."""

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.portal.places import PAGE_ROWS, address, page_of, place_of, place_text


def test_a_place_comes_back_as_it_was_given() -> None:
    assert place_of(place_text(("failed", "no_tax_rule", 4, 7, 1)), 2, 3) == (
        ["failed", "no_tax_rule"],
        [4, 7, 1],
    )
    with pytest.raises(BillingError, match="place_unclear"):
        place_of("failed~x", 1, 1)


def test_rows_at_the_place_of_the_last_one_are_on_its_page() -> None:
    rows = [*range(PAGE_ROWS), PAGE_ROWS - 1]
    assert page_of(rows) == (rows[:-1], True)
    assert page_of(rows, lambda row: row) == (rows, False)


def test_an_address_says_only_what_is_asked_for() -> None:
    assert address("/problems", {"code": "a b", "age": 7, "owner": ""}) == "/problems?code=a+b&age=7"
