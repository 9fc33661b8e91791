"""What an installment comes to: planned amounts, and what cover leaves of them.

Belongs here: the formulas of ``docs/explanation/calculation.md`` from a period to its amount.
Does not belong here: the periods (``schedules``), which of them are due (``due_charges``), tax (``taxes``).

Input is a frame of installments: the columns of their schedule (``schedules``) beside ``premium_minor`` and
``cover_to_date`` of their term.
"""

import polars as pl

from billing_assets.frames.rounding import divide_down, divide_half_up, wide
from billing_assets.frames.term_days import Days, actual_days


def with_planned(installments: pl.LazyFrame) -> pl.LazyFrame:
    """Add ``planned_minor``: what each installment plans (Int64); over a whole term the sum is the premium.

    ``before_minor`` is what the installments before it plan together.

    Weights are days: a whole period counts as 1, a partial first or last one as its days over those of the
    grid period in which it lies. The last installment takes what rounding leaves. Null where an
    amount does not fit into Int64.

    >>> row = {
    ...     "premium_minor": 100_00,
    ...     "installment_count": 3,
    ...     "first_days": 31,
    ...     "first_full_days": 31,
    ...     "last_days": 31,
    ...     "last_full_days": 31,
    ... }
    >>> rows = pl.LazyFrame([{**row, "installment_number": number} for number in (1, 2, 3)])
    >>> with_planned(rows).select("planned_minor").collect().to_series().to_list()
    [3333, 3333, 3334]
    """
    premium, number, count = (
        wide(pl.col("premium_minor")),
        pl.col("installment_number"),
        pl.col("installment_count"),
    )
    first, first_full = wide(pl.col("first_days")), wide(pl.col("first_full_days"))
    last, last_full = wide(pl.col("last_days")), wide(pl.col("last_full_days"))
    weights = wide(count - 2) * first_full * last_full + first * last_full + last * first_full
    first_top, middle_top = premium * first * last_full, premium * first_full * last_full
    rounded = installments.with_columns(
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
    planned = (
        pl.when(count == 1)
        .then(pl.col("premium_minor"))
        .when(number == 1)
        .then(pl.col("first_minor"))
        .when(number < count)
        .then(pl.col("middle_minor"))
        .otherwise(rest)
    )
    before = (
        pl.when(number == 1).then(0).otherwise(pl.col("first_minor") + (number - 2) * pl.col("middle_minor"))
    )
    return chosen.with_columns(planned_minor=planned, before_minor=before.cast(pl.Int64)).drop(
        "first_minor", "middle_minor"
    )


def with_cover(installments: pl.LazyFrame, days: Days = actual_days) -> pl.LazyFrame:
    """Add ``period_to_date``, ``net_minor`` and ``is_first_without_cover``: what cover leaves of each period.

    ``period_to_date`` lies where cover ends, if that is inside the period. Rows whose period has no cover are
    dropped, but for the first installment of a term without any cover. ``days`` count the days of a term.

    >>> from datetime import date
    >>> row = {
    ...     "installment_number": 1,
    ...     "effective_date": date(2024, 1, 1),
    ...     "expiration_date": date(2024, 4, 1),
    ...     "period_from_date": date(2024, 1, 1),
    ...     "period_end_date": date(2024, 2, 1),
    ...     "cover_to_date": date(2024, 1, 11),
    ...     "planned_minor": 31_00,
    ... }
    >>> with_cover(pl.LazyFrame([row])).select("period_to_date", "net_minor").collect().row(0)
    (datetime.date(2024, 1, 11), 1000)
    """
    cover_to = pl.coalesce("cover_to_date", "expiration_date")
    no_cover = (pl.col("installment_number") == 1) & (cover_to <= pl.col("effective_date"))
    covered_to = (
        pl.when(no_cover)
        .then(pl.col("period_end_date"))
        .otherwise(pl.min_horizontal("period_end_date", cover_to))
    )
    kept = installments.with_columns(is_first_without_cover=no_cover, period_to_date=covered_to).filter(
        pl.col("period_to_date") > pl.col("period_from_date")
    )
    used = days(pl.col("period_from_date"), pl.col("period_to_date"))
    whole = days(pl.col("period_from_date"), pl.col("period_end_date"))
    part = divide_half_up(wide(pl.col("planned_minor")) * used, whole)
    net = (
        pl.when(pl.col("is_first_without_cover"))
        .then(0)
        .when(used == whole)
        .then(pl.col("planned_minor"))
        .otherwise(part)
    )
    return kept.with_columns(net_minor=net)
