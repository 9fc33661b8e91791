"""Why the dates and the number of an invoice are what they are.

Belongs here: when a line falls due and is billed, date of issue, tax point, number, the due date that is
printed, with the closed days that moved each of them.
Does not belong here: the formulas (``explanations``), amounts (``explained_installments``).
"""

from collections.abc import Callable
from datetime import date, timedelta

from billing_assets.domain.billing_grids import Calendars, grid_at
from billing_assets.domain.business_days import HolidayBehaviour, LeadUnit, Roll, StepUnit, advance
from billing_assets.domain.explained_words import Formula, Rounding, Subject, Unit
from billing_assets.domain.explanations import Explained, Input, RuleRow, Value, minor
from billing_assets.domain.invoice_sources import InvoiceSources, LineSource
from billing_assets.domain.places import PLACES

_WAYS = {Roll.NONE: (), Roll.FOLLOWING: (1,), Roll.PRECEDING: (-1,)}
"""Which ways a roll looks; the others look both ways."""


def explain_dates(
    source: LineSource, calendars: Calendars, company_place_code: str, due_with_number: int
) -> tuple[Explained, ...]:
    """Return why a line was planned to fall due, and to be billed, on its days.

    ``due_with_number`` is the installment with which it is due: its own, unless it waits for another.

    >>> from dataclasses import replace
    >>> from billing_assets.domain.sample_invoice import ALWAYS_OPEN, SAMPLE
    >>> new_year = date(2024, 1, 1)
    >>> calendars = replace(ALWAYS_OPEN, is_due_closed=lambda place, day: day == new_year)
    >>> [str(each.result) for each in explain_dates(SAMPLE.lines[0], calendars, "ES", 1)]
    ['2024-01-01', '2024-01-02', '2023-12-19']
    """
    plan, place_code = source.plan, source.term.place_code
    rules = (plan_row(source),)
    grid = grid_at(source, calendars, due_with_number)
    inputs: tuple[Input, ...] = (
        Input(name="due_from_date", value=grid.due_from, unit=Unit.DATE),
        Input(name="due_days", value=plan.due_days, unit=Unit.DAYS),
    )
    formula = Formula.DAYS_AFTER
    if due_with_number != source.line.installment_number:
        formula = Formula.DAYS_AFTER_WAITING
        with_number = Input(name="due_with_number", value=due_with_number, unit=Unit.NUMBER)
        inputs = (*inputs, with_number, minor("minimum_bill", plan.minimum_bill_minor))
    nominal = of_line(source, Subject.NOMINAL_DUE_DATE, formula, inputs, rules=rules)
    day = _date_of(nominal)
    rolled = of_line(
        source,
        Subject.PLANNED_DUE_DATE,
        Formula.ROLLED,
        (
            Input(name="nominal_due_date", value=day, unit=Unit.DATE),
            Input(name="roll", value=plan.due_roll.value, unit=Unit.CODE),
            *closed_inputs(place_code, day, calendars.is_due_closed, plan.due_roll),
        ),
        source.charge_due_date,
        rules=(place_row(place_code),),
    )
    return (nominal, rolled, _billing_date(source, _date_of(rolled), calendars, company_place_code))


def closed_inputs(
    place_code: str, day: date, is_closed: Callable[[str, date], bool], roll: Roll
) -> tuple[Input, ...]:
    """Return the place, and the closed days in a row from ``day`` on, as far as the roll looks at them.

    >>> def is_weekend(place, day):
    ...     return day.isoweekday() > 5
    >>> for roll in (Roll.FOLLOWING, Roll.PRECEDING):
    ...     [str(day) for day in closed_inputs("ES", date(2024, 6, 2), is_weekend, roll)[1].value]
    ['2024-06-02']
    ['2024-06-01', '2024-06-02']
    """
    place = Input(name="place_code", value=place_code, unit=Unit.CODE)
    if not is_closed(place_code, day):
        return (place,)
    closed = {day}
    for step in _WAYS.get(roll, (1, -1)):
        candidate = day + timedelta(days=step)
        while is_closed(place_code, candidate):
            closed.add(candidate)
            candidate += timedelta(days=step)
    return (place, Input(name="closed_days", value=tuple(sorted(closed)), unit=Unit.DATES))


def of_line(
    source: LineSource,
    subject: Subject,
    formula: Formula,
    inputs: tuple[Input, ...],
    recorded: Value | None = None,
    *,
    rounding: Rounding = Rounding.NONE,
    rules: tuple[RuleRow, ...] = (),
) -> Explained:
    """Return a result that concerns one line.

    >>> from billing_assets.domain.sample_invoice import SAMPLE
    >>> of_line(SAMPLE.lines[0], Subject.NET, Formula.SUM, ()).line_numbers
    (1,)
    """
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


def explain_issue(sources: InvoiceSources) -> list[Explained]:
    """Return why the tax point, the date of issue and the number of an invoice are what they are.

    >>> from billing_assets.domain.sample_invoice import SAMPLE
    >>> [str(each.result) for each in explain_issue(SAMPLE)]
    ['2024-01-01', '2023-12-19', 'INV-00000042']
    """
    invoice, issue = sources.invoice, sources.issue
    periods = tuple(
        Input(
            name="period_from_date",
            value=source.line.period_from_date,
            unit=Unit.DATE,
            of=str(source.line.line_number),
        )
        for source in sources.lines
    )
    days = [Input(name="issuing_date", value=issue.run_issuing_date, unit=Unit.DATE)]
    if issue.previous_issue_date is not None:
        previous = issue.previous_issue_date
        days.append(Input(name="previous_issue_date", value=previous, unit=Unit.DATE))
    number = (
        Input(name="prefix", value=issue.prefix, unit=Unit.CODE),
        Input(name="previous_number", value=issue.number - 1, unit=Unit.NUMBER),
    )
    return [
        Explained(
            subject=Subject.TAX_POINT,
            formula=Formula.EARLIEST,
            inputs=periods,
            recorded=invoice.tax_point_date,
        ),
        Explained(
            subject=Subject.ISSUE_DATE,
            formula=Formula.LATEST,
            inputs=tuple(days),
            recorded=invoice.issue_date,
        ),
        Explained(
            subject=Subject.INVOICE_NUMBER,
            formula=Formula.NEXT_NUMBER,
            inputs=number,
            recorded=invoice.invoice_number,
        ),
    ]


def explain_due_date(sources: InvoiceSources, calendars: Calendars) -> Explained:
    """Return why the due date is the one that is printed: the planned one, unless it leaves too little time.

    >>> from billing_assets.domain.sample_invoice import ALWAYS_OPEN, SAMPLE
    >>> explain_due_date(SAMPLE, ALWAYS_OPEN).result
    datetime.date(2024, 1, 2)
    """
    invoice, first = sources.invoice, sources.lines[0]
    minimum, place_code = first.plan.minimum_payment_days, first.term.place_code
    earliest = invoice.issue_date + timedelta(days=minimum)
    planned = max(source.charge_due_date for source in sources.lines)
    is_moved = planned < earliest
    return Explained(
        subject=Subject.DUE_DATE,
        formula=Formula.TIME_TO_PAY,
        inputs=(
            Input(name="planned_due_date", value=planned, unit=Unit.DATE),
            Input(name="issue_date", value=invoice.issue_date, unit=Unit.DATE),
            Input(name="minimum_payment_days", value=minimum, unit=Unit.DAYS),
            *(
                closed_inputs(place_code, earliest, calendars.is_due_closed, Roll.FOLLOWING)
                if is_moved
                else ()
            ),
        ),
        recorded=invoice.due_date,
        rules=(plan_row(first), place_row(place_code)) if is_moved else (plan_row(first),),
    )


def _date_of(result: Explained) -> date:
    value = result.result
    if not isinstance(value, date):
        raise TypeError(f"{result.subject} is no date")
    return value


def _billing_date(
    source: LineSource, due_date: date, calendars: Calendars, company_place_code: str
) -> Explained:
    plan = source.plan
    is_closed = calendars.is_generate_closed
    raw_date = due_date - timedelta(days=plan.lead_days)
    roll = Roll.NONE if plan.holiday_behaviour == HolidayBehaviour.HOLD_SENDING else plan.generate_roll
    calendar = closed_inputs(company_place_code, raw_date, is_closed, roll)
    if plan.lead_unit == LeadUnit.BUSINESS and plan.lead_days:
        calendar = _closed_before(company_place_code, due_date, plan.lead_days, is_closed)
    return of_line(
        source,
        Subject.BILLING_DATE,
        Formula.LEAD,
        (
            Input(name="due_date", value=due_date, unit=Unit.DATE),
            Input(name="lead_days", value=plan.lead_days, unit=Unit.DAYS),
            Input(name="lead_unit", value=str(plan.lead_unit), unit=Unit.CODE),
            Input(name="roll", value=roll.value, unit=Unit.CODE),
            *calendar,
        ),
        source.charge_billing_date,
        rules=(plan_row(source), place_row(company_place_code)),
    )


def _closed_before(
    place_code: str, day: date, open_days: int, is_closed: Callable[[str, date], bool]
) -> tuple[Input, ...]:
    """Return the place, and the closed days that a lead in open days skips."""
    first = advance(day, -open_days, StepUnit.DAYS, lambda each: is_closed(place_code, each))
    days = (first + timedelta(days=number) for number in range((day - first).days + 1))
    closed = tuple(each for each in days if is_closed(place_code, each))
    place = Input(name="place_code", value=place_code, unit=Unit.CODE)
    return (place, Input(name="closed_days", value=closed, unit=Unit.DATES)) if closed else (place,)
