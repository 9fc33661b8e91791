"""From policy terms to installments: periods, planned amounts, early ends, dates.

Belongs here: the formulas of ``docs/explanation/calculation.md`` down to the installment.
Does not belong here: which installments a run takes (``due_charges``), tax and invoices (``invoices``).

Input is a terms frame (``columns.TERM_SCHEMA``) with the plan's columns joined on by :func:`with_plan`.
"""

import polars as pl

from billing_assets.domain.frequencies import FREQUENCIES, PeriodUnit
from billing_assets.frames.dated_rows import is_valid_on, refuse_overlaps
from billing_assets.frames.rounding import divide_down, divide_half_up, wide

FREQUENCY_ROWS = pl.DataFrame(
    [(row.frequency_code, row.unit.value, row.step) for row in FREQUENCIES.values()],
    schema={"frequency_code": pl.String, "unit": pl.String, "step": pl.Int64},
    orient="row",
)
_IS_MONTHS = pl.col("unit") == PeriodUnit.MONTH.value


def with_plan(terms: pl.LazyFrame, plans: pl.DataFrame) -> pl.LazyFrame:
    """Return terms with the columns of the plan row that is valid on their effective date.

    Terms without such a row keep nulls there (outcome ``no_plan_row``).

    Raises:
        BillingError: ``rule_rows_overlap``: two rows of one plan are valid on a day and would double a term.

    >>> from datetime import date
    >>> terms = pl.LazyFrame({"plan_code": ["x", "y"], "effective_date": [date(2024, 2, 1)] * 2})
    >>> plans = pl.DataFrame(
    ...     {
    ...         "payment_plan_id": [1],
    ...         "plan_code": ["x"],
    ...         "frequency_code": ["quarterly"],
    ...         "valid_from": [date(1990, 1, 1)],
    ...         "valid_to": [None],
    ...     }
    ... )
    >>> with_plan(terms, plans).select("plan_code", "unit", "step").sort("plan_code").collect().rows()
    [('x', 'month', 3), ('y', None, None)]
    """
    refuse_overlaps(plans, ["plan_code"])
    rows = plans.lazy().join(FREQUENCY_ROWS.lazy(), on="frequency_code", how="inner")
    terms = terms.with_row_index("term_row")
    valid = (
        terms.select("term_row", "plan_code", "effective_date")
        .join(rows, on="plan_code", how="inner")
        .filter(is_valid_on(pl.col("effective_date")))
        .drop("plan_code", "effective_date", "valid_from", "valid_to")
    )
    return terms.join(valid, on="term_row", how="left").drop("term_row")


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


def with_shares(terms: pl.LazyFrame) -> pl.LazyFrame:
    """Return terms with ``installment_count`` and the planned amounts of their installments.

    Adds ``grid_number`` (the j at which the first period ends), ``first_minor`` ``middle_minor`` and
    ``last_minor``: what the first, each middle, and the last installment plan (Int64, sum = premium). The
    one installment of a term that has no other is both its first and its last; no middle one then counts.

    >>> from datetime import date
    >>> term = {
    ...     "anchor_date": date(2024, 1, 1),
    ...     "effective_date": date(2024, 1, 1),
    ...     "unit": "month",
    ...     "step": 1,
    ...     "expiration_date": date(2024, 4, 1),
    ...     "premium_minor": 100_00,
    ... }
    >>> with_shares(pl.LazyFrame([term])).select(
    ...     "installment_count", "first_minor", "middle_minor", "last_minor"
    ... ).collect().row(0)
    (3, 3333, 3333, 3334)
    """
    grid = terms.with_columns(
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
    days = grid.with_columns(
        first_days=(first_full_to - pl.col("effective_date")).dt.total_days(),
        first_full_days=(first_full_to - first_full_from).dt.total_days(),
        last_days=(pl.col("expiration_date") - last_full_from).dt.total_days(),
        last_full_days=(last_full_to - last_full_from).dt.total_days(),
    )
    return _with_amounts(days).drop("first_days", "first_full_days", "last_days", "last_full_days")


def _with_amounts(days: pl.LazyFrame) -> pl.LazyFrame:
    """Round the weighted shares: half-up, or down where half-up would bill more than there is."""
    premium, count = wide(pl.col("premium_minor")), pl.col("installment_count")
    first, first_full = wide(pl.col("first_days")), wide(pl.col("first_full_days"))
    last, last_full = wide(pl.col("last_days")), wide(pl.col("last_full_days"))
    weights = wide(count - 2) * first_full * last_full + first * last_full + last * first_full
    first_top, middle_top = premium * first * last_full, premium * first_full * last_full
    rounded = days.with_columns(
        first_minor=divide_half_up(first_top, weights),
        middle_minor=divide_half_up(middle_top, weights),
        first_down_minor=divide_down(first_top, weights),
        middle_down_minor=divide_down(middle_top, weights),
    )
    before_last = wide(pl.col("first_minor")) + wide(count - 2) * wide(pl.col("middle_minor"))
    is_too_much = before_last > premium
    chosen = rounded.with_columns(
        first_minor=pl.when(is_too_much).then(pl.col("first_down_minor")).otherwise(pl.col("first_minor")),
        middle_minor=pl.when(is_too_much).then(pl.col("middle_down_minor")).otherwise(pl.col("middle_minor")),
    ).drop("first_down_minor", "middle_down_minor")
    rest = pl.col("premium_minor") - pl.col("first_minor") - (count - 2) * pl.col("middle_minor")
    return chosen.with_columns(
        first_minor=pl.when(count == 1).then(pl.col("premium_minor")).otherwise(pl.col("first_minor")),
        last_minor=pl.when(count == 1).then(pl.col("premium_minor")).otherwise(rest),
    )


def with_numbers(terms: pl.LazyFrame, horizon: pl.Expr) -> pl.LazyFrame:
    """Return one row per term and ``installment_number``, for periods that begin before ``horizon``.

    ``horizon`` is a date per row; the bound is generous, later filters are exact. A term with no period
    before it has no row.

    >>> from datetime import date
    >>> terms = pl.LazyFrame(
    ...     {"effective_date": [date(2024, 1, 1)], "installment_count": [12], "unit": ["month"], "step": [1]}
    ... )
    >>> with_numbers(terms, pl.lit(date(2024, 2, 10))).collect()["installment_number"].to_list()
    [1, 2, 3]
    >>> with_numbers(terms, pl.lit(date(2023, 12, 31))).collect().height
    0
    """
    step_days = pl.when(_IS_MONTHS).then(pl.col("step") * 28).otherwise(pl.col("step"))
    reach = (horizon - pl.col("effective_date")).dt.total_days()
    wanted = pl.min_horizontal(pl.col("installment_count"), reach // step_days + 2)
    upper = pl.when(reach < 0).then(0).otherwise(wanted)
    return (
        terms.with_columns(installment_number=pl.int_ranges(1, upper + 1))
        .filter(pl.col("installment_number").list.len() > 0)
        .explode("installment_number")
    )


def with_periods(installments: pl.LazyFrame) -> pl.LazyFrame:
    """Add the period, the planned amount, and what cover leaves of it.

    Columns: ``period_from_date``, ``period_to_date`` (where cover ends, if that is inside the period),
    ``planned_minor``, ``net_minor``, ``is_first_without_cover``. Rows whose period has no cover are dropped,
    but for the first installment of a term without any cover.

    >>> from datetime import date
    >>> term = {
    ...     "anchor_date": date(2024, 1, 1),
    ...     "effective_date": date(2024, 1, 1),
    ...     "unit": "month",
    ...     "step": 1,
    ...     "expiration_date": date(2024, 4, 1),
    ...     "cover_to_date": date(2024, 2, 11),
    ...     "premium_minor": 90_00,
    ... }
    >>> numbered = with_numbers(with_shares(pl.LazyFrame([term])), pl.lit(date(2024, 12, 31)))
    >>> with_periods(numbered).select(pl.col("period_to_date").cast(pl.String), "net_minor").collect().rows()
    [('2024-02-01', 3000), ('2024-02-11', 1034)]
    """
    number, count = pl.col("installment_number"), pl.col("installment_count")
    start = grid_date(pl.col("anchor_date"), pl.col("grid_number") + number - 2)
    end = grid_date(pl.col("anchor_date"), pl.col("grid_number") + number - 1)
    planned = (
        pl.when(number == 1)
        .then(pl.col("first_minor"))
        .when(number < count)
        .then(pl.col("middle_minor"))
        .otherwise(pl.col("last_minor"))
    )
    dated = installments.with_columns(
        period_from_date=pl.when(number == 1).then(pl.col("effective_date")).otherwise(start),
        period_end_date=pl.min_horizontal(end, pl.col("expiration_date")),
        planned_minor=planned,
    )
    cover_to = pl.coalesce("cover_to_date", "expiration_date")
    no_cover = (number == 1) & (cover_to <= pl.col("effective_date"))
    covered_to = (
        pl.when(no_cover)
        .then(pl.col("period_end_date"))
        .otherwise(pl.min_horizontal("period_end_date", cover_to))
    )
    kept = dated.with_columns(is_first_without_cover=no_cover, period_to_date=covered_to).filter(
        pl.col("period_to_date") > pl.col("period_from_date")
    )
    used = (pl.col("period_to_date") - pl.col("period_from_date")).dt.total_days()
    whole = (pl.col("period_end_date") - pl.col("period_from_date")).dt.total_days()
    part = divide_half_up(wide(pl.col("planned_minor")) * used, whole)
    net = (
        pl.when(pl.col("is_first_without_cover"))
        .then(0)
        .when(used == whole)
        .then(pl.col("planned_minor"))
        .otherwise(part)
    )
    return kept.with_columns(net_minor=net).drop("period_end_date")


def with_dates(installments: pl.LazyFrame, rolls: pl.DataFrame, company_place_code: str) -> pl.LazyFrame:
    """Add ``nominal_due_date``, ``due_date`` and ``billing_date``, rolled by the roll table ``rolls``.

    >>> from datetime import date
    >>> from billing_assets.frames.calendars import roll_table
    >>> rolls = roll_table(["ES"], ["following", "preceding"], date(2024, 1, 1), date(2024, 12, 31))
    >>> row = {
    ...     "period_from_date": date(2024, 6, 1),
    ...     "due_days": 0,
    ...     "lead_days": 14,
    ...     "place_code": "ES",
    ...     "due_roll": "following",
    ...     "generate_roll": "preceding",
    ... }
    >>> with_dates(pl.LazyFrame([row]), rolls, "ES").select(
    ...     pl.col("due_date", "billing_date").cast(pl.String)
    ... ).collect().row(0)
    ('2024-06-03', '2024-05-20')
    """
    by_place = rolls.lazy().rename({"day": "nominal_due_date", "roll": "due_roll", "rolled_date": "due_date"})
    own = rolls.lazy().filter(pl.col("place_code") == company_place_code)
    by_company = own.select(
        pl.col("roll").alias("generate_roll"),
        pl.col("day").alias("raw_billing_date"),
        pl.col("rolled_date").alias("billing_date"),
    )
    return (
        installments.with_columns(nominal_due_date=pl.col("period_from_date") + pl.duration(days="due_days"))
        .join(by_place, on=["place_code", "due_roll", "nominal_due_date"], how="left")
        .with_columns(raw_billing_date=pl.col("due_date") - pl.duration(days="lead_days"))
        .join(by_company, on=["generate_roll", "raw_billing_date"], how="left")
        .drop("raw_billing_date")
    )
