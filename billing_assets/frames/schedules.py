"""Billing schedules: the periods and dates of a term's installments, before any money.

Belongs here: which periods a plan makes between two dates, and when each is due and billed.
Does not belong here: amounts and what cover leaves of them (``installments``), what is due (``due_charges``).

Terms of one plan, place and the same dates have one schedule. It is worked out once for all of them, so that
the work grows with the number of different schedules and not with the number of policies.
"""

import polars as pl

from billing_assets.domain.business_days import HolidayBehaviour, LeadUnit
from billing_assets.domain.frequencies import FREQUENCIES, OWN_UNITS, PeriodUnit
from billing_assets.frames.arrangements import is_arranged
from billing_assets.frames.columns import PERIOD_SCHEMA
from billing_assets.frames.date_tables import DateTables
from billing_assets.frames.dated_rows import is_valid_on, refuse_overlaps
from billing_assets.frames.recurrence import pattern_periods
from billing_assets.frames.term_days import Days, actual_days, grid_days, names_a_count, weighing_days

SCHEDULE_KEY = ("plan_code", "place_code", "effective_date", "expiration_date", "anchor_date")
"""What a schedule depends on, besides the plan's row: terms that agree in these have the same schedule."""

FREQUENCY_ROWS = pl.DataFrame(
    [
        *((row.frequency_code, row.unit.value, row.step, row.pattern) for row in FREQUENCIES.values()),
        *((code, unit.value, 1, "") for code, unit in OWN_UNITS.items()),
    ],
    schema={"frequency_code": pl.String, "unit": pl.String, "step": pl.Int64, "shipped_pattern": pl.String},
    orient="row",
)
_IS_MONTHS = pl.col("unit") == PeriodUnit.MONTH.value


_CYCLES = [PeriodUnit.DAY.value, PeriodUnit.MONTH.value]


def schedules_of(terms: pl.DataFrame, plans: pl.DataFrame) -> pl.DataFrame:
    """Return the different schedules of terms: ``schedule_id``, ``SCHEDULE_KEY``, and the plan row's columns.

    ``is_arranged`` stands beside them. The plan row is the one valid on the effective date. Schedules
    without such a row keep nulls there (outcome ``no_plan_row``).

    Raises:
        BillingError: ``rule_rows_overlap``: two rows of one plan are valid on a day and would double a term.

    >>> from datetime import date
    >>> day = date(2024, 2, 1)
    >>> term = {"place_code": "ES", "effective_date": day, "expiration_date": day, "anchor_date": day}
    >>> terms = pl.DataFrame([{**term, "plan_code": code} for code in ("x", "y", "x")])
    >>> plan = {
    ...     "payment_plan_id": 1,
    ...     "plan_code": "x",
    ...     "frequency_code": "quarterly",
    ...     "pattern": "",
    ...     "maximum_installment_count": 0,
    ...     "residual": "last",
    ...     "down_payment_ppm": 0,
    ...     "down_payment_minor": 0,
    ...     "installment_fee_minor": 0,
    ...     "minimum_bill_minor": 0,
    ...     "blackout_days": 0,
    ...     "day_count": "actual_term",
    ...     "valid_from": date(1990, 1, 1),
    ...     "valid_to": None,
    ... }
    >>> schedules_of(terms, pl.DataFrame([plan])).select("plan_code", "unit", "step").sort("plan_code").rows()
    [('x', 'month', 3), ('y', None, None)]
    """
    refuse_overlaps(plans, ["plan_code"])
    arranged = plans.lazy().with_columns(is_arranged=is_arranged())
    is_shipped = pl.col("pattern") == ""
    rows = (
        arranged.join(FREQUENCY_ROWS.lazy(), on="frequency_code", how="inner")
        .with_columns(pattern=pl.when(is_shipped).then("shipped_pattern").otherwise("pattern"))
        .drop("shipped_pattern")
    )
    schedules = terms.select(SCHEDULE_KEY).unique(maintain_order=True).with_row_index("schedule_id").lazy()
    schedules = schedules.with_columns(pl.col("schedule_id").cast(pl.Int64))
    valid = (
        schedules.select("schedule_id", "plan_code", "effective_date")
        .join(rows, on="plan_code", how="inner")
        .filter(is_valid_on(pl.col("effective_date")))
        .drop("plan_code", "effective_date", "valid_from", "valid_to")
    )
    return schedules.join(valid, on="schedule_id", how="left", maintain_order="left").collect()


def grid_date(anchor: pl.Expr, number: pl.Expr) -> pl.Expr:
    """Return the grid date ``anchor + number * step`` of each row's frequency; months clamp to the month end.

    >>> from datetime import date
    >>> row = pl.DataFrame({"a": [date(2024, 1, 31)], "unit": ["month"], "step": [1], "k": [1]})
    >>> row.select(grid_date(pl.col("a"), pl.col("k"))).item()
    datetime.date(2024, 2, 29)
    """
    steps = number.cast(pl.Int64) * pl.col("step")
    months = anchor.dt.offset_by(pl.format("{}mo", pl.when(_IS_MONTHS).then(steps).otherwise(0)))
    return pl.when(_IS_MONTHS).then(months).otherwise(anchor + pl.duration(days=steps))


def _first_grid_number(after: pl.Expr, *, or_on: bool) -> pl.Expr:
    """Return the smallest j whose grid date lies after a date (or on it)."""
    anchor = pl.col("anchor_date")
    day_distance = (after - anchor).dt.total_days()
    month_distance = (
        (after.dt.year().cast(pl.Int64) - anchor.dt.year()) * 12 + after.dt.month() - anchor.dt.month()
    )
    by_day = (day_distance + pl.col("step") - 1 if or_on else day_distance + pl.col("step")) // pl.col("step")
    low = month_distance // pl.col("step")
    reached = grid_date(anchor, low) >= after if or_on else grid_date(anchor, low) > after
    return pl.when(_IS_MONTHS).then(pl.when(reached).then(low).otherwise(low + 1)).otherwise(by_day)


def periods_of(schedules: pl.DataFrame, horizon: pl.Expr) -> pl.DataFrame:
    """Return one row per installment of the schedules, for periods that begin before ``horizon``.

    ``schedules`` as :func:`schedules_of` gives them, those without a plan row left out. ``horizon`` is a date
    per row; the bound is generous, later filters are exact. Columns beside those of the schedule:
    ``installment_number`` (from 1), ``installment_count`` (of the whole term), ``period_from_date`` and
    ``period_end_date`` (where the period ends if cover does not end before), ``due_from_date`` (from which
    due days count), and the days that weigh the first and last period: ``first_days`` and ``last_days``,
    ``first_full_days`` and ``last_full_days`` of the grid periods in which they lie, by ``day_count``.

    >>> from datetime import date
    >>> row = {
    ...     "schedule_id": 0,
    ...     "anchor_date": date(2024, 1, 1),
    ...     "effective_date": date(2024, 1, 16),
    ...     "expiration_date": date(2024, 4, 1),
    ...     "unit": "month",
    ...     "step": 1,
    ...     "pattern": "",
    ...     "day_count": "actual_term",
    ... }
    >>> periods_of(pl.DataFrame([row]), pl.lit(date(2024, 1, 31))).select(
    ...     "installment_number",
    ...     "installment_count",
    ...     pl.col("period_from_date").cast(pl.String),
    ...     "first_days",
    ... ).rows()
    [(1, 3, '2024-01-16', 16), (2, 3, '2024-02-01', 16)]
    """
    is_cycle = pl.col("unit").is_in(_CYCLES)
    days = grid_days if names_a_count(schedules) else actual_days
    cycles = _with_borders(_with_numbers(_with_counts(schedules.filter(is_cycle).lazy(), days), horizon))
    shaped = cycles.select(pl.col(name).cast(dtype) for name, dtype in PERIOD_SCHEMA.items()).collect()
    periods = pl.concat([shaped, pattern_periods(schedules, days)])
    return periods.join(schedules, on="schedule_id", how="inner", maintain_order="left")


def _with_counts(schedules: pl.LazyFrame, days: Days) -> pl.LazyFrame:
    """Add ``installment_count``, ``grid_number`` (where the first period ends) and the weighing days."""
    grid = schedules.with_columns(
        grid_number=_first_grid_number(pl.col("effective_date"), or_on=False)
    ).with_columns(
        installment_count=_first_grid_number(pl.col("expiration_date"), or_on=True)
        - pl.col("grid_number")
        + 1
    )
    first_full_from = grid_date(pl.col("anchor_date"), pl.col("grid_number") - 1)
    first_full_to = grid_date(pl.col("anchor_date"), pl.col("grid_number"))
    last_number = pl.col("grid_number") + pl.col("installment_count") - 1
    last_full_from = grid_date(pl.col("anchor_date"), last_number - 1)
    last_full_to = grid_date(pl.col("anchor_date"), last_number)
    return grid.with_columns(
        **weighing_days(days, first_full_from, first_full_to, last_full_from, last_full_to)
    )


def _with_numbers(schedules: pl.LazyFrame, horizon: pl.Expr) -> pl.LazyFrame:
    """Return one row per schedule and installment number, none where nothing begins before ``horizon``."""
    step_days = pl.when(_IS_MONTHS).then(pl.col("step") * 28).otherwise(pl.col("step"))
    reach = (horizon - pl.col("effective_date")).dt.total_days()
    wanted = pl.min_horizontal(pl.col("installment_count"), reach // step_days + 2)
    upper = pl.when(reach < 0).then(0).otherwise(wanted)
    return (
        schedules.with_columns(installment_number=pl.int_ranges(1, upper + 1))
        .filter(pl.col("installment_number").list.len() > 0)
        .explode("installment_number")
    )


def _with_borders(installments: pl.LazyFrame) -> pl.LazyFrame:
    number = pl.col("installment_number")
    start = grid_date(pl.col("anchor_date"), pl.col("grid_number") + number - 2)
    end = grid_date(pl.col("anchor_date"), pl.col("grid_number") + number - 1)
    return installments.with_columns(
        period_from_date=pl.when(number == 1).then(pl.col("effective_date")).otherwise(start),
        period_end_date=pl.min_horizontal(end, pl.col("expiration_date")),
    ).with_columns(due_from_date=pl.col("period_from_date"))


def with_dates(installments: pl.LazyFrame, tables: DateTables) -> pl.LazyFrame:
    """Add ``nominal_due_date``, ``due_date`` and ``billing_date`` by the tables of a book's dates.

    A plan that holds the sending is billed on the day of its lead itself; the others on an open day, as their
    ``generate_roll`` says.

    >>> from datetime import date
    >>> from billing_assets.frames.calendars import CompanyCalendar
    >>> from billing_assets.frames.date_tables import date_tables
    >>> row = {
    ...     "due_from_date": date(2024, 6, 1),
    ...     "due_days": 0,
    ...     "lead_days": 14,
    ...     "lead_unit": "calendar",
    ...     "place_code": "ES",
    ...     "due_roll": "following",
    ...     "generate_roll": "preceding",
    ...     "holiday_behaviour": "next_open_day",
    ... }
    >>> business = {**row, "lead_unit": "business"}
    >>> rows = pl.DataFrame([row, business])
    >>> tables = date_tables(rows, CompanyCalendar(place_code="ES"))
    >>> with_dates(rows.lazy(), tables).sort("lead_unit").select(
    ...     pl.col("due_date", "billing_date").cast(pl.String)
    ... ).collect().rows()
    [('2024-06-03', '2024-05-14'), ('2024-06-03', '2024-05-20')]
    """
    due_rolls = tables.due_rolls.lazy().rename(
        {"day": "nominal_due_date", "roll": "due_roll", "rolled_date": "due_date"}
    )
    generate_rolls = tables.generate_rolls.lazy().select(
        pl.col("roll").alias("generate_roll"),
        pl.col("day").alias("raw_billing_date"),
        pl.col("rolled_date").alias("rolled_billing_date"),
    )
    holds = pl.col("holiday_behaviour") == HolidayBehaviour.HOLD_SENDING.value
    due = installments.with_columns(
        nominal_due_date=pl.col("due_from_date") + pl.duration(days="due_days")
    ).join(due_rolls, on=["place_code", "due_roll", "nominal_due_date"], how="left")
    return (
        _with_lead(due, tables.open_days)
        .join(generate_rolls, on=["generate_roll", "raw_billing_date"], how="left")
        .with_columns(billing_date=pl.when(holds).then("raw_billing_date").otherwise("rolled_billing_date"))
        .drop("raw_billing_date", "rolled_billing_date")
    )


def _with_lead(due: pl.LazyFrame, open_days: pl.DataFrame | None) -> pl.LazyFrame:
    """Add ``raw_billing_date``, the due date less the lead; no ``open_days`` where no plan counts them."""
    by_calendar = pl.col("due_date") - pl.duration(days="lead_days")
    if open_days is None:
        return due.with_columns(raw_billing_date=by_calendar)
    by_business = (pl.col("lead_unit") == LeadUnit.BUSINESS.value) & (pl.col("lead_days") > 0)
    counts = open_days.lazy().select(pl.col("day").alias("due_date"), "open_count")
    days = open_days.lazy().filter("is_open").select("open_count", pl.col("day").alias("open_date"))
    return (
        due.join(counts, on="due_date", how="left")
        .with_columns(open_count=pl.col("open_count") - pl.col("lead_days"))
        .join(days, on="open_count", how="left")
        .with_columns(raw_billing_date=pl.when(by_business).then("open_date").otherwise(by_calendar))
        .drop("open_count", "open_date")
    )
