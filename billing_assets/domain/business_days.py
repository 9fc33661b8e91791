"""How a date that falls on a closed day is moved.

Belongs here: the names of the roll rules and their meaning, one date at a time.
Does not belong here: which days are closed (``frames.calendars``), rolling a whole book (there too).
"""

from collections.abc import Callable
from datetime import date, timedelta
from enum import StrEnum


class Roll(StrEnum):
    """Roll rules: where a date on a closed day goes."""

    NONE = "none"
    FOLLOWING = "following"
    PRECEDING = "preceding"
    MODIFIED_FOLLOWING = "modified_following"


def roll_date(day: date, roll: Roll, is_closed: Callable[[date], bool]) -> date:
    """Return ``day`` moved to an open day by ``roll``; an open day stays where it is.

    ``modified_following`` goes forward unless that leaves the month, then backward.

    >>> weekend = lambda day: day.weekday() >= 5
    >>> roll_date(date(2024, 6, 30), Roll.FOLLOWING, weekend)
    datetime.date(2024, 7, 1)
    >>> roll_date(date(2024, 6, 30), Roll.MODIFIED_FOLLOWING, weekend)
    datetime.date(2024, 6, 28)
    """
    if roll is Roll.NONE:
        return day
    if roll is Roll.PRECEDING:
        return _walk(day, -1, is_closed)
    forward = _walk(day, 1, is_closed)
    if roll is Roll.MODIFIED_FOLLOWING and forward.month != day.month:
        return _walk(day, -1, is_closed)
    return forward


def _walk(day: date, step: int, is_closed: Callable[[date], bool]) -> date:
    while is_closed(day):
        day += timedelta(days=step)
    return day
