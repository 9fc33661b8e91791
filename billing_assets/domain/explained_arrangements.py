"""Why an installment of a plan that arranges something is what it is: number, share, down payment.

Belongs here: what such a plan makes of the grid of a term, one term at a time, and the results that explain
it. Does not belong here: the other plans (``explained_installments``), the formulas (``explanations``), the
same for a whole book (``frames.arrangements``), from which this is written apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from billing_assets.domain.billing_grids import Calendars, TermGrid, grid_at
from billing_assets.domain.explained_dates import of_line
from billing_assets.domain.explained_days import counted_by, partial_days
from billing_assets.domain.explained_words import Formula, Rounding, Subject, Unit
from billing_assets.domain.explanations import Explained, Input, RuleRow, amount_of, minor
from billing_assets.domain.invoice_sources import LineSource
from billing_assets.domain.payment_plans import PaymentPlan, Residual
from billing_assets.domain.term_days import TermDayCount


@dataclass(frozen=True, kw_only=True)
class Arrangement:
    """The installments that a plan makes of a term's periods; ``weights`` are those of all that share."""

    period_count: int
    in_time_count: int
    weights: tuple[Fraction, ...]
    has_down_payment: bool

    @property
    def installment_count(self) -> int:
        """How many installments the term has, a down payment among them."""
        return len(self.weights) + self.has_down_payment

    @cached_property
    def total_weight(self) -> Fraction:
        """What the weights add up to; each share needs it, and a daily plan has 365."""
        return sum(self.weights, Fraction(0))


def arrangement_of(source: LineSource, grid: TermGrid, calendars: Calendars) -> Arrangement:
    """Return what the plan of a line makes of the periods of its term.

    >>> from dataclasses import replace
    >>> from billing_assets.domain.billing_grids import grid_of
    >>> from billing_assets.domain.sample_invoice import ALWAYS_OPEN, SAMPLE
    >>> plan = replace(SAMPLE.lines[0].plan, maximum_installment_count=4, down_payment_ppm=250_000)
    >>> line = replace(SAMPLE.lines[0], plan=plan)
    >>> arrangement_of(line, grid_of(line, ALWAYS_OPEN), ALWAYS_OPEN).installment_count
    4
    """
    plan, count = source.plan, grid.installment_count
    in_time = count
    if plan.blackout_days:
        blackout_from = source.term.expiration_date - timedelta(days=plan.blackout_days + plan.due_days)
        while in_time > 1 and grid_at(source, calendars, in_time).due_from >= blackout_from:
            in_time -= 1
    kept = min(in_time, plan.maximum_installment_count or in_time)
    has_down_payment = plan.has_down_payment and kept > 1
    return Arrangement(
        period_count=count,
        in_time_count=in_time,
        weights=_weights(source, grid, kept, calendars)[int(has_down_payment) :],
        has_down_payment=has_down_payment,
    )


def _weights(source: LineSource, grid: TermGrid, kept: int, calendars: Calendars) -> tuple[Fraction, ...]:
    """Return a weight for each installment; that of a down payment stands for nothing."""
    plan, count = source.plan, grid.installment_count
    if kept == 1:
        return (Fraction(1),)
    if plan.weights:
        unused = (Fraction(0),) * int(plan.has_down_payment)
        return (*unused, *map(Fraction, plan.shared_weights))[:kept]
    if plan.maximum_installment_count:
        return (Fraction(1),) * kept
    if plan.day_count is TermDayCount.ACTUAL_365_FIXED:
        starts = [grid_at(source, calendars, number).period_from for number in range(1, kept + 1)]
        borders = pairwise([*starts, source.term.expiration_date])
        return tuple(Fraction(source.days.between(*border)) for border in borders)
    first, last = (Fraction(*days) for days in partial_days(source, grid))
    return (first, *(Fraction(1),) * (kept - 2), last + count - kept)


def _is_by_days(plan: PaymentPlan) -> bool:
    return not (plan.weights or plan.maximum_installment_count)


def explain_count(
    source: LineSource,
    arrangement: Arrangement,
    inputs: tuple[Input, ...],
    rules: tuple[RuleRow, ...],
) -> Explained:
    """Return how many installments there are; ``inputs`` say the frequency and the term.

    >>> from billing_assets.domain.sample_invoice import SAMPLE
    >>> found = Arrangement(
    ...     period_count=12, in_time_count=11, weights=(Fraction(1),) * 11, has_down_payment=False
    ... )
    >>> explain_count(SAMPLE.lines[0], found, (), ()).result
    11
    """
    counts = {"period_count": arrangement.period_count, "in_time_count": arrangement.in_time_count}
    if source.plan.maximum_installment_count:
        counts["maximum_installment_count"] = source.plan.maximum_installment_count
    counted = (Input(name=name, value=value, unit=Unit.COUNT) for name, value in counts.items())
    return of_line(
        source,
        Subject.COUNT,
        Formula.ARRANGED_COUNT,
        (*inputs, *counted),
        source.line.installment_count,
        rules=rules,
    )


def explain_share(
    source: LineSource, arrangement: Arrangement, subject: Subject, recorded: int | None
) -> tuple[Explained, ...]:
    """Return the results that lead to the planned amount of a line; it is the last of them.

    >>> from billing_assets.domain.sample_invoice import SAMPLE
    >>> found = Arrangement(
    ...     period_count=12, in_time_count=12, weights=(Fraction(1), Fraction(2)), has_down_payment=False
    ... )
    >>> (share,) = explain_share(SAMPLE.lines[0], found, Subject.NET, None)
    >>> share.formula.value, share.result, SAMPLE.lines[0].term.premium_minor
    ('plan_share', 16000, 48000)
    """
    premium = minor("premium", source.term.premium_minor)
    if arrangement.installment_count == 1:
        return (of_line(source, subject, Formula.WHOLE_PREMIUM, (premium,), recorded),)
    number = source.line.installment_number
    before: tuple[Explained, ...] = ()
    amounts: tuple[Input, ...] = (premium,)
    if arrangement.has_down_payment:
        if number == 1:
            return (_down_payment(source, subject, recorded),)
        before = (_down_payment(source, Subject.DOWN_PAYMENT, None),)
        amounts = (premium, minor("down_payment", amount_of(before[0])))
    place = number - 1 - arrangement.has_down_payment
    taker, rounding, others = _others(source, arrangement, amounts)
    if place != taker:
        share = _share(source, arrangement, amounts, place, rounding, subject, recorded)
        return (*before, share)
    inputs = tuple(minor("other_share", amount) for amount in others)
    if len(set(others)) == 1:
        inputs = (Input(name="other_count", value=len(others), unit=Unit.COUNT), inputs[0])
    rest = of_line(source, subject, Formula.PLAN_REST, (*amounts, *inputs), recorded)
    return (*before, rest)


def planned_amounts(source: LineSource, arrangement: Arrangement) -> tuple[int, ...]:
    """Return what each installment of a line's term is planned to come to, in the order of their numbers.

    >>> from billing_assets.domain.sample_invoice import SAMPLE
    >>> found = Arrangement(
    ...     period_count=12, in_time_count=12, weights=(Fraction(1), Fraction(2)), has_down_payment=False
    ... )
    >>> planned_amounts(SAMPLE.lines[0], found)
    (16000, 32000)
    """
    premium = minor("premium", source.term.premium_minor)
    if arrangement.installment_count == 1:
        return (source.term.premium_minor,)
    down: tuple[int, ...] = ()
    amounts: tuple[Input, ...] = (premium,)
    if arrangement.has_down_payment:
        down = (amount_of(_down_payment(source, Subject.DOWN_PAYMENT, None)),)
        amounts = (premium, minor("down_payment", down[0]))
    taker, _, others = _others(source, arrangement, amounts)
    rest = source.term.premium_minor - sum(down) - sum(others)
    return (*down, *others[:taker], rest, *others[taker:])


def bill_number(source: LineSource, calendars: Calendars) -> int:
    """Return the number of the installment with which that of a line is due; its own where it does not wait.

    >>> from dataclasses import replace
    >>> from billing_assets.domain.sample_invoice import ALWAYS_OPEN, SAMPLE
    >>> plan = replace(SAMPLE.lines[0].plan, minimum_bill_minor=100_00, currency="EUR")
    >>> bill_number(replace(SAMPLE.lines[0], plan=plan), ALWAYS_OPEN)
    3
    """
    number, minimum = source.line.installment_number, source.plan.minimum_bill_minor
    if not minimum:
        return number
    arrangement = arrangement_of(source, grid_at(source, calendars, number), calendars)
    return bill_numbers(planned_amounts(source, arrangement), minimum)[number - 1]


def bill_numbers(planned_minor: Sequence[int], minimum_bill_minor: int) -> tuple[int, ...]:
    """Return, for each installment of a term, the number of the one with which it is due.

    >>> bill_numbers([30, 30, 60, 10, 10], 50), bill_numbers([30, 30], 0)
    ((2, 2, 3, 5, 5), (1, 2))
    """
    numbers: list[int] = []
    so_far = 0
    for place, amount in enumerate(planned_minor, start=1):
        so_far += amount
        if so_far >= minimum_bill_minor or place == len(planned_minor):
            numbers += [place] * (place - len(numbers))
            so_far = 0
    return tuple(numbers)


def _down_payment(source: LineSource, subject: Subject, recorded: int | None) -> Explained:
    plan, premium = source.plan, minor("premium", source.term.premium_minor)
    if plan.down_payment_minor:
        inputs = (premium, minor("down_payment", plan.down_payment_minor))
        return of_line(source, subject, Formula.DOWN_PAYMENT_AMOUNT, inputs, recorded)
    rate = Input(name="down_payment_ppm", value=plan.down_payment_ppm, unit=Unit.PPM)
    return of_line(
        source,
        subject,
        Formula.DOWN_PAYMENT_PART,
        (premium, rate),
        recorded,
        rounding=Rounding.HALF_UP,
    )


def _others(
    source: LineSource, arrangement: Arrangement, amounts: tuple[Input, ...]
) -> tuple[int, Rounding, list[int]]:
    """Return which installment takes the rest, how the others are rounded, and what they come to."""
    weights = arrangement.weights
    taker = len(weights) - 1
    if source.plan.residual is Residual.FIRST:
        taker = 0
    elif source.plan.residual is Residual.LARGEST:
        heaviest = max(weights)
        taker = max(place for place, weight in enumerate(weights) if weight == heaviest)
    shared = source.term.premium_minor - sum(
        each.value for each in amounts[1:] if isinstance(each.value, int)
    )
    for rounding in (Rounding.HALF_UP, Rounding.DOWN):
        others = [
            amount_of(_share(source, arrangement, amounts, place, rounding, Subject.PLANNED, None))
            for place in range(len(weights))
            if place != taker
        ]
        if sum(others) <= shared:
            return taker, rounding, others
    raise ValueError("shares that are rounded down come to more than there is")


def _share(
    source: LineSource,
    arrangement: Arrangement,
    amounts: tuple[Input, ...],
    place: int,
    rounding: Rounding,
    subject: Subject,
    recorded: int | None,
) -> Explained:
    inputs = (
        *amounts,
        Input(name="weight", value=arrangement.weights[place], unit=Unit.NUMBER),
        Input(name="weights", value=arrangement.total_weight, unit=Unit.NUMBER),
        *(counted_by(source.plan) if _is_by_days(source.plan) else ()),
    )
    return of_line(source, subject, Formula.PLAN_SHARE, inputs, recorded, rounding=rounding)
