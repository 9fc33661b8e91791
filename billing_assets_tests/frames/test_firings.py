"""What is shown is what happens: a schedule fires at the same instants however one looks at it.

The slow reference asks of every day by itself whether it is one of the schedule's.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.activities import Activity
from billing_assets.domain.activity_schedules import ActivitySchedule
from billing_assets.domain.business_days import LeadUnit, Roll
from billing_assets.frames.calendars import is_closed
from billing_assets.frames.firings import fire_date, firings, next_firings, nominal_dates

DAY = timedelta(days=1)
BEGIN, END = datetime(2024, 1, 1, tzinfo=UTC), datetime(2034, 1, 1, tzinfo=UTC)


def schedule(**values: object) -> ActivitySchedule:
    """A nightly run in Madrid, but for what is said."""
    given_values: dict[str, object] = {
        "name": "n",
        "activity": Activity.INVOICE_RUN,
        "frequency_code": "daily",
        "anchor_date": date(2024, 1, 1),
        "at_times": (time(6),),
        "time_zone": "Europe/Madrid",
        "owner": "ana",
        **values,
    }
    return ActivitySchedule(**given_values)  # type: ignore[arg-type]


_FREQUENCIES = st.sampled_from(
    [
        "daily",
        "weekly",
        "two_weekly",
        "monthly",
        "quarterly",
        "yearly",
        "first_and_fifteenth",
        "second_tuesday",
    ]
)
_ZONES = st.sampled_from(["Europe/Madrid", "America/Santiago", "Asia/Tokyo", "Pacific/Apia", "UTC"])
_SCHEDULES = st.builds(
    schedule,
    frequency_code=_FREQUENCIES,
    anchor_date=st.dates(date(2023, 1, 1), date(2024, 12, 31)),
    at_times=st.sets(
        st.times().map(lambda at: at.replace(second=0, microsecond=0)), min_size=1, max_size=3
    ).map(lambda found: tuple(sorted(found))),
    time_zone=_ZONES,
    calendar_code=st.sampled_from(["ES", "GB", "target", "KW"]),
    roll=st.sampled_from(list(Roll)),
    lead_days=st.integers(0, 10),
    lead_unit=st.sampled_from(list(LeadUnit)),
)


def _slow_dates(of: ActivitySchedule, from_date: date, to_date: date) -> Iterator[date]:
    day = from_date
    while day < to_date:
        if day >= of.anchor_date and _is_nominal(of, day):
            yield day
        day += DAY


def _is_nominal(of: ActivitySchedule, day: date) -> bool:
    step = {"daily": 1, "weekly": 7, "two_weekly": 14}.get(of.frequency_code)
    if step:
        return (day - of.anchor_date).days % step == 0
    if of.frequency_code == "first_and_fifteenth":
        return day.day in {1, 15}
    if of.frequency_code == "second_tuesday":
        return day.weekday() == 1 and 8 <= day.day <= 14
    months = {"monthly": 1, "quarterly": 3, "yearly": 12}[of.frequency_code]
    passed = (day.year - of.anchor_date.year) * 12 + day.month - of.anchor_date.month
    last = (day.replace(day=28) + 4 * DAY).replace(day=1) - DAY
    return passed % months == 0 and day.day == min(of.anchor_date.day, last.day)


@given(_SCHEDULES)
def test_ten_years_of_dates_are_those_that_each_day_by_itself_is_asked_for(of: ActivitySchedule) -> None:
    span = date(2024, 1, 1), date(2034, 1, 1)
    assert nominal_dates(of, *span) == list(_slow_dates(of, *span))


@given(_SCHEDULES, st.lists(st.integers(1, 3_652), max_size=12))
def test_ten_years_fire_alike_however_often_one_looks(of: ActivitySchedule, looks: list[int]) -> None:
    whole = firings(of, BEGIN, END)
    borders = [BEGIN, *sorted({BEGIN + timedelta(days=n, hours=n % 24) for n in looks}), END]
    borders = [each for each in borders if each <= END]
    looked = [each for after, until in pairwise(borders) for each in firings(of, after, until)]
    assert looked == whole
    keys = [(each.nominal_date, each.at_time) for each in whole]
    assert len(keys) == len(set(keys))


@given(_SCHEDULES, st.integers(0, 3_000))
def test_what_is_shown_next_is_what_fires(of: ActivitySchedule, days: int) -> None:
    at = BEGIN + timedelta(days=days, hours=7)
    shown = next_firings(of, at, 12)
    assert len(shown) == 12
    assert shown == firings(of, at, shown[-1].due_at)[:12]


@given(_SCHEDULES)
def test_each_nominal_date_in_the_middle_fires_at_each_of_its_times(of: ActivitySchedule) -> None:
    found = {(each.nominal_date, each.at_time) for each in firings(of, BEGIN, END)}
    inside = nominal_dates(of, date(2025, 6, 1), date(2033, 6, 1))
    assert {(day, at) for day in inside for at in of.at_times} <= found


@given(_SCHEDULES)
def test_a_rolled_firing_lies_on_an_open_day(of: ActivitySchedule) -> None:
    if of.roll is Roll.NONE:
        return
    zone = ZoneInfo(of.time_zone)
    for each in firings(of, BEGIN, BEGIN + 200 * DAY):
        done_on = fire_date(of, each.nominal_date)
        assert not is_closed(of.calendar_code, done_on)
        assert each.due_at.astimezone(zone).date() - done_on in (timedelta(0), DAY)


def test_a_leap_day_is_the_last_of_february_in_other_years() -> None:
    of = schedule(frequency_code="yearly", anchor_date=date(2024, 2, 29))
    assert [str(day) for day in nominal_dates(of, date(2024, 1, 1), date(2029, 1, 1))] == [
        "2024-02-29",
        "2025-02-28",
        "2026-02-28",
        "2027-02-28",
        "2028-02-29",
    ]


def test_a_weekend_is_done_on_monday_each_date_by_itself() -> None:
    of = schedule(calendar_code="ES", roll=Roll.FOLLOWING)
    friday = datetime(2025, 1, 10, 12, tzinfo=UTC)
    found = firings(of, friday, friday + 3 * DAY)
    assert [str(each.nominal_date) for each in found] == ["2025-01-11", "2025-01-12", "2025-01-13"]
    assert {each.due_at for each in found} == {datetime(2025, 1, 13, 5, tzinfo=UTC)}


def test_a_day_that_the_company_closes_is_done_on_the_next_open_one() -> None:
    of = schedule(calendar_code="ES", roll=Roll.FOLLOWING)
    own = frozenset({date(2025, 1, 14)})
    assert fire_date(of, date(2025, 1, 14), own) == date(2025, 1, 15)
    assert fire_date(of, date(2025, 1, 14)) == date(2025, 1, 14)


@pytest.mark.parametrize(
    ("unit", "done_on"), [(LeadUnit.CALENDAR, date(2025, 1, 10)), (LeadUnit.BUSINESS, date(2025, 1, 9))]
)
def test_a_lead_counts_back_by_its_unit(unit: LeadUnit, done_on: date) -> None:
    of = schedule(calendar_code="ES", roll=Roll.PRECEDING, lead_days=2, lead_unit=unit)
    assert fire_date(of, date(2025, 1, 13)) == done_on


def test_one_off_and_listed_dates_fire_on_their_days_and_then_no_more() -> None:
    once = schedule(frequency_code="one_off", anchor_date=date(2025, 5, 5))
    listed = schedule(frequency_code="own_dates", pattern="2025-02-01 2026-02-01")
    assert [str(each.nominal_date) for each in next_firings(once, BEGIN, 5)] == ["2025-05-05"]
    assert [str(each.nominal_date) for each in next_firings(listed, BEGIN, 5)] == ["2025-02-01", "2026-02-01"]
    assert next_firings(once, END, 5) == []


def test_nothing_fires_after_the_last_date() -> None:
    of = schedule(until_date=date(2024, 1, 3))
    assert [str(each.nominal_date) for each in firings(of, BEGIN, END)] == [
        "2024-01-01",
        "2024-01-02",
        "2024-01-03",
    ]
