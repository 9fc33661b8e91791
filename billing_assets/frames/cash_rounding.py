"""Sums payable rounded to what can be paid in cash, over columns.

Belongs here: which unit a document has, and by how much its sum payable is rounded.
Does not belong here: the rows (``domain.cash_rounding``), totals (``invoices``): they stay exact.
"""

from collections.abc import Collection
from datetime import date

import polars as pl

from billing_assets.frames.columns import CASH_UNIT_SCHEMA
from billing_assets.frames.dated_rows import is_valid_on, refuse_overlaps
from billing_assets.frames.rounding import divide_half_up

NO_CASH_UNITS = pl.DataFrame(schema=CASH_UNIT_SCHEMA)
"""No row: nothing is rounded."""


def used_units(rows: pl.DataFrame, currencies: Collection[str]) -> pl.DataFrame:
    """Return the rows (``columns.CASH_UNIT_SCHEMA``) of the currencies that a company rounds.

    Raises ``rule_rows_overlap`` where two rows of a currency hold on one day.

    >>> row = {"cash_unit_id": 1, "currency": "CHF", "cash_unit_minor": 5, "valid_from": date(2007, 1, 1)}
    >>> rows = pl.DataFrame([row], schema=CASH_UNIT_SCHEMA)
    >>> used_units(rows, ["CHF"]).height, used_units(rows, []).height
    (1, 0)
    """
    if not currencies:
        return rows.clear()
    used = rows.filter(pl.col("currency").is_in(list(currencies)))
    refuse_overlaps(used, ["currency"])
    return used


def not_rounded(documents: pl.DataFrame) -> pl.DataFrame:
    """Add ``cash_unit_id``, ``cash_unit_minor`` and ``cash_rounding_minor`` of documents without a unit.

    >>> not_rounded(pl.DataFrame({"total_minor": [1003]})).row(0)
    (1003, None, 0, 0)
    """
    return documents.with_columns(
        cash_unit_id=pl.lit(None, pl.Int64),
        cash_unit_minor=pl.lit(0, pl.Int64),
        cash_rounding_minor=pl.lit(0, pl.Int64),
    )


def with_cash_units(documents: pl.DataFrame, units: pl.DataFrame, issue_date: date) -> pl.DataFrame:
    """Return documents that are not rounded yet, rounded by the rows that hold on ``issue_date``.

    ``units`` are the rows that the company uses. A document in a currency without such a row stays as it is.

    >>> row = {"cash_unit_id": 1, "currency": "CHF", "cash_unit_minor": 5, "valid_from": date(2007, 1, 1)}
    >>> units = pl.DataFrame([row], schema=CASH_UNIT_SCHEMA)
    >>> documents = not_rounded(pl.DataFrame({"currency": ["CHF", "EUR"], "total_minor": [1003, 1003]}))
    >>> with_cash_units(documents, units, date(2024, 1, 1))["cash_rounding_minor"].to_list()
    [2, 0]
    """
    valid = units.filter(is_valid_on(pl.lit(issue_date)))
    if valid.is_empty():
        return documents
    found = documents.drop("cash_unit_id", "cash_unit_minor").join(
        valid.select("currency", "cash_unit_id", "cash_unit_minor"),
        on="currency",
        how="left",
        maintain_order="left",
    )
    return with_cash_rounding(found.with_columns(pl.col("cash_unit_minor").fill_null(0)))


def with_cash_rounding(documents: pl.DataFrame) -> pl.DataFrame:
    """Return documents with ``cash_rounding_minor`` of their ``cash_unit_minor``, 0 where they have none.

    It is the nearest multiple of the unit, halves away from zero, less the total; null where that does not
    fit into Int64.

    >>> documents = pl.DataFrame({"cash_unit_minor": [5, 5, 0, 10], "total_minor": [1002, 1003, 1003, -5]})
    >>> with_cash_rounding(documents)["cash_rounding_minor"].to_list()
    [-2, 2, 0, -5]
    """
    unit, total = pl.col("cash_unit_minor"), pl.col("total_minor")
    # The divisor of documents without a unit is not used, and may not be zero.
    nearest = divide_half_up(total, pl.max_horizontal(unit, 1)) * unit
    return documents.with_columns(cash_rounding_minor=pl.when(unit > 0).then(nearest - total).otherwise(0))
