"""The grid of a billing cycle, one day at a time: the anchor plus whole steps of days or months.

Belongs here: grid days, and which one comes first after a day.
Does not belong here: the same for a whole book (``frames.schedules``), from which this is written apart;
patterns (``frames.recurrence``).
"""

from datetime import date, timedelta

from billing_assets.domain.business_days import add_months


def grid_day(anchor: date, unit: str, steps: int) -> date:
    """Return the anchor plus so many days or months; months clamp to the month end, from the anchor itself.

    >>> grid_day(date(2024, 1, 31), "month", 1), grid_day(date(2024, 1, 31), "day", 1)
    (datetime.date(2024, 2, 29), datetime.date(2024, 2, 1))
    """
    return add_months(anchor, steps) if unit == "month" else anchor + timedelta(days=steps)


def first_grid_number(anchor: date, unit: str, step: int, after: date, *, or_on: bool = False) -> int:
    """Return the smallest whole j, negative ones too, whose grid day ``anchor + j * step`` lies after a date.

    >>> first_grid_number(date(2024, 1, 31), "month", 1, date(2024, 2, 29))
    2
    >>> first_grid_number(date(2024, 1, 31), "month", 1, date(2024, 2, 29), or_on=True)
    1
    """
    days = step * (31 if unit == "month" else 1)
    number = (after - anchor).days // days
    while not _is_reached(grid_day(anchor, unit, number * step), after, or_on=or_on):
        number += 1
    while _is_reached(grid_day(anchor, unit, (number - 1) * step), after, or_on=or_on):
        number -= 1
    return number


def _is_reached(day: date, after: date, *, or_on: bool) -> bool:
    return day > after or (day == after and or_on)
