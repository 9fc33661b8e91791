"""Dates from one day to another in equal steps, counted from either end.

Belongs here: the schedule of a contract by a tenor, a seed, a roll rule and the month end, one at a time.
Does not belong here: billing periods of a whole book (``frames.schedules``), which count from the anchor.

Nothing in the package calls it: no plan bills backwards from the end of a term, or with stubs that a contract
names. It holds the rolls and steps of ``business_days``, by which plans do bill, to the published schedules,
which put them together.

The conventions are those of the ISDA definitions: steps are calendar steps from the seed, then each date is
rolled; two dates that roll onto one day are one date.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from billing_assets.domain.business_days import (
    IsClosed,
    Roll,
    StepUnit,
    add_months,
    last_open_day,
    month_end,
    roll_date,
)


class Seed(StrEnum):
    """From which end the steps are counted; a stub lies at the other. ``zero`` has the two ends alone."""

    FORWARD = "forward"
    BACKWARD = "backward"
    ZERO = "zero"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRule:
    """How a schedule steps and rolls.

    ``termination_roll`` rolls the last date alone. ``keeps_month_end`` puts every date between the ends on
    the last calendar day of its month, before it is rolled, where the seed is the last open day of a month or
    later.
    ``first_date`` and ``next_to_last_date`` end a first and begin a last stub of any length.
    """

    step: int
    unit: StepUnit = StepUnit.MONTHS
    seed: Seed = Seed.BACKWARD
    roll: Roll = Roll.NONE
    termination_roll: Roll = Roll.NONE
    keeps_month_end: bool = False
    first_date: date | None = None
    next_to_last_date: date | None = None


def date_schedule(from_date: date, to_date: date, rule: StepRule, is_closed: IsClosed) -> list[date]:
    """Return the dates of a schedule, ascending, both ends among them.

    Raises:
        ValueError: a step below 1, or ends that are not in order.

    >>> weekend = lambda day: day.weekday() >= 5
    >>> rule = StepRule(step=1, seed=Seed.FORWARD, roll=Roll.FOLLOWING)
    >>> [str(day) for day in date_schedule(date(2024, 5, 31), date(2024, 8, 15), rule, weekend)]
    ['2024-05-31', '2024-07-01', '2024-07-31', '2024-08-15']
    """
    if rule.step < 1 or from_date >= to_date:
        raise ValueError("a schedule needs a step of at least 1 and an end after its begin")
    raw, seed = _raw_dates(from_date, to_date, rule, is_closed)
    return _without_overrun(_rolled(raw, seed, rule, is_closed))


def _raw_dates(
    from_date: date, to_date: date, rule: StepRule, is_closed: IsClosed
) -> tuple[list[date], date]:
    """Return the unrolled dates, ascending, and the day from which they were counted.

    A date that rolls onto the day of the one before it is left out.
    """
    is_forward = rule.seed is Seed.FORWARD
    begin, end = (from_date, to_date) if is_forward else (to_date, from_date)
    if rule.seed is Seed.ZERO:
        return [from_date, to_date], begin
    near, far = (rule.first_date, rule.next_to_last_date)[:: 1 if is_forward else -1]
    sign = 1 if is_forward else -1
    dates = [begin] if near is None or near == begin else [begin, near]
    seed, limit, count = dates[-1], far or end, 1
    while sign * ((day := _stepped(seed, sign * count, rule)) - limit).days <= 0:
        _append(dates, day, rule.roll, is_closed)
        count += 1
    _append(dates, limit, rule.roll if far else _roll_of_end(rule), is_closed)
    _append(dates, end, _roll_of_end(rule), is_closed)
    return dates[::sign], seed


def _roll_of_end(rule: StepRule) -> Roll:
    return rule.termination_roll if rule.seed is Seed.FORWARD else rule.roll


def _append(dates: list[date], day: date, roll: Roll, is_closed: IsClosed) -> None:
    if roll_date(dates[-1], roll, is_closed) != roll_date(day, roll, is_closed):
        dates.append(day)


def _stepped(seed: date, count: int, rule: StepRule) -> date:
    """Return the seed moved by ``count`` steps on the bare calendar; a month end stays one where asked."""
    if rule.unit in (StepUnit.DAYS, StepUnit.WEEKS):
        return seed + timedelta(days=count * rule.step * (7 if rule.unit is StepUnit.WEEKS else 1))
    moved = add_months(seed, count * rule.step * (12 if rule.unit is StepUnit.YEARS else 1))
    return month_end(moved) if rule.keeps_month_end and seed == month_end(seed) else moved


def _rolled(dates: list[date], seed: date, rule: StepRule, is_closed: IsClosed) -> list[date]:
    by_month = rule.unit in (StepUnit.MONTHS, StepUnit.YEARS) and rule.keeps_month_end
    to_month_end = by_month and seed >= last_open_day(seed, is_closed)
    inside = [month_end(day) if to_month_end else day for day in dates[1:-1]]
    return [
        *(roll_date(day, rule.roll, is_closed) for day in (dates[0], *inside)),
        roll_date(dates[-1], rule.termination_roll, is_closed),
    ]


def _without_overrun(dates: list[date]) -> list[date]:
    """Leave out a date that the month end has put on an end, or past it."""
    if len(dates) > 2 and dates[-2] >= dates[-1]:  # noqa: PLR2004 - both ends stay
        dates = [*dates[:-2], dates[-1]]
    if len(dates) > 2 and dates[1] <= dates[0]:  # noqa: PLR2004
        dates = [dates[0], *dates[2:]]
    return dates
