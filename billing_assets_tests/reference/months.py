"""Months on the calendar, by the standard library alone.

Belongs here: a date some months on, clamped to the month end. Does not belong here: days, weeks, closed days.
"""

from calendar import monthrange
from datetime import date


def add_months(day: date, months: int) -> date:
    """Return the same day of the month `months` later (or earlier), or the last of that month if it has none.

    >>> add_months(date(2024, 1, 31), 1), add_months(date(2024, 3, 31), -4)
    (datetime.date(2024, 2, 29), datetime.date(2023, 11, 30))
    """
    year, month_from_zero = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month_from_zero + 1, min(day.day, monthrange(year, month_from_zero + 1)[1]))


def end_of_month(day: date) -> date:
    """Return the last day of the month of `day`.

    >>> end_of_month(date(2023, 2, 10))
    datetime.date(2023, 2, 28)
    """
    return day.replace(day=monthrange(day.year, day.month)[1])
