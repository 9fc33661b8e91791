"""Why an amount or a date of an invoice is what it is: a formula, its inputs, and what the record says.

Belongs here: the formulas, each worked out from nothing but the inputs that stand beside it, in integers
and fractions; whether the result is what was recorded. Does not belong here: what formulas are called
(``explained_words``), those of changes (``change_formulas``), which formula a line or a tax has
(``explained_installments``, ``explained_taxes``, ``explained_documents``), the words
(``documents.explanations``), the formulas of billing (``frames``), from which these are written apart.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import floor
from typing import TypeAlias

from billing_assets.domain.billing_grids import first_grid_number, grid_day
from billing_assets.domain.business_days import LeadUnit, Roll, StepUnit, advance, roll_date
from billing_assets.domain.change_formulas import CHANGE_FORMULAS
from billing_assets.domain.explained_words import PARTS, Formula, Rounding, Subject, Unit
from billing_assets.domain.money import PPM, round_half_up
from billing_assets.domain.numbering import document_number

Value: TypeAlias = int | str | Fraction | date | tuple[date, ...]
"""Of an input or a result: an amount, a count, a code, an exact share or rate, a date, or several dates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One figure that goes into a formula; ``of`` says whose it is where several have one name."""

    name: str
    value: Value
    unit: Unit
    of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """A dated row that a result rests on, with its source; ``row_id`` 0 is a row of the program itself.

    Of several tax rows that are one tax each has the lines of business that it falls on, and a tax point.
    """

    kind: str
    code: str
    row_id: int = 0
    valid_from: date | None = None
    valid_to: date | None = None
    source: str
    reason: str = ""
    lines_of_business: tuple[str, ...] = ()
    tax_point_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One result with everything that it is worked out from.

    ``recorded`` is what the store has; None where the store keeps only what follows from it.
    ``line_numbers`` are the lines that it concerns, none for the document as a whole. Amounts are rounded to
    multiples of ``rounding_minor`` minor units.
    """

    subject: Subject
    formula: Formula
    inputs: tuple[Input, ...]
    recorded: Value | None = None
    line_numbers: tuple[int, ...] = ()
    rounding: Rounding = Rounding.NONE
    rounding_minor: int = 1
    rules: tuple[RuleRow, ...] = ()
    code: str = ""

    @property
    def values(self) -> dict[str, Value]:
        """The inputs by name; of several with one name the last."""
        return {each.name: each.value for each in self.inputs}

    @property
    def numbers(self) -> dict[str, int]:
        """The inputs that are amounts or whole numbers, by name."""
        return {each.name: each.value for each in self.inputs if isinstance(each.value, int)}

    @property
    def exact(self) -> Value:
        """The result before rounding, worked out from the inputs alone."""
        return FORMULAS[self.formula](self)

    @property
    def result(self) -> Value:
        """The result, worked out from the inputs alone."""
        exact = self.exact
        return self.rounded(exact) if isinstance(exact, Fraction) else exact

    @property
    def factor(self) -> Fraction | None:
        """The part of the first amount that the exact result is; None where it is no part of one amount."""
        exact, amounts = self.exact, _amounts(self)
        is_part = self.formula in PARTS and amounts and amounts[0] and isinstance(exact, Fraction)
        return exact / amounts[0] if is_part and isinstance(exact, Fraction) else None

    @property
    def running_parts(self) -> tuple[int, int]:
        """What a charge or a payer has of a running total, by weight: with what is billed, and before it."""
        name = WEIGHTS[self.formula]
        part = _exact(self, name) / _exact(self, f"{name}s_left")
        to, before = (
            self.rounded((_exact(self, f"planned_{at}") - _exact(self, f"larger_{at}")) * part)
            for at in ("to", "before")
        )
        return to, before

    @property
    def is_match(self) -> bool:
        """Whether the result is what was recorded, or nothing was recorded of it."""
        return self.recorded is None or self.result == self.recorded

    def rounded(self, amount: Fraction) -> int:
        """Return an exact amount as this result rounds it."""
        steps = amount / self.rounding_minor
        if self.rounding is Rounding.HALF_UP:
            return round_half_up(steps.numerator, steps.denominator) * self.rounding_minor
        if self.rounding is Rounding.NONE and steps.denominator != 1:
            raise ValueError("an exact amount is no whole number of minor units")
        return floor(steps) * self.rounding_minor


def minor(name: str, value: int, of: str = "") -> Input:
    """Return an input that is an amount.

    >>> minor("premium", 480_00).unit.value
    'minor_units'
    """
    return Input(name=name, value=value, unit=Unit.MINOR, of=of)


def amount_of(result: Explained) -> int:
    """Return a result that is an amount, in minor units.

    >>> amount_of(sum_of(Subject.TOTAL, [minor("net", 100), minor("tax", 8)]))
    108
    """
    value = result.result
    if not isinstance(value, int):
        raise TypeError(f"{result.subject} is no amount")
    return value


def sum_of(
    subject: Subject,
    addends: list[Input],
    recorded: int | None = None,
    line_numbers: tuple[int, ...] = (),
    code: str = "",
) -> Explained:
    """Return a sum of amounts.

    >>> sum_of(Subject.TOTAL, [minor("net", 100), minor("tax", 8)], recorded=109).is_match
    False
    """
    return Explained(
        subject=subject,
        formula=Formula.SUM,
        inputs=tuple(addends),
        recorded=recorded,
        line_numbers=line_numbers,
        code=code,
    )


def _int(result: Explained, name: str) -> int:
    value = result.values[name]
    if not isinstance(value, int):
        raise TypeError(f"{name} is no whole number")
    return value


def _exact(result: Explained, name: str) -> Fraction:
    value = result.values[name]
    if not isinstance(value, (int, Fraction)):
        raise TypeError(f"{name} is no number")
    return Fraction(value)


def _day(result: Explained, name: str) -> date:
    value = result.values[name]
    if not isinstance(value, date):
        raise TypeError(f"{name} is no date")
    return value


def _days(result: Explained, name: str) -> tuple[date, ...]:
    value = result.values.get(name, ())
    if not isinstance(value, tuple):
        raise TypeError(f"{name} is no list of dates")
    return value


def _amounts(result: Explained) -> list[int]:
    return [each.value for each in result.inputs if each.unit is Unit.MINOR and isinstance(each.value, int)]


def _cycle(result: Explained) -> tuple[date, str, int]:
    return _day(result, "anchor_date"), str(result.values["cycle_unit"]), _int(result, "cycle_step")


def _cycle_count(result: Explained) -> int:
    last = first_grid_number(*_cycle(result), _day(result, "expiration_date"), or_on=True)
    return last - first_grid_number(*_cycle(result), _day(result, "effective_date")) + 1


def _cycle_period(result: Explained) -> tuple[date, ...]:
    anchor, unit, step = _cycle(result)
    effective, number = _day(result, "effective_date"), _int(result, "installment_number")
    grid = first_grid_number(anchor, unit, step, effective) + number - 1
    start = effective if number == 1 else grid_day(anchor, unit, (grid - 1) * step)
    ends = [_day(result, name) for name in ("expiration_date", "cover_to_date") if name in result.values]
    return start, min(grid_day(anchor, unit, grid * step), *ends)


def _pattern_period(result: Explained) -> tuple[date, ...]:
    names = ("planned_to_date", "cover_to_date")
    ends = [_day(result, name) for name in names if name in result.values]
    return _day(result, "planned_from_date"), min(ends)


def _weighted_share(result: Explained) -> Fraction:
    first = Fraction(_int(result, "first_days"), _int(result, "first_full_days"))
    last = Fraction(_int(result, "last_days"), _int(result, "last_full_days"))
    weights = first + _int(result, "installment_count") - 2 + last
    return _exact(result, "premium") * _exact(result, "weight") / weights


def _rest(result: Explained) -> Fraction:
    middle = _int(result, "installment_count") - 2
    others = _int(result, "first_share") + middle * (_int(result, "middle_share") if middle else 0)
    return Fraction(_int(result, "premium") - others)


def _arranged_count(result: Explained) -> int:
    most = _int(result, "maximum_installment_count") if "maximum_installment_count" in result.values else None
    in_time = _int(result, "in_time_count")
    return in_time if most is None else min(most, in_time)


def _shared(result: Explained) -> Fraction:
    """Return what is shared: the premium, less the down payment where there is one."""
    down = _exact(result, "down_payment") if "down_payment" in result.values else Fraction(0)
    return _exact(result, "premium") - down


def _plan_share(result: Explained) -> Fraction:
    """Return the part by weight; where all that share weigh nothing, nothing."""
    return _shared(result) * _exact(result, "weight") / (_exact(result, "weights") or 1)


def _plan_rest(result: Explained) -> Fraction:
    others = sum(
        each.value for each in result.inputs if each.name == "other_share" and isinstance(each.value, int)
    )
    times = _int(result, "other_count") if "other_count" in result.values else 1
    return _shared(result) - times * others


def _less(result: Explained) -> Fraction:
    price, *taxes = _amounts(result)
    return Fraction(price - sum(taxes))


def _running_share(result: Explained) -> Fraction:
    so_far, before = (
        result.rounded(_exact(result, name) * _exact(result, "factor")) for name in ("running", "before")
    )
    return Fraction(so_far - before)


WEIGHTS = {Formula.CHARGE_SHARE: "charge", Formula.PAYER_SHARE: "share"}
"""Formulas by which a running total is shared out, with what each weight is called."""


def _running_part(result: Explained) -> Fraction:
    return Fraction(result.running_parts[0] - result.running_parts[1])


def _days_after(result: Explained) -> date:
    return _day(result, "due_from_date") + timedelta(_int(result, "due_days"))


def _rolled(day: date, roll: str, closed: tuple[date, ...]) -> date:
    return roll_date(day, Roll(roll), closed.__contains__)


def _lead(result: Explained) -> date:
    days, closed = _int(result, "lead_days"), _days(result, "closed_days")
    if result.values["lead_unit"] == LeadUnit.BUSINESS and days:
        return advance(_day(result, "due_date"), -days, StepUnit.DAYS, closed.__contains__)
    day = _day(result, "due_date") - timedelta(days=days)
    return _rolled(day, str(result.values["roll"]), closed)


def _time_to_pay(result: Explained) -> date:
    planned = _day(result, "planned_due_date")
    earliest = _day(result, "issue_date") + timedelta(days=_int(result, "minimum_payment_days"))
    if planned >= earliest:
        return planned
    return _rolled(earliest, Roll.FOLLOWING, _days(result, "closed_days"))


def _change_period(result: Explained) -> tuple[date, date]:
    """Return the days of a change, inside the period of the installment that it goes by, if there is one."""
    start, end = _day(result, "part_from_date"), _day(result, "part_to_date")
    if "planned_from_date" in result.values:
        first, last = (_day(result, name) for name in ("planned_from_date", "planned_to_date"))
        if max(start, first) < last:
            return max(start, first), min(end, last)
    return start, end


def _of_numbers(function: Callable[[Mapping[str, int]], Fraction]) -> Callable[[Explained], Value]:
    """Return a formula of a change, which goes by amounts and counts alone, as a function of a result."""
    return lambda result: function(result.numbers)


def _dates(result: Explained) -> list[date]:
    return [each.value for each in result.inputs if isinstance(each.value, date)]


FORMULAS: Mapping[Formula, Callable[[Explained], Value]] = {
    Formula.CYCLE_COUNT: _cycle_count,
    Formula.PATTERN_COUNT: lambda result: _int(result, "installment_count"),
    Formula.CYCLE_PERIOD: _cycle_period,
    Formula.PATTERN_PERIOD: _pattern_period,
    Formula.WHOLE_PREMIUM: lambda result: _exact(result, "premium"),
    Formula.FIRST_PREMIUM: lambda result: _exact(result, "premium"),
    Formula.EQUAL_SHARE: lambda result: _exact(result, "premium") / _int(result, "installment_count"),
    Formula.WEIGHTED_SHARE: _weighted_share,
    Formula.REST: _rest,
    Formula.ARRANGED_COUNT: _arranged_count,
    Formula.DOWN_PAYMENT_PART: lambda result: (
        _exact(result, "premium") * Fraction(_int(result, "down_payment_ppm"), PPM)
    ),
    Formula.DOWN_PAYMENT_AMOUNT: lambda result: min(
        _exact(result, "premium"), _exact(result, "down_payment")
    ),
    Formula.PLAN_SHARE: _plan_share,
    Formula.PLAN_REST: _plan_rest,
    Formula.INSTALLMENT_FEE: lambda result: _exact(result, "installment_fee"),
    Formula.COVERED_PART: lambda result: (
        _exact(result, "planned") * Fraction(_int(result, "covered_days"), _int(result, "period_days"))
    ),
    Formula.CHANGE_PERIOD: _change_period,
    Formula.AT_ONCE: lambda result: _day(result, "run_billing_date"),
    Formula.PRICE_LESS_TAXES: _less,
    Formula.SUM: lambda result: Fraction(sum(_amounts(result))),
    Formula.RATE: lambda result: _exact(result, "base") * Fraction(_int(result, "rate_ppm"), PPM),
    Formula.PART_OF_PRICE: lambda result: (
        _exact(result, "price") * _exact(result, "rate_on_net") / (1 + _exact(result, "rates_on_net"))
    ),
    Formula.EXEMPT: lambda result: Fraction(0) * _exact(result, "base"),
    Formula.FIXED: lambda result: _exact(result, "fixed_amount"),
    Formula.RUNNING_SHARE: _running_share,
    Formula.CHARGE_SHARE: _running_part,
    Formula.PAYER_SHARE: _running_part,
    Formula.DAYS_AFTER: _days_after,
    Formula.DAYS_AFTER_WAITING: _days_after,
    Formula.ROLLED: lambda result: _rolled(
        _day(result, "nominal_due_date"), str(result.values["roll"]), _days(result, "closed_days")
    ),
    Formula.LEAD: _lead,
    Formula.EARLIEST: lambda result: min(_dates(result)),
    Formula.LATEST: lambda result: max(_dates(result)),
    Formula.NEXT_NUMBER: lambda result: document_number(
        str(result.values["prefix"]), _int(result, "previous_number") + 1
    ),
    Formula.TIME_TO_PAY: _time_to_pay,
    Formula.NEAREST_CASH: lambda result: _exact(result, "total"),
    Formula.BEYOND_TOTAL: lambda result: _exact(result, "payable") - _exact(result, "total"),
    **{formula: _of_numbers(function) for formula, function in CHANGE_FORMULAS.items()},
}
"""Formula -> its function: of the inputs alone, exact."""
