"""How a date that falls on a closed day is moved, and how business days are counted.

Belongs here: the roll rules and their meaning, steps of business days, weeks and months, one date at a time;
each takes a function that tells whether a day is closed.
Does not belong here: which days are closed (``frames.calendars``), rolling a whole book (there too).
"""

from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeAlias

IsClosed: TypeAlias = Callable[[date], bool]
"""Tells whether a day is closed."""

_ONE_DAY = timedelta(days=1)
_HALF_MONTH = 15


class Roll(StrEnum):
    """Roll rules: where a date on a closed day goes.

    ``following`` and ``preceding`` go one way. The modified ones turn round where that would leave the month;
    ``half_month_modified_following`` also where it would leave the first half, which ends with the 15th.
    ``nearest`` takes the closer open day, and the later one where both are as near.
    """

    NONE = "none"
    FOLLOWING = "following"
    PRECEDING = "preceding"
    MODIFIED_FOLLOWING = "modified_following"
    MODIFIED_PRECEDING = "modified_preceding"
    HALF_MONTH_MODIFIED_FOLLOWING = "half_month_modified_following"
    NEAREST = "nearest"


class LeadUnit(StrEnum):
    """What a lead counts: calendar days, or days on which the company is open."""

    CALENDAR = "calendar"
    BUSINESS = "business"


class HolidayBehaviour(StrEnum):
    """What a schedule does where its billing date is a closed day of the company.

    ``next_open_day`` makes the invoices on an open day, as the roll rule says; ``hold_sending`` makes them on
    the closed day itself and sends them on the next open one.
    """

    NEXT_OPEN_DAY = "next_open_day"
    HOLD_SENDING = "hold_sending"


class StepUnit(StrEnum):
    """What a step counts: business days, or calendar weeks, months and years."""

    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"


def roll_date(day: date, roll: Roll, is_closed: IsClosed) -> date:
    """Return ``day`` moved to an open day by ``roll``; an open day stays where it is.

    >>> weekend = lambda day: day.weekday() >= 5
    >>> roll_date(date(2024, 6, 30), Roll.FOLLOWING, weekend)
    datetime.date(2024, 7, 1)
    >>> roll_date(date(2024, 6, 30), Roll.MODIFIED_FOLLOWING, weekend)
    datetime.date(2024, 6, 28)
    >>> roll_date(date(2024, 6, 15), Roll.HALF_MONTH_MODIFIED_FOLLOWING, weekend)
    datetime.date(2024, 6, 14)
    >>> (
    ...     roll_date(date(2024, 6, 15), Roll.NEAREST, weekend),
    ...     roll_date(date(2024, 6, 16), Roll.NEAREST, weekend),
    ... )
    (datetime.date(2024, 6, 14), datetime.date(2024, 6, 17))
    """
    if roll is Roll.NONE or not is_closed(day):
        return day
    if roll is Roll.NEAREST:
        return _nearest(day, is_closed)
    is_backward = roll in (Roll.PRECEDING, Roll.MODIFIED_PRECEDING)
    moved = _walk(day, -1 if is_backward else 1, is_closed)
    leaves = roll not in (Roll.FOLLOWING, Roll.PRECEDING) and moved.month != day.month
    if roll is Roll.HALF_MONTH_MODIFIED_FOLLOWING:
        leaves = leaves or day.day <= _HALF_MONTH < moved.day
    return _walk(day, 1 if is_backward else -1, is_closed) if leaves else moved


def _walk(day: date, step: int, is_closed: IsClosed) -> date:
    while is_closed(day):
        day += timedelta(days=step)
    return day


def _nearest(day: date, is_closed: IsClosed) -> date:
    later = earlier = day
    while is_closed(later) and is_closed(earlier):
        later, earlier = later + _ONE_DAY, earlier - _ONE_DAY
    return earlier if is_closed(later) else later


def add_months(day: date, count: int) -> date:
    """Return ``day`` moved by calendar months, clamped to the month end.

    >>> add_months(date(2024, 1, 31), 1), add_months(date(2024, 2, 29), -12)
    (datetime.date(2024, 2, 29), datetime.date(2023, 2, 28))
    """
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def month_end(day: date) -> date:
    """Return the last calendar day of the month of ``day``.

    >>> month_end(date(2024, 2, 3))
    datetime.date(2024, 2, 29)
    """
    return day.replace(day=monthrange(day.year, day.month)[1])


def last_open_day(day: date, is_closed: IsClosed) -> date:
    """Return the last open day of the month of ``day``.

    >>> last_open_day(date(2024, 6, 3), lambda day: day.weekday() >= 5)
    datetime.date(2024, 6, 28)
    """
    return _walk(month_end(day), -1, is_closed)


def advance(
    day: date,
    count: int,
    unit: StepUnit,
    is_closed: IsClosed,
    roll: Roll = Roll.FOLLOWING,
    *,
    keeps_month_end: bool = False,
) -> date:
    """Return the date that lies ``count`` units after ``day``; a negative count goes back.

    Days are business days: each step ends on an open day, and 0 of them roll ``day`` itself. Weeks, months
    and years shift the calendar date and then roll it. With ``keeps_month_end``, months and years from the
    last open day of a month, or a later day, lead to the last open day of a month; where ``roll`` is none,
    from the last calendar day to the last calendar day.

    >>> weekend = lambda day: day.weekday() >= 5
    >>> advance(date(2024, 6, 28), 2, StepUnit.DAYS, weekend)
    datetime.date(2024, 7, 2)
    >>> advance(date(2024, 5, 31), 1, StepUnit.MONTHS, weekend, keeps_month_end=True)
    datetime.date(2024, 6, 28)
    """
    if count == 0:
        return roll_date(day, roll, is_closed)
    if unit is StepUnit.DAYS:
        step = 1 if count > 0 else -1
        for _ in range(abs(count)):
            day = _walk(day + timedelta(days=step), step, is_closed)
        return day
    if unit is StepUnit.WEEKS:
        return roll_date(day + timedelta(weeks=count), roll, is_closed)
    moved = add_months(day, count * (12 if unit is StepUnit.YEARS else 1))
    if keeps_month_end and roll is Roll.NONE and day == month_end(day):
        return month_end(moved)
    if keeps_month_end and roll is not Roll.NONE and day >= last_open_day(day, is_closed):
        return last_open_day(moved, is_closed)
    return roll_date(moved, roll, is_closed)


def business_days_between(
    from_date: date,
    to_date: date,
    is_closed: IsClosed,
    *,
    includes_from: bool = True,
    includes_to: bool = False,
) -> int:
    """Return how many open days lie from one date to another; negative where they stand the other way round.

    >>> weekend = lambda day: day.weekday() >= 5
    >>> business_days_between(date(2024, 6, 3), date(2024, 6, 10), weekend)
    5
    >>> business_days_between(date(2024, 6, 10), date(2024, 6, 3), weekend)
    -5
    """
    if from_date > to_date:
        return -business_days_between(
            to_date, from_date, is_closed, includes_from=includes_to, includes_to=includes_from
        )
    if from_date == to_date:
        return int(includes_from and includes_to and not is_closed(from_date))
    inside = (from_date + timedelta(days=n) for n in range(1, (to_date - from_date).days))
    ends = ((from_date, includes_from), (to_date, includes_to))
    return sum(not is_closed(day) for day in inside) + sum(
        is_counted and not is_closed(day) for day, is_counted in ends
    )
