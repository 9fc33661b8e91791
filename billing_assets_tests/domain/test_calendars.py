"""The shipped calendars: each row has its source, and codes are told apart."""

from datetime import date, timedelta
from typing import Any

import pytest

from billing_assets.domain.calendar_rule import AddedDays, Calendar, LeftOut, Weekend
from billing_assets.domain.calendars import bank_calendar_code, shipped_calendars

ROWS = list(shipped_calendars().values())


@pytest.mark.parametrize("calendar", ROWS, ids=lambda row: row.calendar_code)
def test_every_row_has_its_source(calendar: Calendar) -> None:
    parts: tuple[Any, ...] = (
        calendar,
        *calendar.left_out,
        *calendar.added,
        *calendar.overrides,
        *calendar.weekends,
    )
    assert all(part.source.strip() for part in parts)
    assert calendar.name


@pytest.mark.parametrize("calendar", ROWS, ids=lambda row: row.calendar_code)
def test_every_day_has_its_weekend(calendar: Calendar) -> None:
    starts = [weekend.from_date for weekend in calendar.weekends]
    assert starts[0] == date.min
    assert starts == sorted(set(starts))


@pytest.mark.parametrize("calendar", ROWS, ids=lambda row: row.calendar_code)
def test_years_and_single_days_do_not_contradict_each_other(calendar: Calendar) -> None:
    rows: tuple[LeftOut | AddedDays, ...] = (*calendar.left_out, *calendar.added)
    for row in rows:
        assert row.from_year is None or row.to_year is None or row.from_year <= row.to_year
    days = [override.day for override in calendar.overrides]
    assert len(days) == len(set(days))


def test_codes_differ_also_where_case_does_not_count() -> None:
    lowered = [row.calendar_code.lower() for row in ROWS]
    assert len(lowered) == len(set(lowered)) >= 15
    assert not any("+" in code for code in lowered)


def test_the_banks_of_a_country_follow_one_calendar() -> None:
    countries = [code for row in ROWS for code in row.bank_countries]
    assert len(countries) == len(set(countries))
    assert [bank_calendar_code(code) for code in ("DE", "GB", "US", "JP", "XX")] == [
        "target",
        "uk_settlement",
        "us_federal_reserve",
        "japan",
        "",
    ]


def test_a_weekend_changes_on_its_day() -> None:
    last = date(2007, 8, 30)  # a Thursday
    kuwait = shipped_calendars()["KW"]
    assert [kuwait.is_weekend(last + timedelta(days=number)) for number in (0, 1, 2, 7, 8, 9)] == [
        True,
        True,
        True,
        False,
        True,
        True,
    ]


def test_before_its_first_weekend_a_calendar_rests_on_no_day() -> None:
    late = Weekend(from_date=date(2024, 1, 1), weekdays=(6, 7), source="a test")
    calendar = Calendar(calendar_code="x", name="X", weekends=(late,), source="a test")
    assert not calendar.is_weekend(date(2023, 12, 31))
