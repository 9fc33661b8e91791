"""Day counts agree with the published cases, exactly where a day is counted."""

from datetime import date
from fractions import Fraction

import pytest

from billing_assets.domain.day_counts import THIRTY_DAY_COUNTS, DayCount, days_30_360, year_fraction
from billing_assets_tests.oracle import oracle_cases

PUBLISHED = {
    "30/360 bond basis": DayCount.THIRTY_360,
    "30/360 US": DayCount.THIRTY_360_US,
    "30E/360": DayCount.THIRTY_E_360,
    "ACT/ACT ISDA": DayCount.ACTUAL_ACTUAL_ISDA,
    "ACT/ACT ISMA": DayCount.ACTUAL_ACTUAL_ISMA,
    "ACT/ACT AFB": DayCount.ACTUAL_ACTUAL_AFB,
}


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def test_day_counts_agree_with_the_published_cases() -> None:
    for case in oracle_cases("day_count"):
        convention = PUBLISHED[case["convention"]]
        start, end = date.fromisoformat(case["start"]), date.fromisoformat(case["end"])
        if "expected_days" in case:
            assert days_30_360(start, end, convention) == case["expected_days"], case["id"]
            continue
        found = year_fraction(
            start,
            end,
            convention,
            reference_start=day(case["ref_start"]),
            reference_end=day(case["ref_end"]),
        )
        assert abs(found - Fraction(case["expected_year_fraction"])) < Fraction(1, 10**10), case["id"]


@pytest.mark.parametrize(
    ("convention", "start", "end", "expected"),
    [
        (DayCount.ACTUAL_365_FIXED, "2024-01-01", "2025-01-01", Fraction(366, 365)),
        (DayCount.ACTUAL_ACTUAL_ISDA, "2023-12-31", "2024-01-02", Fraction(1, 365) + Fraction(1, 366)),
        (DayCount.ACTUAL_ACTUAL_AFB, "2020-02-29", "2024-02-29", Fraction(4)),
        (DayCount.ACTUAL_ACTUAL_AFB, "2004-02-29", "2009-02-28", Fraction(5)),
        (DayCount.ACTUAL_ACTUAL_ISMA, "2024-01-01", "2024-01-01", Fraction(0)),
        (DayCount.ACTUAL_ACTUAL_ISMA, "2024-01-10", "2024-01-20", Fraction(10, 366)),
        (DayCount.THIRTY_360_US, "2024-02-29", "2025-02-28", Fraction(1)),
    ],
)
def test_a_year_fraction_by_hand(convention: DayCount, start: str, end: str, expected: Fraction) -> None:
    assert year_fraction(date.fromisoformat(start), date.fromisoformat(end), convention) == expected


def test_regular_periods_after_the_reference_period_count_whole() -> None:
    found = year_fraction(
        date(2003, 1, 15),
        date(2004, 4, 15),
        DayCount.ACTUAL_ACTUAL_ISMA,
        reference_start=date(2003, 1, 15),
        reference_end=date(2003, 7, 15),
    )
    assert found == Fraction(1) + Fraction(91, 182) / 2


@pytest.mark.parametrize("convention", list(DayCount))
def test_dates_the_other_way_round_count_negative(convention: DayCount) -> None:
    start, end = date(2023, 5, 31), date(2024, 2, 29)
    if convention in THIRTY_DAY_COUNTS:
        assert days_30_360(start, end, convention) > 0
    assert year_fraction(end, start, convention) == -year_fraction(start, end, convention)


def test_what_cannot_be_counted_is_refused() -> None:
    with pytest.raises(ValueError, match="months of 30 days"):
        days_30_360(date(2024, 1, 1), date(2024, 2, 1), DayCount.ACTUAL_365_FIXED)
    with pytest.raises(ValueError, match="must end after it begins"):
        year_fraction(
            date(2024, 1, 1),
            date(2024, 2, 1),
            DayCount.ACTUAL_ACTUAL_ISMA,
            reference_start=date(2023, 1, 1),
            reference_end=date(2023, 2, 1),
        )
