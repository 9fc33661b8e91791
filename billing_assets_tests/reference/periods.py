"""The plan of a term and the billing periods that it makes.

Belongs here: the grid and the periods that are cut from it. Does not belong here: amounts, due dates.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from itertools import pairwise

from billing_assets.domain.frequencies import Frequency, frequency_of
from billing_assets.domain.payment_plans import DEFAULT_PLANS, PaymentPlan
from billing_assets_tests.reference.days import grid_days
from billing_assets_tests.reference.months import add_months, end_of_month
from billing_assets_tests.reference.policy import ReferencePolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A billing period `[period_from, period_to)` inside its grid period `[grid_from, grid_to)`."""

    period_from: date
    period_to: date
    grid_from: date
    grid_to: date

    def weight(self, count: str = "actual_term") -> Fraction:
        """1 for a whole period, the share of days by a day count for a partial one."""
        if (self.period_from, self.period_to) == (self.grid_from, self.grid_to):
            return Fraction(1)
        return Fraction(
            grid_days(count, self.period_from, self.period_to), grid_days(count, self.grid_from, self.grid_to)
        )


def plan_of(policy: ReferencePolicy, plans: tuple[PaymentPlan, ...] = DEFAULT_PLANS) -> PaymentPlan:
    """Return the plan row that is valid on the effective date of the term.

    Raises:
        LookupError: no row, or more than one, is valid on that day.
    """
    day = policy.effective_date
    valid = [
        plan
        for plan in plans
        if plan.plan_code == policy.plan_code
        and plan.valid_from <= day
        and (plan.valid_to is None or day < plan.valid_to)
    ]
    if len(valid) != 1:
        raise LookupError(f"{len(valid)} rows of plan {policy.plan_code} are valid on {day}")
    return valid[0]


def grid_date(anchor: date, frequency: Frequency, index: int) -> date:
    """Return `anchor + index * step`, months clamped to the month end from the anchor itself.

    >>> [grid_date(date(2024, 1, 31), frequency_of("monthly"), index).isoformat() for index in (-2, 1, 2)]
    ['2023-11-30', '2024-02-29', '2024-03-31']
    """
    steps = index * frequency.step
    return anchor + timedelta(days=steps) if frequency.unit == "day" else add_months(anchor, steps)


def billing_periods(policy: ReferencePolicy, plans: tuple[PaymentPlan, ...] = DEFAULT_PLANS) -> list[Period]:
    """Return the billing periods of the whole term, in order."""
    plan = plan_of(policy, plans)
    frequency = frequency_of(plan.frequency_code, plan.pattern)
    if frequency.unit in {"once", "rule"}:
        return _pattern_periods(policy, frequency)
    index = _index_of_grid_period(policy.effective_date, policy.anchor_date, frequency)
    periods: list[Period] = []
    start = policy.effective_date
    while start < policy.expiration_date:
        grid_from = grid_date(policy.anchor_date, frequency, index)
        grid_to = grid_date(policy.anchor_date, frequency, index + 1)
        end = min(grid_to, policy.expiration_date)
        periods.append(Period(period_from=start, period_to=end, grid_from=grid_from, grid_to=grid_to))
        start = end
        index += 1
    return periods


def _pattern_periods(policy: ReferencePolicy, frequency: Frequency) -> list[Period]:
    """Return one period for the whole term, or those between the days that a monthly rule names."""
    if frequency.unit == "once":
        start, end = policy.effective_date, policy.expiration_date
        return [Period(period_from=start, period_to=end, grid_from=start, grid_to=end)]
    day = policy.effective_date
    while not is_day_of_rule(day, frequency.pattern):
        day -= timedelta(days=1)
    borders = [day]
    while borders[-1] < policy.expiration_date:
        day += timedelta(days=1)
        if is_day_of_rule(day, frequency.pattern):
            borders.append(day)
    return [
        Period(
            period_from=max(grid_from, policy.effective_date),
            period_to=min(grid_to, policy.expiration_date),
            grid_from=grid_from,
            grid_to=grid_to,
        )
        for grid_from, grid_to in pairwise(borders)
    ]


@cache
def is_day_of_rule(day: date, pattern: str) -> bool:
    """Tell whether a monthly rule of RFC 5545 names the day; the parts that the shipped rules use, no more.

    >>> [
    ...     is_day_of_rule(date(2024, 10, 8), f"FREQ=MONTHLY;{part}")
    ...     for part in ("BYDAY=2TU", "BYMONTHDAY=1,15")
    ... ]
    [True, False]
    """
    parts = dict(part.split("=") for part in pattern.split(";"))
    assert parts.pop("FREQ") == "MONTHLY"
    month_days = [day.replace(day=number) for number in range(1, end_of_month(day).day + 1)]
    if "BYMONTHDAY" in parts:
        return str(day.day) in parts["BYMONTHDAY"].split(",")
    words = parts["BYDAY"].split(",")
    named = [each for each in month_days if any(_is_named(each, word) for word in words)]
    return day == named[int(parts["BYSETPOS"])] if "BYSETPOS" in parts else day in named


def _is_named(day: date, word: str) -> bool:
    weekday = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")[day.weekday()]
    ordinal = word[:-2]
    return word[-2:] == weekday and (not ordinal or int(ordinal) == (day.day - 1) // 7 + 1)


def _index_of_grid_period(day: date, anchor: date, frequency: Frequency) -> int:
    """The j for which `g(j) <= day < g(j + 1)`: a guess, then a walk."""
    days_of_step = frequency.step if frequency.unit == "day" else frequency.step * 30
    index = (day - anchor).days // days_of_step
    while grid_date(anchor, frequency, index) > day:
        index -= 1
    while grid_date(anchor, frequency, index + 1) <= day:
        index += 1
    return index
