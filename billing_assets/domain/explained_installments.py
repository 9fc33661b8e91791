"""Why the premium and the period of an invoice line are what they are.

Belongs here: from the term and the plan row of a line to the results that explain it, before tax.
Does not belong here: the formulas (``explanations``), tax (``explained_taxes``), dates
(``explained_dates``).
"""

from dataclasses import replace
from fractions import Fraction

from billing_assets.domain.billing_grids import Calendars, TermGrid, grid_at, grid_of
from billing_assets.domain.charges import INSTALLMENT_FEE
from billing_assets.domain.explained_arrangements import (
    Arrangement,
    arrangement_of,
    explain_count,
    explain_share,
    planned_amounts,
)
from billing_assets.domain.explained_charges import explain_charge, planned_of_charge
from billing_assets.domain.explained_dates import of_line, plan_row
from billing_assets.domain.explained_days import counted_by, partial_days
from billing_assets.domain.explained_payers import explain_payer
from billing_assets.domain.explained_words import Formula, Rounding, Subject, Unit
from billing_assets.domain.explanations import Explained, Input, RuleRow, amount_of, minor
from billing_assets.domain.frequencies import PeriodUnit, frequency_of
from billing_assets.domain.invoice_sources import LineSource


def explain_installment(
    source: LineSource, calendars: Calendars, *, price_contains_tax: bool
) -> tuple[Explained, ...]:
    """Return why a line's installment, period and price are what they are; the last result is the price.

    The price is the net amount, unless it contains tax. Of a term with several payers it is what one of them
    bears of the whole line, which is explained before.

    >>> from billing_assets.domain.sample_invoice import ALWAYS_OPEN, SAMPLE
    >>> net = explain_installment(SAMPLE.lines[0], ALWAYS_OPEN, price_contains_tax=False)[-1]
    >>> net.formula.value, net.result, net.is_match
    ('equal_share', 4000, True)
    """
    subject = Subject.PRICE if price_contains_tax else Subject.NET
    recorded = source.charge_net_minor if price_contains_tax else source.line.net_minor
    if not source.payer_number:
        return _line(source, calendars, subject, recorded)
    is_fee = source.line.charge_kind == INSTALLMENT_FEE.charge_kind
    whole_as = Subject.WHOLE_LINE if source.charge or is_fee else Subject.WHOLE_INSTALLMENT
    whole = _line(source, calendars, whole_as, None)
    before = 0 if is_fee else _planned_before(source, calendars)
    if source.charge:
        before = planned_of_charge(source, before)
    return (*whole, explain_payer(source, subject, before, amount_of(whole[-1]), recorded))


def _line(
    source: LineSource, calendars: Calendars, subject: Subject, recorded: int | None
) -> tuple[Explained, ...]:
    """Return why a line is what it is, whoever pays it."""
    grid = grid_of(source, calendars)
    arrangement = arrangement_of(source, grid, calendars) if source.plan.is_arranged else None
    if arrangement and source.line.installment_number == arrangement.installment_count:
        grid = replace(grid, period_end=source.term.expiration_date)
    count, period = _count(source, grid, arrangement), _period(source, grid, arrangement)
    if source.line.charge_kind == INSTALLMENT_FEE.charge_kind:
        fee = minor("installment_fee", source.plan.installment_fee_minor)
        return (count, period, of_line(source, subject, Formula.INSTALLMENT_FEE, (fee,), recorded))
    end = source.term.cover_end
    # Days that cost nothing are billed as planned wherever cover ends in them.
    period_days = source.days.between(grid.period_from, grid.period_end)
    is_cut = end is not None and grid.period_from < end < grid.period_end and period_days > 0
    whole_as = (Subject.WHOLE_INSTALLMENT, None) if source.charge else (subject, recorded)
    planned_as = (Subject.PLANNED, None) if is_cut else whole_as
    planned = (
        explain_share(source, arrangement, *planned_as)
        if arrangement
        else _planned(source, grid, *planned_as)
    )
    results = (count, period, *planned)
    if is_cut and end is not None:
        part = of_line(
            source,
            whole_as[0],
            Formula.COVERED_PART,
            (
                minor("planned", amount_of(planned[-1])),
                Input(name="cover_to_date", value=end, unit=Unit.DATE),
                Input(name="covered_days", value=source.days.between(grid.period_from, end), unit=Unit.DAYS),
                Input(name="period_days", value=period_days, unit=Unit.DAYS),
                *counted_by(source.plan),
            ),
            whole_as[1],
            rounding=Rounding.HALF_UP,
        )
        results = (*results, part)
    if source.charge is None:
        return results
    before = _planned_before(source, calendars)
    return (*results, explain_charge(source, subject, before, amount_of(results[-1]), recorded))


def _planned_before(source: LineSource, calendars: Calendars) -> int:
    """Return what the installments before that of a line are planned to come to."""
    return sum(planned_of_term(source, calendars)[: source.line.installment_number - 1])


def planned_of_term(source: LineSource, calendars: Calendars) -> tuple[int, ...]:
    """Return what each installment of a line's term is planned to come to, in the order of their numbers.

    >>> from billing_assets.domain.sample_invoice import ALWAYS_OPEN, SAMPLE
    >>> planned_of_term(SAMPLE.lines[0], ALWAYS_OPEN) == (4000,) * 12
    True
    """
    grid = grid_at(source, calendars, 1)
    if source.plan.is_arranged:
        return planned_amounts(source, arrangement_of(source, grid, calendars))
    count, premium = grid.installment_count, source.term.premium_minor
    if count == 1:
        return (premium,)
    rounding = _rounding(source, grid)
    first, middle = (
        amount_of(_share(source, grid, Subject.PLANNED, rounding, None, is_first=is_first))
        for is_first in (True, False)
    )
    before_last = (first, *(middle,) * (count - 2))
    return (*before_last, premium - sum(before_last))


def _count(source: LineSource, grid: TermGrid, arrangement: Arrangement | None) -> Explained:
    inputs: tuple[Input, ...] = (*_frequency(source), *_term_days(source))
    rules = (_term_row(source), plan_row(source), _frequency_row(source))
    if arrangement:
        return explain_count(source, arrangement, inputs, rules)
    formula = Formula.CYCLE_COUNT
    if not _is_cycle(source):
        formula = Formula.PATTERN_COUNT
        count = Input(name="installment_count", value=grid.installment_count, unit=Unit.COUNT)
        inputs = (*inputs, count)
    return of_line(
        source,
        Subject.COUNT,
        formula,
        inputs,
        source.line.installment_count,
        rules=rules,
    )


def _period(source: LineSource, grid: TermGrid, arrangement: Arrangement | None) -> Explained:
    line, end = source.line, source.term.cover_end
    number = Input(name="installment_number", value=line.installment_number, unit=Unit.NUMBER)
    cover = (Input(name="cover_to_date", value=end, unit=Unit.DATE),) if end is not None else ()
    recorded = (line.period_from_date, line.period_to_date)
    if _is_cycle(source) and not arrangement:
        inputs = (number, *_frequency(source), *_term_days(source), *cover)
        return of_line(source, Subject.PERIOD, Formula.CYCLE_PERIOD, inputs, recorded)
    planned = (
        Input(name="planned_from_date", value=grid.period_from, unit=Unit.DATE),
        Input(name="planned_to_date", value=grid.period_end, unit=Unit.DATE),
    )
    inputs = (number, *_frequency(source), *planned, *cover)
    return of_line(source, Subject.PERIOD, Formula.PATTERN_PERIOD, inputs, recorded)


def _planned(
    source: LineSource, grid: TermGrid, subject: Subject, recorded: int | None
) -> tuple[Explained, ...]:
    """Return the results that lead to the planned amount; it is the last of them."""
    number, count = source.line.installment_number, grid.installment_count
    premium = minor("premium", source.term.premium_minor)
    if count == 1:
        return (of_line(source, subject, Formula.WHOLE_PREMIUM, (premium,), recorded),)
    rounding = _rounding(source, grid)
    if number < count:
        return (_share(source, grid, subject, rounding, recorded, is_first=number == 1),)
    first = _share(source, grid, Subject.FIRST_SHARE, rounding, None, is_first=True)
    inputs = [premium, Input(name="installment_count", value=count, unit=Unit.COUNT)]
    inputs.append(minor("first_share", amount_of(first)))
    before = [first]
    if count > 2:  # noqa: PLR2004 - between the first and the last
        before.append(_share(source, grid, Subject.MIDDLE_SHARE, rounding, None, is_first=False))
        inputs.append(minor("middle_share", amount_of(before[-1])))
    return (*before, of_line(source, subject, Formula.REST, tuple(inputs), recorded))


def _rounding(source: LineSource, grid: TermGrid) -> Rounding:
    """Return half-up, or down where half-up would bill more than the premium before the last installment."""
    first, middle = (
        amount_of(_share(source, grid, Subject.FIRST_SHARE, Rounding.HALF_UP, None, is_first=is_first))
        for is_first in (True, False)
    )
    is_too_much = first + (grid.installment_count - 2) * middle > source.term.premium_minor
    return Rounding.DOWN if is_too_much else Rounding.HALF_UP


def _share(
    source: LineSource,
    grid: TermGrid,
    subject: Subject,
    rounding: Rounding,
    recorded: int | None,
    *,
    is_first: bool,
) -> Explained:
    premium = minor("premium", source.term.premium_minor)
    count = Input(name="installment_count", value=grid.installment_count, unit=Unit.COUNT)
    first, last = partial_days(source, grid)
    if first[0] == first[1] and last[0] == last[1]:
        inputs: tuple[Input, ...] = (premium, count)
        formula = Formula.EQUAL_SHARE
    else:
        formula = Formula.WEIGHTED_SHARE
        weight = Fraction(*first) if is_first else Fraction(1)
        names = ("first_days", "first_full_days", "last_days", "last_full_days")
        days = (
            Input(name=name, value=value, unit=Unit.DAYS)
            for name, value in zip(names, (*first, *last), strict=True)
        )
        weighed = Input(name="weight", value=weight, unit=Unit.NUMBER)
        inputs = (premium, count, weighed, *days, *counted_by(source.plan))
    return of_line(source, subject, formula, inputs, recorded, rounding=rounding)


def _is_cycle(source: LineSource) -> bool:
    return frequency_of(source.plan.frequency_code, source.plan.pattern).unit in (
        PeriodUnit.DAY,
        PeriodUnit.MONTH,
    )


def _frequency(source: LineSource) -> tuple[Input, ...]:
    row = frequency_of(source.plan.frequency_code, source.plan.pattern)
    code = Input(name="frequency_code", value=row.frequency_code, unit=Unit.CODE)
    if not _is_cycle(source):
        pattern = Input(name="pattern", value=row.pattern, unit=Unit.CODE)
        return (code, pattern) if row.pattern else (code,)
    return (
        code,
        Input(name="anchor_date", value=source.term.anchor_date, unit=Unit.DATE),
        Input(name="cycle_step", value=row.step, unit=Unit.COUNT),
        Input(name="cycle_unit", value=row.unit.value, unit=Unit.CODE),
    )


def _term_days(source: LineSource) -> tuple[Input, ...]:
    term = source.term
    return (
        Input(name="effective_date", value=term.effective_date, unit=Unit.DATE),
        Input(name="expiration_date", value=term.expiration_date, unit=Unit.DATE),
        Input(name="term_days", value=(term.expiration_date - term.effective_date).days, unit=Unit.DAYS),
    )


def _term_row(source: LineSource) -> RuleRow:
    """Return the version of the policy term that a line froze, as a row with its source."""
    term, line = source.term, source.line
    return RuleRow(
        kind="policy_term",
        code=line.policy_number,
        row_id=term.policy_term_version_id,
        valid_from=term.effective_date,
        valid_to=term.expiration_date,
        source=term.file_name,
    )


def _frequency_row(source: LineSource) -> RuleRow:
    row = frequency_of(source.plan.frequency_code, source.plan.pattern)
    return RuleRow(kind="frequency", code=row.frequency_code, source=row.pattern or row.meaning)
