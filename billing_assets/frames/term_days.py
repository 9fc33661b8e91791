"""The days inside policy terms over columns, as the plan of each term counts them.

Belongs here: the days between two dates by ``day_count``. Does not belong here: the counts by name, one term
at a time (``domain.term_days``), what is multiplied by the days.

Nearly every book has no plan but those that count calendar days. Such a frame is counted by
:func:`actual_days` alone, so that it costs what it did before plans could name a count.
"""

from collections.abc import Callable
from typing import TypeAlias

import polars as pl

from billing_assets.domain.term_days import TermDayCount

Days: TypeAlias = Callable[[pl.Expr, pl.Expr], pl.Expr]
"""From a first day and the day after the last one to the days between them."""

_IS_EUROPEAN = pl.col("day_count") == TermDayCount.THIRTY_E_360.value
_IS_THIRTY = pl.col("day_count").is_in([TermDayCount.THIRTY_360.value, TermDayCount.THIRTY_E_360.value])
_IS_FIXED = pl.col("day_count") == TermDayCount.ACTUAL_365_FIXED.value
_YEAR = 365


def names_a_count(rows: pl.DataFrame) -> bool:
    """Return whether any row of plans, or of what was joined to them, counts other than calendar days.

    >>> names_a_count(pl.DataFrame({"day_count": ["actual_term", None, "thirty_360"]}))
    True
    """
    return bool((rows["day_count"] != TermDayCount.ACTUAL_TERM.value).any())


def days_of(rows: pl.DataFrame) -> Days:
    """Return how to count days inside the terms of ``rows``: as their plans name it, plainly where none does.

    >>> days_of(pl.DataFrame({"day_count": ["actual_term"]})) is actual_days
    True
    """
    return term_days if names_a_count(rows) else actual_days


def actual_days(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    """Return the calendar days from ``start`` to the day before ``end`` (Int64).

    >>> from datetime import date
    >>> row = pl.DataFrame({"a": [date(2024, 2, 1)], "b": [date(2024, 3, 1)]})
    >>> row.select(actual_days(pl.col("a"), pl.col("b"))).item()
    29
    """
    return (end - start).dt.total_days()


def thirty_360_days(start: pl.Expr, end: pl.Expr, *, is_european: pl.Expr) -> pl.Expr:
    """Return the days between two dates where every month has 30: bond basis, or European.

    >>> from datetime import date
    >>> rows = pl.DataFrame({"a": [date(2024, 1, 1)] * 2, "b": [date(2024, 1, 31)] * 2, "e": [False, True]})
    >>> rows.select(d=thirty_360_days(pl.col("a"), pl.col("b"), is_european=pl.col("e")))["d"].to_list()
    [30, 29]
    """
    first, last = start.dt.day().cast(pl.Int64), end.dt.day().cast(pl.Int64)
    years = end.dt.year().cast(pl.Int64) - start.dt.year()
    months = end.dt.month().cast(pl.Int64) - start.dt.month()
    is_cut = (last == 31) & ((first >= 30) | is_european)  # noqa: PLR2004 - days of a month
    cut = pl.when(is_cut).then(30).otherwise(last)
    return years * 360 + months * 30 + cut - first.clip(upper_bound=30)


def grid_days(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    """Return the days by ``day_count`` where no term bounds them: of grid periods, and of parts of them.

    What has no day by months of 30 days has its calendar day.

    >>> from datetime import date
    >>> row = {"day_count": "thirty_360", "a": date(2024, 2, 1), "b": date(2024, 3, 1)}
    >>> pl.DataFrame([row]).select(grid_days(pl.col("a"), pl.col("b"))).item()
    30
    """
    thirty = thirty_360_days(start, end, is_european=_IS_EUROPEAN)
    return pl.when(_IS_THIRTY & (thirty > 0)).then(thirty).otherwise(actual_days(start, end))


def term_days(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    """Return the days between two dates of a term by ``day_count``, ``effective_date``, ``expiration_date``.

    What lies between is what lies before ``end`` less what lies before ``start``, so that the parts of a term
    have all of its days. By ``actual_365_fixed`` a term of whole years has 365 days for each of them, and the
    days beyond are none. A term that has no day by months of 30 days has its calendar day.

    >>> from datetime import date
    >>> term = {"effective_date": date(2024, 1, 1), "expiration_date": date(2025, 1, 1)}
    >>> rows = [{"day_count": count.value, **term} for count in TermDayCount]
    >>> december = term_days(pl.lit(date(2024, 12, 1)), pl.col("expiration_date"))
    >>> pl.DataFrame(rows).select(d=december)["d"].to_list()
    [31, 30, 30, 30]
    """
    return _before(end) - _before(start)


def weighing_days(
    days: Days, first_from: pl.Expr, first_to: pl.Expr, last_from: pl.Expr, last_to: pl.Expr
) -> dict[str, pl.Expr]:
    """Return the days that weigh a partial first and last period, by the grid periods in which they lie.

    >>> from datetime import date
    >>> row = {"effective_date": date(2024, 1, 16), "expiration_date": date(2024, 2, 16)}
    >>> grid = [pl.lit(date(2024, month, 1)) for month in (1, 2, 2, 3)]
    >>> pl.DataFrame([row]).select(**weighing_days(actual_days, *grid)).row(0)
    (16, 31, 15, 29)
    """
    return {
        "first_days": days(pl.col("effective_date"), first_to),
        "first_full_days": days(first_from, first_to),
        "last_days": days(last_from, pl.col("expiration_date")),
        "last_full_days": days(last_from, last_to),
    }


def _before(day: pl.Expr) -> pl.Expr:
    """Return the days of the term that lie before a date."""
    first, last = pl.col("effective_date"), pl.col("expiration_date")
    actual = actual_days(first, day)
    years = last.dt.year().cast(pl.Int64) - first.dt.year()
    priced = pl.when(_is_of_years(first, last)).then(years * _YEAR).otherwise(actual_days(first, last))
    thirty = thirty_360_days(first, day, is_european=_IS_EUROPEAN)
    is_by_months = thirty_360_days(first, last, is_european=_IS_EUROPEAN) > 0
    return (
        pl.when(_IS_FIXED)
        .then(pl.min_horizontal(actual, priced))
        .when(_IS_THIRTY & is_by_months)
        .then(thirty)
        .otherwise(actual)
    )


def _is_of_years(first: pl.Expr, last: pl.Expr) -> pl.Expr:
    """Return whether a term ends on the day on which it began, of a 29 February on the last one there is."""
    is_clamped = (first.dt.day() == 29) & (last.dt.day() == 28) & ~last.dt.is_leap_year()  # noqa: PLR2004
    is_same_day = (last.dt.day() == first.dt.day()) | (is_clamped & (first.dt.month() == 2))  # noqa: PLR2004
    return (last.dt.year() > first.dt.year()) & (last.dt.month() == first.dt.month()) & is_same_day
