"""Closed days of each place, and whole tables of rolled dates."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from billing_assets.domain.business_days import Roll
from billing_assets.domain.calendar_rule import (
    AddedDays,
    Base,
    Calendar,
    ClosedDays,
    LeftOut,
    Observed,
    OverrideDay,
    Purpose,
)
from billing_assets.domain.errors import BillingError
from billing_assets.domain.places import PLACES
from billing_assets.frames import calendars
from billing_assets.frames.calendars import (
    ROLL_REACH_DAYS,
    CompanyCalendar,
    closed_days,
    is_closed,
    open_day_table,
    roll,
    roll_table,
)
from billing_assets.frames.columns import OPEN_DAY_SCHEMA, ROLL_SCHEMA


@pytest.mark.parametrize(
    ("place", "day", "expected"),
    [
        ("ES", date(2024, 1, 1), True),
        ("ES", date(2024, 10, 12), True),
        ("ES", date(2024, 6, 7), False),
        ("KW", date(2024, 6, 7), True),  # a Friday
        ("KW", date(2024, 6, 9), False),  # a Sunday
        ("GB", date(2021, 12, 28), True),  # substitute for Boxing Day
        ("GB", date(2022, 1, 3), True),  # substitute for New Year's Day
        ("US", date(2021, 12, 31), True),  # New Year's Day 2022, observed a year earlier
        ("JP", date(2019, 5, 1), True),  # accession of the emperor
        ("DE", date(2023, 10, 3), True),
    ],
)
def test_a_day_is_closed_or_open_by_the_calendar_of_its_place(
    place: str, day: date, *, expected: bool
) -> None:
    assert is_closed(place, day) is expected


def test_a_place_without_a_calendar_is_refused_by_name() -> None:
    with pytest.raises(BillingError, match="there is no calendar 'XX'"):
        is_closed("XX", date(2024, 1, 1))


@pytest.mark.long
@pytest.mark.parametrize("place", sorted(PLACES))
def test_no_place_is_closed_for_longer_than_one_roll_reaches(place: str) -> None:
    """The horizon of a run and its roll tables stand on this bound, from 1949 to 2202."""
    day, closed, longest = date(1949, 1, 1), 0, 0
    while day < date(2202, 1, 1):
        closed = closed + 1 if is_closed(place, day) else 0
        longest = max(longest, closed)
        day += timedelta(days=1)
    assert 2 <= longest <= ROLL_REACH_DAYS


def test_a_table_has_each_day_of_its_years_once_and_agrees_with_single_rolls() -> None:
    table = roll_table(["ES", "KW", "ES"], ["following", "none"], date(2023, 12, 31), date(2024, 1, 1))
    assert table.schema == ROLL_SCHEMA
    assert table.height == 2 * 2 * (365 + 366)
    assert not table.select("place_code", "roll", "day").is_duplicated().any()
    for place, rule, day, rolled in table.filter(pl.col("day").dt.month() == 1).iter_rows():
        assert rolled == roll(place, day, Roll(rule))


def test_a_table_of_nothing_has_its_columns() -> None:
    assert roll_table([], [], date(2024, 1, 1), date(2024, 1, 1)).schema == ROLL_SCHEMA


def test_an_unknown_roll_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="sideways"):
        roll_table(["ES"], ["sideways"], date(2024, 1, 1), date(2024, 1, 1))


@pytest.mark.parametrize(
    ("calendar", "day", "expected"),
    [
        ("germany_xetra", date(2003, 12, 24), True),
        ("germany_xetra", date(2003, 12, 31), False),
        ("germany_eurex", date(2003, 12, 31), True),
        ("denmark", date(2008, 5, 2), False),  # the Friday after Ascension Day
        ("denmark", date(2009, 5, 22), True),
        ("denmark", date(2024, 4, 26), False),  # Great Prayer Day was given up
        ("denmark", date(2020, 5, 1), False),
        ("brazil_settlement", date(2024, 2, 13), True),  # Carnival
        ("brazil_settlement", date(2024, 2, 14), False),  # Ash Wednesday
        ("us_settlement", date(1965, 12, 24), True),  # Christmas on a Saturday
        ("us_settlement", date(1965, 12, 31), True),  # New Year's Day 1966 on a Saturday
        ("us_settlement", date(2021, 6, 18), False),
        ("us_settlement", date(2022, 6, 20), True),
        ("us_federal_reserve", date(1987, 7, 3), False),  # Independence Day on a Saturday
        ("us_nyse", date(2012, 10, 30), True),  # hurricane Sandy
        ("target", date(1998, 4, 10), False),
        ("uk_settlement", date(2022, 9, 19), True),  # the funeral of the queen
        ("japan", date(2024, 12, 31), True),
        ("south_africa", date(2016, 8, 3), True),  # an election
        ("KW", date(2006, 6, 8), True),  # a Thursday, when it was of the weekend
        ("AE", date(2022, 1, 7), False),  # a Friday since the change
    ],
)
def test_a_day_of_a_shipped_calendar_by_hand(calendar: str, day: date, *, expected: bool) -> None:
    assert is_closed(calendar, day) is expected


def test_a_joined_calendar_is_closed_where_one_of_them_is() -> None:
    days = [date(2024, 8, 15), date(2024, 3, 29), date(2024, 4, 1), date(2024, 4, 2)]
    assert [is_closed("ES", day) for day in days] == [True, True, False, False]
    assert [is_closed("target+ES", day) for day in days] == [True, True, True, False]
    assert set(closed_days("target+ES", 2024)) == {*closed_days("target", 2024), *closed_days("ES", 2024)}


def with_row(monkeypatch: pytest.MonkeyPatch, **values: Any) -> None:
    row = Calendar(calendar_code="test", name="T", source="a test", **values)
    monkeypatch.setattr(calendars, "find_calendar", lambda _code: row)
    forget_days()


def forget_days() -> None:
    for kept in (calendars.calendars_named, calendars.closed_days, calendars._shut_days):
        kept.cache_clear()


@pytest.fixture(autouse=True)
def _fresh_days() -> Iterator[None]:
    yield
    forget_days()


def test_a_single_day_is_closed_or_open_whatever_the_rules_say(monkeypatch: pytest.MonkeyPatch) -> None:
    christmas = AddedDays(name="Christmas", pattern="FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25", source="a test")
    overrides = (
        OverrideDay(day=date(2024, 12, 25), name="open", is_closed=False, source="a test"),
        OverrideDay(day=date(2024, 12, 27), name="stocktaking", source="a test"),
    )
    with_row(monkeypatch, added=(christmas,), overrides=overrides)
    assert closed_days("test", 2023) == {date(2023, 12, 25): "Christmas"}
    assert closed_days("test", 2024) == {date(2024, 12, 27): "stocktaking"}


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        (Observed.AS_IT_FALLS, ["2021-01-01"]),
        (Observed.SUNDAY_TO_MONDAY, ["2021-01-01"]),
        (Observed.NEAREST_WEEKDAY, ["2021-01-01", "2021-12-31"]),
    ],
)
def test_an_observed_day_may_fall_into_the_year_before(
    monkeypatch: pytest.MonkeyPatch, observed: Observed, expected: list[str]
) -> None:
    new_year = "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1"
    row = AddedDays(name="New Year", pattern=new_year, observed=observed, source="a test")
    with_row(monkeypatch, added=(row,))
    assert [str(day) for day in closed_days("test", 2021)] == expected


def test_days_are_left_out_in_their_years_only(monkeypatch: pytest.MonkeyPatch) -> None:
    left_out = (LeftOut(name="Columbus Day", to_year=2023, source="a test"),)
    with_row(monkeypatch, base=Base(country_code="US"), left_out=left_out)
    names = [set(closed_days("test", year).values()) for year in (2023, 2024)]
    assert ["Columbus Day" in found for found in names] == [False, True]


def test_a_list_counts_in_the_years_in_which_it_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    with_row(monkeypatch, base=Base(country_code="US", from_year=2024, to_year=2024))
    assert [bool(closed_days("test", year)) for year in (2023, 2024, 2025)] == [False, True, False]


OWN = frozenset({date(2024, 8, 14), date(2024, 12, 31)})


def test_own_days_are_closed_beside_those_of_the_calendar() -> None:
    """15 August is a holiday in Spain, and the two days after the 16th are a weekend."""
    assert roll("ES", date(2024, 8, 14), Roll.FOLLOWING, OWN) == date(2024, 8, 16)
    table = roll_table(["ES"], ["following"], date(2024, 1, 1), date(2024, 12, 31), own=OWN)
    moved = dict(table.select("day", "rolled_date").iter_rows())
    assert moved[date(2024, 8, 14)] == date(2024, 8, 16)
    assert moved[date(2024, 12, 31)] == date(2025, 1, 2)
    assert roll_table(["ES"], ["following"], date(2024, 1, 1), date(2024, 1, 1)).height == table.height


def test_own_days_of_the_next_year_move_the_last_days_of_this_one() -> None:
    own = frozenset({date(2025, 1, 2), date(2025, 1, 3)})
    table = roll_table(["ES"], ["following"], date(2024, 12, 1), date(2024, 12, 31), own=own)
    assert table.filter(pl.col("day") == date(2024, 12, 29))["rolled_date"].item() == date(2024, 12, 30)
    table = roll_table(["ES"], ["following"], date(2025, 1, 1), date(2025, 1, 1), own=own)
    assert table.filter(pl.col("day") == date(2025, 1, 1))["rolled_date"].item() == date(2025, 1, 7)


def test_a_roll_table_follows_the_calendar_of_its_purpose() -> None:
    """The Assumption is a holiday in Spain, on which banks collect."""
    day = date(2024, 8, 15)
    for purpose, expected in ((Purpose.DUE, date(2024, 8, 16)), (Purpose.DEBIT, day)):
        table = roll_table(["ES"], ["following"], day, day, purpose=purpose)
        assert table.filter(pl.col("day") == day)["rolled_date"].item() == expected


def test_open_days_are_counted_without_a_gap() -> None:
    table = open_day_table("ES", date(2024, 8, 1), date(2024, 8, 31), OWN)
    assert table.schema == OPEN_DAY_SCHEMA
    counts = table.filter("is_open")["open_count"].to_list()
    assert counts == list(range(20))  # of 22 weekdays, without the 14th and the 15th


def test_a_company_is_closed_by_purpose() -> None:
    closed = ClosedDays(by_purpose={Purpose.SEND: OWN})
    company = CompanyCalendar(place_code="ES", closed=closed)
    day = date(2024, 8, 14)
    assert [company.is_closed(day, purpose) for purpose in (Purpose.GENERATE, Purpose.SEND)] == [False, True]
    assert company.roll(day, Roll.FOLLOWING, Purpose.SEND) == date(2024, 8, 16)
    assert (company.ahead(day, 2), company.ahead(day, -1), company.ahead(day, 0)) == (
        date(2024, 8, 19),
        date(2024, 8, 13),
        day,
    )
