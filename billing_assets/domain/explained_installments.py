"""Why the premium, the period and the dates of an invoice line are what they are.

Belongs here: from the term and the plan row of a line to the results that explain it, before tax.
Does not belong here: the formulas (``explanations``), tax (``explained_taxes``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from billing_assets.domain.billing_grids import first_grid_number, grid_day
from billing_assets.domain.explanations import (
    Explained,
    Formula,
    Input,
    Rounding,
    RuleRow,
    Subject,
    Unit,
    Value,
    amount_of,
    minor,
)
from billing_assets.domain.frequencies import FREQUENCIES, Frequency, PeriodUnit
from billing_assets.domain.invoice_sources import BilledTerm, LineSource
from billing_assets.domain.places import PLACES


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
    """What a calendar knows: closed days by place, and the grid of a pattern for one installment."""

    is_closed: Callable[[str, date], bool]
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
    >>> grid = cycle_grid(FREQUENCIES["monthly"], term, 2)
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


def _grid_of(source: LineSource, calendars: Calendars) -> TermGrid:
    """Return the grid of a line's term for the installment that the line bills."""
    frequency, number = FREQUENCIES[source.plan.frequency_code], source.line.installment_number
    if frequency.unit in (PeriodUnit.DAY, PeriodUnit.MONTH):
        return cycle_grid(frequency, source.term, number)
    return calendars.pattern_grid(frequency, source.term, number)


def explain_installment(
    source: LineSource, calendars: Calendars, *, price_contains_tax: bool
) -> tuple[Explained, ...]:
    """Return why a line's installment, period and price are what they are; the last result is the price.

    The price is the net amount, unless it contains tax.

    >>> from billing_assets.domain.sample_invoice import SAMPLE
    >>> calendars = Calendars(is_closed=lambda place, day: False, pattern_grid=lambda *term: None)
    >>> net = explain_installment(SAMPLE.lines[0], calendars, price_contains_tax=False)[-1]
    >>> net.formula.value, net.result, net.is_match
    ('equal_share', 4000, True)
    """
    grid = _grid_of(source, calendars)
    count, period = _count(source, grid), _period(source, grid)
    subject = Subject.PRICE if price_contains_tax else Subject.NET
    recorded = source.charge_net_minor if price_contains_tax else source.line.net_minor
    end = source.term.cover_end
    is_cut = end is not None and grid.period_from < end < grid.period_end
    planned = _planned(
        source, grid, Subject.PLANNED if is_cut else subject, recorded=None if is_cut else recorded
    )
    if not is_cut or end is None:
        return (count, period, *planned)
    part = _result(
        source,
        subject,
        Formula.COVERED_PART,
        (
            minor("planned", amount_of(planned[-1])),
            Input(name="cover_to_date", value=end, unit=Unit.DATE),
            Input(name="covered_days", value=(end - grid.period_from).days, unit=Unit.DAYS),
            Input(name="period_days", value=(grid.period_end - grid.period_from).days, unit=Unit.DAYS),
        ),
        recorded,
        rounding=Rounding.HALF_UP,
    )
    return (count, period, *planned, part)


def explain_dates(source: LineSource, calendars: Calendars, company_place_code: str) -> tuple[Explained, ...]:
    """Return why a line was planned to fall due, and to be billed, on its days.

    >>> from billing_assets.domain.sample_invoice import SAMPLE
    >>> new_year = date(2024, 1, 1)
    >>> calendars = Calendars(is_closed=lambda place, day: day == new_year, pattern_grid=lambda *term: None)
    >>> [str(each.result) for each in explain_dates(SAMPLE.lines[0], calendars, "ES")]
    ['2024-01-01', '2024-01-02', '2023-12-19']
    """
    plan, place_code = source.plan, source.term.place_code
    rules = (plan_row(source),)
    nominal = _result(
        source,
        Subject.NOMINAL_DUE_DATE,
        Formula.DAYS_AFTER,
        (
            Input(name="due_from_date", value=_grid_of(source, calendars).due_from, unit=Unit.DATE),
            Input(name="due_days", value=plan.due_days, unit=Unit.DAYS),
        ),
        rules=rules,
    )
    day = nominal.result
    if not isinstance(day, date):
        raise TypeError("a due date is a date")
    rolled = _result(
        source,
        Subject.PLANNED_DUE_DATE,
        Formula.ROLLED,
        (
            Input(name="nominal_due_date", value=day, unit=Unit.DATE),
            Input(name="roll", value=plan.due_roll.value, unit=Unit.CODE),
            *closed_inputs(place_code, day, calendars),
        ),
        source.charge_due_date,
        rules=(place_row(place_code),),
    )
    return (nominal, rolled, _billing_date(source, rolled.result, calendars, company_place_code))


def closed_inputs(place_code: str, day: date, calendars: Calendars) -> tuple[Input, ...]:
    """Return the place, and the closed days in a row around ``day``: no roll looks at any other day.

    >>> calendars = Calendars(
    ...     is_closed=lambda place, day: day.isoweekday() > 5, pattern_grid=lambda *term: None
    ... )
    >>> [str(day) for day in closed_inputs("ES", date(2024, 6, 2), calendars)[1].value]
    ['2024-06-01', '2024-06-02']
    """
    closed: set[date] = set()
    for step in (1, -1):
        candidate = day
        while calendars.is_closed(place_code, candidate):
            closed.add(candidate)
            candidate += timedelta(days=step)
    place = Input(name="place_code", value=place_code, unit=Unit.CODE)
    days = Input(name="closed_days", value=tuple(sorted(closed)), unit=Unit.DATES)
    return (place, days) if closed else (place,)


def plan_row(source: LineSource) -> RuleRow:
    """Return the plan row of a line, as a rule with its source.

    >>> from billing_assets.domain.sample_invoice import SAMPLE
    >>> plan_row(SAMPLE.lines[0]).code
    'monthly'
    """
    plan = source.plan
    return RuleRow(
        kind="payment_plan",
        code=plan.plan_code,
        row_id=source.payment_plan_id,
        valid_from=plan.valid_from,
        valid_to=plan.valid_to,
        source=plan.source,
    )


def place_row(place_code: str) -> RuleRow:
    """Return the calendar of a place, as a rule with its source.

    >>> place_row("ES").source
    'Estatuto de los Trabajadores art. 37.2: national days'
    """
    return RuleRow(kind="calendar", code=place_code, source=PLACES[place_code].source)


def _billing_date(
    source: LineSource, due_date: Value, calendars: Calendars, company_place_code: str
) -> Explained:
    plan = source.plan
    if not isinstance(due_date, date):
        raise TypeError("a due date is a date")
    return _result(
        source,
        Subject.BILLING_DATE,
        Formula.LEAD,
        (
            Input(name="due_date", value=due_date, unit=Unit.DATE),
            Input(name="lead_days", value=plan.lead_days, unit=Unit.DAYS),
            Input(name="roll", value=plan.generate_roll.value, unit=Unit.CODE),
            *closed_inputs(company_place_code, due_date - timedelta(days=plan.lead_days), calendars),
        ),
        source.charge_billing_date,
        rules=(plan_row(source), place_row(company_place_code)),
    )


def _count(source: LineSource, grid: TermGrid) -> Explained:
    inputs: tuple[Input, ...] = (*_frequency(source), *_term_days(source))
    formula = Formula.CYCLE_COUNT
    if not _is_cycle(source):
        formula = Formula.PATTERN_COUNT
        count = Input(name="installment_count", value=grid.installment_count, unit=Unit.COUNT)
        inputs = (*inputs, count)
    return _result(
        source,
        Subject.COUNT,
        formula,
        inputs,
        source.line.installment_count,
        rules=(_term_row(source), plan_row(source), _frequency_row(source)),
    )


def _period(source: LineSource, grid: TermGrid) -> Explained:
    line, end = source.line, source.term.cover_end
    number = Input(name="installment_number", value=line.installment_number, unit=Unit.NUMBER)
    cover = (Input(name="cover_to_date", value=end, unit=Unit.DATE),) if end is not None else ()
    recorded = (line.period_from_date, line.period_to_date)
    if _is_cycle(source):
        inputs = (number, *_frequency(source), *_term_days(source), *cover)
        return _result(source, Subject.PERIOD, Formula.CYCLE_PERIOD, inputs, recorded)
    planned = (
        Input(name="planned_from_date", value=grid.period_from, unit=Unit.DATE),
        Input(name="planned_to_date", value=grid.period_end, unit=Unit.DATE),
    )
    inputs = (number, *_frequency(source), *planned, *cover)
    return _result(source, Subject.PERIOD, Formula.PATTERN_PERIOD, inputs, recorded)


def _planned(
    source: LineSource, grid: TermGrid, subject: Subject, *, recorded: int | None
) -> tuple[Explained, ...]:
    """Return the results that lead to the planned amount; it is the last of them."""
    number, count = source.line.installment_number, grid.installment_count
    premium = minor("premium", source.term.premium_minor)
    if count == 1:
        return (_result(source, subject, Formula.WHOLE_PREMIUM, (premium,), recorded),)
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
    return (*before, _result(source, subject, Formula.REST, tuple(inputs), recorded))


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
    first, last = _weights(source, grid)
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
        inputs = (premium, count, Input(name="weight", value=weight, unit=Unit.NUMBER), *days)
    return _result(source, subject, formula, inputs, recorded, rounding=rounding)


def _weights(source: LineSource, grid: TermGrid) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the days of the first and of the last period, each with those of its grid period."""
    term = source.term
    return (
        ((grid.first_to - term.effective_date).days, (grid.first_to - grid.first_from).days),
        ((term.expiration_date - grid.last_from).days, (grid.last_to - grid.last_from).days),
    )


def _is_cycle(source: LineSource) -> bool:
    return FREQUENCIES[source.plan.frequency_code].unit in (PeriodUnit.DAY, PeriodUnit.MONTH)


def _frequency(source: LineSource) -> tuple[Input, ...]:
    row = FREQUENCIES[source.plan.frequency_code]
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
    row = FREQUENCIES[source.plan.frequency_code]
    return RuleRow(kind="frequency", code=row.frequency_code, source=row.pattern or row.meaning)


def _result(
    source: LineSource,
    subject: Subject,
    formula: Formula,
    inputs: tuple[Input, ...],
    recorded: Value | None = None,
    *,
    rounding: Rounding = Rounding.NONE,
    rules: tuple[RuleRow, ...] = (),
) -> Explained:
    return Explained(
        subject=subject,
        formula=formula,
        inputs=inputs,
        recorded=recorded,
        line_numbers=(source.line.line_number,),
        rounding=rounding,
        rules=rules,
        code=source.line.charge_kind,
    )
