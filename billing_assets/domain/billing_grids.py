"""The grid of a billing cycle, one term at a time: the anchor plus whole steps of days or months.

Belongs here: grid days, which one comes first after a day, the grid of a term; what a calendar has to know.
Does not belong here: the same for a whole book (``frames.schedules``), from which this is written apart;
patterns (``frames.recurrence``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from billing_assets.domain.business_days import add_months
from billing_assets.domain.frequencies import Frequency, PeriodUnit, frequency_of
from billing_assets.domain.invoice_sources import BilledTerm, LineSource


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TermGrid:
    """The grid of a term, and the period of one of its installments, planned.

    ``first_*`` and ``last_*`` are the grid periods in which the first and the last billing period lie.
    ``due_from_date`` is the day from which the due days of the installment count.
    """

    installment_count: int
    first_from: date
    first_to: date
    last_from: date
    last_to: date
    period_from: date
    period_end: date
    due_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendars:
    """What calendars know, by place: days on which nothing falls due, and days on which no invoice is made.

    ``pattern_grid`` gives the grid of a frequency that goes by a pattern, for one installment of a term.
    """

    is_due_closed: Callable[[str, date], bool]
    is_generate_closed: Callable[[str, date], bool]
    pattern_grid: Callable[[Frequency, BilledTerm, int], TermGrid]


def cycle_grid(frequency: Frequency, term: BilledTerm, number: int) -> TermGrid:
    """Return the grid of a term that is billed every so many days or months, for installment ``number``.

    >>> term = BilledTerm(
    ...     policy_term_id=1,
    ...     policy_term_version_id=1,
    ...     file_name="book.csv",
    ...     line_of_business="motor",
    ...     place_code="ES",
    ...     effective_date=date(2024, 1, 16),
    ...     expiration_date=date(2024, 4, 1),
    ...     anchor_date=date(2024, 1, 1),
    ...     cover_to_date=None,
    ...     premium_minor=480_00,
    ... )
    >>> grid = cycle_grid(frequency_of("monthly"), term, 2)
    >>> grid.installment_count, str(grid.first_from), str(grid.period_from), str(grid.period_end)
    (3, '2024-01-01', '2024-02-01', '2024-03-01')
    """
    unit, step, anchor = frequency.unit.value, frequency.step, term.anchor_date
    first = first_grid_number(anchor, unit, step, term.effective_date)
    last = first_grid_number(anchor, unit, step, term.expiration_date, or_on=True)

    def day(grid_number: int) -> date:
        return grid_day(anchor, unit, grid_number * step)

    start = term.effective_date if number == 1 else day(first + number - 2)
    return TermGrid(
        installment_count=last - first + 1,
        first_from=day(first - 1),
        first_to=day(first),
        last_from=day(last - 1),
        last_to=day(last),
        period_from=start,
        period_end=min(day(first + number - 1), term.expiration_date),
        due_from=start,
    )


def grid_of(source: LineSource, calendars: Calendars) -> TermGrid:
    """Return the grid of a line's term for the installment that the line bills.

    >>> from billing_assets.domain.sample_invoice import ALWAYS_OPEN, SAMPLE
    >>> grid_of(SAMPLE.lines[0], ALWAYS_OPEN).installment_count
    12
    """
    return grid_at(source, calendars, source.line.installment_number)


def grid_at(source: LineSource, calendars: Calendars, number: int) -> TermGrid:
    """Return the grid of a line's term for any of its installments.

    >>> from billing_assets.domain.sample_invoice import ALWAYS_OPEN, SAMPLE
    >>> str(grid_at(SAMPLE.lines[0], ALWAYS_OPEN, 3).due_from)
    '2024-03-01'
    """
    frequency = frequency_of(source.plan.frequency_code, source.plan.pattern)
    if frequency.unit in (PeriodUnit.DAY, PeriodUnit.MONTH):
        return cycle_grid(frequency, source.term, number)
    return calendars.pattern_grid(frequency, source.term, number)
