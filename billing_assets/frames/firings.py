"""When a schedule fires: the instants of its nominal dates.

Belongs here: from what a schedule says to instants, the one way for what is shown and for what happens.
Does not belong here: what a schedule may say (``domain.activity_schedules``), pauses.

Times of day are those of a clock on the wall (``domain.time_zones.instant_of``), so that each nominal date
has each of its times once, whatever the clock does.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from billing_assets.domain.activity_schedules import ActivitySchedule
from billing_assets.domain.business_days import LeadUnit, StepUnit, add_months, advance, roll_date
from billing_assets.domain.frequencies import Frequency, PeriodUnit, frequency_of
from billing_assets.domain.time_zones import instant_of
from billing_assets.frames.calendars import ROLL_REACH_DAYS, closed_by
from billing_assets.frames.recurrence import listed_dates, occurrences

_NO_DAYS: frozenset[date] = frozenset()
_BUSINESS_REACH = 3
"""A business day is at most so many calendar days, in the long run."""


@dataclass(frozen=True, slots=True, order=True)
class Firing:
    """One firing: at ``due_at`` (UTC), for ``nominal_date``, by ``at_time`` of the schedule's clock.

    The nominal date is the billing date of an activity that is of one.
    """

    due_at: datetime
    nominal_date: date
    at_time: time


def firings(
    schedule: ActivitySchedule,
    after: datetime,
    until: datetime,
    own: frozenset[date] = _NO_DAYS,
) -> list[Firing]:
    """Return what fires in ``(after, until]``, in order; ``own`` are days that the company has closed.

    >>> from datetime import UTC
    >>> from billing_assets.domain.activities import Activity
    >>> from billing_assets.domain.business_days import Roll
    >>> nightly = ActivitySchedule(
    ...     name="Nightly",
    ...     activity=Activity.INVOICE_RUN,
    ...     frequency_code="daily",
    ...     anchor_date=date(2025, 1, 1),
    ...     at_times=(time(6),),
    ...     time_zone="Europe/Madrid",
    ...     calendar_code="ES",
    ...     roll=Roll.FOLLOWING,
    ...     owner="ana",
    ... )
    >>> friday = datetime(2025, 1, 10, 12, tzinfo=UTC)
    >>> for each in firings(nightly, friday, friday + timedelta(days=4))[:3]:
    ...     print(each.nominal_date, each.due_at)
    2025-01-11 2025-01-13 05:00:00+00:00
    2025-01-12 2025-01-13 05:00:00+00:00
    2025-01-13 2025-01-13 05:00:00+00:00
    """
    reach = timedelta(days=_reach_days(schedule))
    day = timedelta(days=1)
    from_date = max(after.date() - day - reach, schedule.anchor_date)
    to_date = until.date() + 2 * day + reach
    found = []
    for nominal in nominal_dates(schedule, from_date, to_date):
        done_on = fire_date(schedule, nominal, own)
        for at_time in schedule.at_times:
            due_at = instant_of(done_on, at_time, schedule.time_zone)
            if after < due_at <= until:
                found.append(Firing(due_at, nominal, at_time))
    return sorted(found)


def next_firings(
    schedule: ActivitySchedule, after: datetime, count: int, own: frozenset[date] = _NO_DAYS
) -> list[Firing]:
    """Return the next ``count`` firings after an instant; fewer where the schedule ends.

    >>> from datetime import UTC
    >>> from billing_assets.domain.activities import Activity
    >>> once = ActivitySchedule(
    ...     name="Once",
    ...     activity=Activity.INVARIANT_CHECK,
    ...     frequency_code="one_off",
    ...     anchor_date=date(2025, 5, 5),
    ...     at_times=(time(6),),
    ...     time_zone="UTC",
    ...     owner="ana",
    ... )
    >>> [str(each.due_at) for each in next_firings(once, datetime(2025, 1, 1, tzinfo=UTC), 2)]
    ['2025-05-05 06:00:00+00:00']
    """
    span, found = timedelta(days=32), list[Firing]()
    horizon = after + timedelta(days=366 * 12)
    begin = after
    while len(found) < count and begin < horizon:
        found += firings(schedule, begin, begin + span, own)
        begin, span = begin + span, min(2 * span, timedelta(days=400))
    return found[:count]


def nominal_dates(schedule: ActivitySchedule, from_date: date, to_date: date) -> list[date]:
    """Return the dates in ``[from_date, to_date)`` that the frequency names, before any roll.

    Raises:
        BillingError: ``pattern_invalid``.

    >>> from billing_assets.domain.activities import Activity
    >>> monthly = ActivitySchedule(
    ...     name="Monthly",
    ...     activity=Activity.INVARIANT_CHECK,
    ...     frequency_code="monthly",
    ...     anchor_date=date(2025, 1, 31),
    ...     at_times=(time(6),),
    ...     time_zone="UTC",
    ...     owner="ana",
    ... )
    >>> [str(day) for day in nominal_dates(monthly, date(2025, 2, 1), date(2025, 4, 1))]
    ['2025-02-28', '2025-03-31']
    """
    frequency = frequency_of(schedule.frequency_code, schedule.pattern)
    end = min(to_date, schedule.until_date + timedelta(days=1)) if schedule.until_date else to_date
    begin = max(from_date, schedule.anchor_date)
    return [
        day
        for day in _DATES[frequency.unit](frequency, schedule.anchor_date, begin, end)
        if begin <= day < end
    ]


def fire_date(schedule: ActivitySchedule, nominal: date, own: frozenset[date] = _NO_DAYS) -> date:
    """Return the day on which what is of a nominal date is done: rolled, and the lead before that.

    >>> from billing_assets.domain.activities import Activity
    >>> ahead = ActivitySchedule(
    ...     name="Ahead",
    ...     activity=Activity.INVOICE_RUN,
    ...     frequency_code="daily",
    ...     anchor_date=date(2025, 1, 1),
    ...     at_times=(time(6),),
    ...     time_zone="UTC",
    ...     lead_days=2,
    ...     owner="ana",
    ... )
    >>> fire_date(ahead, date(2025, 1, 10))
    datetime.date(2025, 1, 8)
    """
    if not schedule.calendar_code:
        return nominal - timedelta(days=schedule.lead_days)
    is_closed = closed_by(schedule.calendar_code, own)
    if not schedule.lead_days:
        return roll_date(nominal, schedule.roll, is_closed)
    if schedule.lead_unit is LeadUnit.BUSINESS:
        rolled = roll_date(nominal, schedule.roll, is_closed)
        return advance(rolled, -schedule.lead_days, StepUnit.DAYS, is_closed)
    return roll_date(nominal - timedelta(days=schedule.lead_days), schedule.roll, is_closed)


def _reach_days(schedule: ActivitySchedule) -> int:
    lead = schedule.lead_days * (_BUSINESS_REACH if schedule.lead_unit is LeadUnit.BUSINESS else 1)
    return ROLL_REACH_DAYS + lead + (ROLL_REACH_DAYS if lead else 0)


def _by_days(frequency: Frequency, anchor: date, begin: date, end: date) -> Iterable[date]:
    first = -(-(begin - anchor).days // frequency.step)
    last = (end - anchor).days // frequency.step
    return (anchor + timedelta(days=number * frequency.step) for number in range(max(first, 0), last + 1))


def _by_months(frequency: Frequency, anchor: date, begin: date, end: date) -> Iterable[date]:
    months = (begin.year - anchor.year) * 12 + begin.month - anchor.month
    last = (end.year - anchor.year) * 12 + end.month - anchor.month
    numbers = range(max(months // frequency.step - 1, 0), last // frequency.step + 1)
    return (add_months(anchor, number * frequency.step) for number in numbers)


def _once(_frequency: Frequency, anchor: date, _begin: date, _end: date) -> Iterable[date]:
    return [anchor]


def _by_rule(frequency: Frequency, anchor: date, begin: date, end: date) -> Iterable[date]:
    return occurrences(frequency.pattern, anchor, begin, end)


def _by_list(frequency: Frequency, _anchor: date, _begin: date, _end: date) -> Iterable[date]:
    return listed_dates(frequency.pattern)


_DATES: dict[PeriodUnit, Callable[[Frequency, date, date, date], Iterable[date]]] = {
    PeriodUnit.DAY: _by_days,
    PeriodUnit.MONTH: _by_months,
    PeriodUnit.ONCE: _once,
    PeriodUnit.RULE: _by_rule,
    PeriodUnit.DATES: _by_list,
}
