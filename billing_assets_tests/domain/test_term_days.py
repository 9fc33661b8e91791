"""A plan's count has all the days of a term, however it is cut, and none twice."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.day_counts import days_30_360
from billing_assets.domain.term_days import TermDayCount, TermDays, plain_days
from billing_assets_tests.properties.strategies import STEADY, effective_dates
from billing_assets_tests.reference.days import CountedTerm
from billing_assets_tests.reference.months import add_months

FIXED, BOND = TermDayCount.ACTUAL_365_FIXED, TermDayCount.THIRTY_360


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        ("2023-01-01", "2024-01-01", 365),
        ("2024-01-01", "2025-01-01", 365),
        ("2024-02-29", "2025-02-28", 365),
        ("2024-02-29", "2028-02-29", 4 * 365),
        ("2024-01-01", "2026-01-01", 2 * 365),
        ("2024-01-01", "2024-07-01", 182),
        ("2024-01-01", "2025-01-02", 367),
        ("2024-01-01", "2024-01-02", 1),
    ],
)
def test_a_term_of_whole_years_has_365_days_for_each_and_another_has_its_own(
    first: str, last: str, days: int
) -> None:
    term = TermDays(FIXED, date.fromisoformat(first), date.fromisoformat(last))
    assert term.whole == days


def test_the_day_beyond_365_is_the_last_of_the_term() -> None:
    term = TermDays(FIXED, date(2024, 1, 1), date(2025, 1, 1))
    assert [term.before(date(2024, 12, day)) for day in (29, 30, 31)] == [363, 364, 365]
    assert term.between(date(2024, 12, 31), date(2025, 1, 1)) == 0


@given(
    st.sampled_from(list(TermDayCount)),
    effective_dates(),
    st.integers(1, 1500) | st.sampled_from([365, 366, 730, 731, 1461]),
    st.lists(st.integers(0, 1500), max_size=6),
)
@STEADY
def test_parts_add_up_to_the_term_and_agree_with_the_reference(
    count: TermDayCount, first: date, length: int, cuts: list[int]
) -> None:
    last = first + timedelta(days=length)
    term = TermDays(count, first, last)
    slow = CountedTerm(count=count.value, effective_date=first, expiration_date=last)
    days = sorted({first, last, *(first + timedelta(days=cut % length) for cut in cuts)})
    parts = [term.between(*pair) for pair in pairwise(days)]
    assert parts == [slow.days(*pair) for pair in pairwise(days)]
    assert min(parts) >= 0
    assert sum(parts) == term.whole >= 1


@given(effective_dates())
@STEADY
def test_a_year_by_months_of_30_days_has_360(first: date) -> None:
    # From the end of February, a year later is the end of February: by the bond basis a day more or less.
    if first.month == 2 and first.day > 27:
        return
    last = add_months(first, 12)
    assert {TermDays(count, first, last).whole for count in (BOND, TermDayCount.THIRTY_E_360)} == {360}


def test_months_of_30_days_are_those_of_the_published_conventions() -> None:
    first, last = date(2024, 1, 30), date(2024, 3, 31)
    assert plain_days(BOND, first, last) == days_30_360(first, last) == 60
    assert plain_days(TermDayCount.ACTUAL_TERM, first, last) == 61
