"""Closed days of each place, and whole tables of rolled dates."""

from datetime import date, timedelta

import polars as pl
import pytest

from billing_assets.domain.business_days import Roll
from billing_assets.domain.errors import BillingError
from billing_assets.domain.places import PLACES
from billing_assets.frames.calendars import is_closed, roll, roll_table
from billing_assets.frames.columns import ROLL_SCHEMA
from billing_assets.frames.due_charges import _ROLL_REACH_DAYS


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
    with pytest.raises(BillingError, match="place 'XX' has no calendar"):
        is_closed("XX", date(2024, 1, 1))


@pytest.mark.parametrize("place", sorted(PLACES))
def test_no_place_is_closed_for_longer_than_one_roll_reaches(place: str) -> None:
    """The horizon of a run and its roll tables stand on this bound, from 1949 to 2202."""
    day, closed, longest = date(1949, 1, 1), 0, 0
    while day < date(2202, 1, 1):
        closed = closed + 1 if is_closed(place, day) else 0
        longest = max(longest, closed)
        day += timedelta(days=1)
    assert 2 <= longest <= _ROLL_REACH_DAYS


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
