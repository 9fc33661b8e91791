"""Rule rows that are valid from one day to another, ``[valid_from, valid_to)``.

Belongs here: which rows hold on a day, and the proof that no two rows of one key hold at once.
Does not belong here: what the rows say (``taxes``, ``installments``).
"""

import polars as pl

from billing_assets.domain.errors import BillingError


def is_valid_on(day: pl.Expr) -> pl.Expr:
    """Return whether a row is valid on ``day``; an empty ``valid_to`` is open.

    >>> from datetime import date
    >>> rows = pl.DataFrame({"valid_from": [date(2024, 1, 1)], "valid_to": [date(2025, 1, 1)]})
    >>> [rows.select(is_valid_on(pl.lit(day))).item() for day in (date(2024, 12, 31), date(2025, 1, 1))]
    [True, False]
    """
    is_open = pl.col("valid_to").is_null()
    return (pl.col("valid_from") <= day) & (is_open | (day < pl.col("valid_to")))


def refuse_overlaps(rows: pl.DataFrame, key: list[str]) -> None:
    """Refuse rows of one ``key`` that are valid on a same day: they would bill a term or tax a line twice.

    Raises:
        BillingError: ``rule_rows_overlap``, naming the key and the later row's first day.

    >>> from datetime import date
    >>> rows = pl.DataFrame({"plan_code": ["monthly"] * 2, "valid_from": [date(1990, 1, 1), date(2025, 1, 1)],
    ...                      "valid_to": [None, None]})
    >>> refuse_overlaps(rows, ["plan_code"])
    Traceback (most recent call last):
    ...
    billing_assets.domain.errors.BillingError: two rows of 'monthly' are valid on 2025-01-01 \
(rule_rows_overlap): end the earlier row with a valid_to on or before the first day of the later one
    """
    next_from = pl.col("valid_from").shift(-1).over(key)
    valid_to = pl.col("valid_to").cast(pl.Date)
    is_doubled = next_from.is_not_null() & (valid_to.is_null() | (next_from < valid_to))
    doubled = rows.sort(*key, "valid_from").with_columns(next_from=next_from).filter(is_doubled)
    if doubled.height:
        *words, day = doubled.select(*key, "next_from").row(0)
        raise BillingError(
            "rule_rows_overlap",
            f"two rows of '{' '.join(map(str, words))}' are valid on {day}",
            "end the earlier row with a valid_to on or before the first day of the later one",
        )
