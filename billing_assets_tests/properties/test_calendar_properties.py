"""A rolled date is open, near, and stays where it is when it is rolled again."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.business_days import Roll
from billing_assets.domain.calendar_rule import PURPOSES, ClosedDays, Purpose
from billing_assets.domain.places import PLACES
from billing_assets.frames.calendars import CompanyCalendar, is_closed, open_day_table, roll
from billing_assets_tests.properties.strategies import STEADY

DAYS = st.dates(date(1950, 1, 1), date(2199, 12, 31))
PLACE_CODES = st.sampled_from(sorted(PLACES))


@pytest.mark.parametrize("rule", [rule for rule in Roll if rule is not Roll.NONE])
@STEADY
@given(place=PLACE_CODES, day=DAYS)
def test_a_rolled_date_is_open_and_stays_when_rolled_again(rule: Roll, place: str, day: date) -> None:
    rolled = roll(place, day, rule)
    assert not is_closed(place, rolled)
    assert roll(place, rolled, rule) == rolled
    assert is_closed(place, day) or rolled == day


@STEADY
@given(place=PLACE_CODES, day=DAYS)
def test_each_rule_keeps_its_direction_and_modified_following_its_month(place: str, day: date) -> None:
    assert roll(place, day, Roll.NONE) == day
    assert roll(place, day, Roll.PRECEDING) <= day <= roll(place, day, Roll.FOLLOWING)
    modified = roll(place, day, Roll.MODIFIED_FOLLOWING)
    assert (modified.year, modified.month) == (day.year, day.month)


@STEADY
@given(place=PLACE_CODES, day=DAYS, numbers=st.frozensets(st.integers(0, 20), max_size=8))
def test_what_is_held_leaves_on_the_first_open_day_for_sending(
    place: str, day: date, numbers: frozenset[int]
) -> None:
    own = frozenset(day + timedelta(days=number) for number in numbers)
    company = CompanyCalendar(place_code=place, closed=ClosedDays(by_purpose={Purpose.SEND: own}))
    send_date = company.roll(day, PURPOSES[Purpose.SEND].roll, Purpose.SEND)
    assert not company.is_closed(send_date, Purpose.SEND)
    between = [day + timedelta(days=number) for number in range((send_date - day).days)]
    assert all(company.is_closed(each, Purpose.SEND) for each in between)


@STEADY
@given(place=PLACE_CODES, day=DAYS, count=st.integers(1, 60), numbers=st.frozensets(st.integers(-60, 0)))
def test_a_lead_in_open_days_leaves_just_so_many_open_days_before_the_due_date(
    place: str, day: date, count: int, numbers: frozenset[int]
) -> None:
    own = frozenset(day + timedelta(days=number) for number in list(numbers)[:10])
    company = CompanyCalendar(place_code=place, closed=ClosedDays(by_purpose={Purpose.GENERATE: own}))
    lead_day = company.ahead(day, -count)
    assert not company.is_closed(lead_day)
    before = [lead_day + timedelta(days=number) for number in range((day - lead_day).days)]
    assert sum(not company.is_closed(each) for each in before) == count
    table = open_day_table(place, lead_day, day, own)
    assert table["open_count"][-1] - table["open_count"][0] == count
