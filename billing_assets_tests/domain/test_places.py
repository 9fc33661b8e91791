"""Each place names its calendar and where that comes from."""

import pytest

from billing_assets.domain.places import PLACES, find_place


def test_each_place_stands_under_its_own_code_with_a_source() -> None:
    for code, place in PLACES.items():
        assert code == place.place_code
        assert code[:2] == place.country_code
        assert place.name
        assert place.source


def test_weekends_are_iso_weekdays() -> None:
    assert {code: place.weekend for code, place in PLACES.items() if place.weekend != (6, 7)} == {
        "KW": (5, 6)
    }


def test_a_place_is_found_by_its_exact_code() -> None:
    found = find_place("GB")
    assert found is not None
    assert found.subdivision_code == "ENG"


@pytest.mark.parametrize("code", ["gb", "", "XX", "GB "])
def test_what_is_no_place_is_not_found(code: str) -> None:
    assert find_place(code) is None
