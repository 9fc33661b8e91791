"""Earned and unearned premium of a term that is cancelled, by method.

Belongs here: the formulas of ``docs/explanation/calculation.md`` on cancellation.
Does not belong here: the methods (``domain.cancellation``), what was billed, tax.
"""

from collections.abc import Iterable

import polars as pl

from billing_assets.domain.cancellation import SCALE_DAYS, CancellationMethod, EarnedBasis
from billing_assets.domain.money import PPM
from billing_assets.frames.rounding import divide_half_up, wide
from billing_assets.frames.term_days import actual_days, thirty_360_days

_PRO_RATA = [EarnedBasis.PRO_RATA.value, EarnedBasis.PART_OF_RETURN.value]
_SCALES = {
    EarnedBasis.DAY_SCALE: "scaled_days",
    EarnedBasis.MONTH_SCALE: "months_begun",
}


def with_earned(terms: pl.DataFrame, methods: Iterable[CancellationMethod]) -> pl.DataFrame:
    """Add ``earned_minor`` and ``unearned_minor`` (Int64) of terms that are cancelled; rows keep their order.

    ``terms`` has ``premium_minor``, ``effective_date``, ``expiration_date``, ``cancellation_date`` and
    ``method_code``; ``part_days`` and ``in_force_days`` beside them, where there are any, are the days that
    pro rata goes by, as a plan counts them. The two amounts add up to the premium: the unearned premium is
    the rest, never rounded by itself, but for a part of the return, where the return is rounded once and the
    earned premium is the rest. A term that is cancelled on its first day, or before, has earned nothing; one
    that is cancelled when it has ended has earned all of it. Null where an amount does not fit into Int64.

    >>> from datetime import date
    >>> from billing_assets.domain.cancellation import CANCELLATION_METHODS
    >>> row = {
    ...     "premium_minor": 500_00,
    ...     "effective_date": date(2023, 1, 1),
    ...     "expiration_date": date(2024, 1, 1),
    ...     "cancellation_date": date(2023, 5, 31),
    ... }
    >>> codes = ("pro_rata", "short_rate_90", "short_rate_table", "flat")
    >>> terms = pl.DataFrame([{**row, "method_code": code} for code in codes])
    >>> with_earned(terms, CANCELLATION_METHODS.values())["unearned_minor"].to_list()
    [29452, 26507, 24000, 50000]
    """
    rows = list(methods)
    known = pl.DataFrame(
        [
            (row.method_code, row.basis.value, row.return_ppm, row.minimum_earned_ppm, row.is_thirty_360)
            for row in rows
        ],
        schema={
            "method_code": pl.String,
            "basis": pl.String,
            "return_ppm": pl.Int64,
            "minimum_earned_ppm": pl.Int64,
            "is_thirty_360": pl.Boolean,
        },
        orient="row",
    )
    counted = (
        terms.with_row_index("term_row")
        .join(known, on="method_code", how="left", maintain_order="left", validate="m:1")
        .with_columns(**_days(is_counted="part_days" in terms.columns))
        .with_columns(
            scaled_days=-(-(pl.col("used_days") * SCALE_DAYS) // pl.col("term_days")),
            months_begun=_months_begun(),
        )
    )
    scaled = _with_scales(counted, rows)
    earned = scaled.with_columns(earned_minor=_earned()).with_columns(earned_minor=_at_least())
    return (
        earned.with_columns(unearned_minor=pl.col("premium_minor") - pl.col("earned_minor"))
        .sort("term_row")
        .select(*terms.columns, "earned_minor", "unearned_minor")
    )


def _days(*, is_counted: bool) -> dict[str, pl.Expr]:
    """Return the days of the term, and those in force: by the method, else pro rata by the plan, else actual.

    Scales are published for calendar days, whatever a plan counts.
    """
    start, end = pl.col("effective_date"), pl.col("expiration_date")
    stop = pl.col("cancellation_date").clip(start, end)
    term, used = actual_days(start, end), actual_days(start, stop)
    if is_counted:
        is_pro_rata = pl.col("basis").is_in(_PRO_RATA)
        term = pl.when(is_pro_rata).then(pl.col("part_days").clip(1)).otherwise(term)
        used = pl.when(is_pro_rata).then(pl.col("in_force_days").clip(0)).otherwise(used)
    bond_basis = pl.lit(value=False)
    by_method = pl.when("is_thirty_360")
    return {
        "term_days": by_method.then(thirty_360_days(start, end, is_european=bond_basis)).otherwise(term),
        "used_days": by_method.then(thirty_360_days(start, stop, is_european=bond_basis)).otherwise(used),
        "is_whole": stop >= end,
        "is_unused": stop <= start,
    }


def _months_begun() -> pl.Expr:
    """Return the months in force, each that has begun; a whole month is not the beginning of the next."""
    start = pl.col("effective_date")
    stop = pl.col("cancellation_date").clip(start, pl.col("expiration_date"))
    months = (stop.dt.year().cast(pl.Int64) - start.dt.year()) * 12 + (
        stop.dt.month().cast(pl.Int64) - start.dt.month()
    )
    is_reached = start.dt.offset_by(pl.format("{}mo", months)) >= stop
    return months + pl.when(is_reached).then(0).otherwise(1)


def _with_scales(terms: pl.DataFrame, methods: list[CancellationMethod]) -> pl.DataFrame:
    """Add ``scale_ppm``: what the scale of the method says for the days or months in force."""
    parts = [terms.filter(~pl.col("basis").is_in(list(_SCALES))).with_columns(scale_ppm=pl.lit(0, pl.Int64))]
    for basis, measure in _SCALES.items():
        limits = pl.DataFrame(
            [
                (row.method_code, limit, ppm)
                for row in methods
                if row.basis is basis
                for limit, ppm in row.scale
            ],
            schema={"method_code": pl.String, "limit": pl.Int64, "scale_ppm": pl.Int64},
            orient="row",
        ).sort("limit")
        of_basis = terms.filter(pl.col("basis") == basis.value).sort(measure)
        # Both are sorted just above; Polars cannot see that within groups.
        joined = of_basis.join_asof(
            limits,
            left_on=measure,
            right_on="limit",
            by="method_code",
            strategy="forward",
            check_sortedness=False,
        )
        # Beyond its last limit a scale has nothing left to give back.
        parts.append(joined.drop("limit").with_columns(pl.col("scale_ppm").fill_null(PPM)))
    return pl.concat(parts, how="vertical_relaxed")


def _earned() -> pl.Expr:
    premium, basis = wide(pl.col("premium_minor")), pl.col("basis")
    used, term = pl.col("used_days"), pl.col("term_days")
    returned = divide_half_up(premium * (term - used) * pl.col("return_ppm"), wide(term) * PPM)
    measured = (
        pl.when(basis == EarnedBasis.PRO_RATA.value)
        .then(divide_half_up(premium * used, term))
        .when(basis == EarnedBasis.PART_OF_RETURN.value)
        .then(pl.col("premium_minor") - returned)
        .otherwise(divide_half_up(premium * pl.col("scale_ppm"), pl.lit(PPM)))
    )
    return (
        pl.when((basis == EarnedBasis.FLAT.value) | pl.col("is_unused"))
        .then(pl.lit(0, pl.Int64))
        .when("is_whole")
        .then("premium_minor")
        .otherwise(measured)
    )


def _at_least() -> pl.Expr:
    minimum = divide_half_up(wide(pl.col("premium_minor")) * pl.col("minimum_earned_ppm"), pl.lit(PPM))
    is_kept = ~pl.col("is_unused") & (pl.col("basis") != EarnedBasis.FLAT.value)
    return pl.when(is_kept & (minimum > pl.col("earned_minor"))).then(minimum).otherwise("earned_minor")
