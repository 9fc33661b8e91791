"""Places in lists: they come back as they were given, and an address says what is asked for."""

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.portal.places import address, place_of, place_text


def test_a_place_comes_back_as_it_was_given() -> None:
    assert place_of(place_text(("failed", "no_tax_rule", 4, 7, 1)), 2, 3) == (
        ["failed", "no_tax_rule"],
        [4, 7, 1],
    )
    with pytest.raises(BillingError, match="place_unclear"):
        place_of("failed~x", 1, 1)


def test_an_address_says_only_what_is_asked_for() -> None:
    assert address("/problems", {"code": "a b", "age": 7, "owner": ""}) == "/problems?code=a+b&age=7"
