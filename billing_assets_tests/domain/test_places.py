"""Each place names its calendar and where that comes from."""

from typing import Any

import pytest

from billing_assets.domain import places
from billing_assets.domain.calendar_rule import Purpose
from billing_assets.domain.calendars import shipped_calendars
from billing_assets.domain.places import PLACES, Place, calendar_code_of, find_calendar, find_place


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


def test_a_place_follows_its_public_calendar_and_its_banks_for_debits() -> None:
    codes = {purpose: calendar_code_of("DE", purpose) for purpose in Purpose}
    assert codes.pop(Purpose.DEBIT) == "target"
    assert set(codes.values()) == {"DE"}


def test_a_place_may_name_its_own_calendar_for_each_purpose(monkeypatch: pytest.MonkeyPatch) -> None:
    named: dict[str, Any] = {f"{purpose}_calendar": f"target+{purpose}" for purpose in Purpose}
    own = Place(place_code="XX", name="X", country_code="XX", source="a test", **named)
    monkeypatch.setattr(places, "PLACES", {"XX": own})
    assert [calendar_code_of("XX", purpose) for purpose in Purpose] == list(named.values())


def test_a_calendar_is_found_by_its_code_in_any_case_and_before_a_place() -> None:
    found = [find_calendar(code) for code in ("Germany_Frankfurt", "ES", "KW", "none such")]
    assert [calendar.name if calendar else None for calendar in found] == [
        "Frankfurt Stock Exchange",
        "Spain",
        "Kuwait",
        None,
    ]
    assert len(shipped_calendars()["KW"].weekends) == 2
