"""A rolled date is open, near, and stays where it is when it is rolled again."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.business_days import Roll
from billing_assets.domain.places import PLACES
from billing_assets.frames.calendars import is_closed, roll
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
