"""Terms of one policy that overlap: cover is billed once.

Belongs here: which rows of a book are refused for an overlap, and which of the taken ones fall on cover that
is billed already. Does not belong here: the other checks of a row (``policy_book``).

A term ends where its cover ends: on ``cover_to_date`` where that comes before ``expiration_date``. A term
that covers no day overlaps nothing.
"""

import polars as pl

_KEY = ["policy_number", "effective_date"]


def cover_end(prefix: str = "") -> pl.Expr:
    """Return the first day without cover of a term whose columns begin with ``prefix``.

    >>> from datetime import date
    >>> term = pl.DataFrame({"cover_to_date": [None], "expiration_date": [date(2025, 1, 1)]})
    >>> term.select(cover_end()).item()
    datetime.date(2025, 1, 1)
    """
    return pl.min_horizontal(pl.col(f"{prefix}cover_to_date").cast(pl.Date), f"{prefix}expiration_date")


def with_overlaps(rows: pl.DataFrame, stored_terms: pl.DataFrame) -> pl.DataFrame:
    """Return ``rows`` where accepted terms that overlap another term of their policy are problems.

    The other term is one of the file, or one of the store that the file does not replace. A row that leaves a
    stored term as long as it is, or shortens it, is never refused: of a cancelled term and one that begins
    too early after it, the later one is at fault.

    >>> from datetime import date
    >>> from billing_assets.frames.columns import STORED_TERM_SCHEMA
    >>> rows = pl.DataFrame(
    ...     {
    ...         "row_number": [1, 2],
    ...         "policy_number": "P",
    ...         "status": "accepted",
    ...         "effective_date": [date(2024, 1, 1), date(2024, 6, 1)],
    ...         "expiration_date": date(2025, 1, 1),
    ...         "cover_to_date": pl.Series([None, None], dtype=pl.Date),
    ...         "problem_code": pl.Series([None, None], dtype=pl.String),
    ...         "field_name": pl.Series([None, None], dtype=pl.String),
    ...     }
    ... )
    >>> stored = pl.DataFrame(schema=STORED_TERM_SCHEMA)
    >>> with_overlaps(rows, stored)["problem_code"].to_list()
    ['period_overlap', 'period_overlap']
    """
    overlapping = _overlapping(rows, stored_terms)
    if overlapping.is_empty():
        return rows
    # Copies of a refused row are refused with it: their term stands in the file only once.
    copies = rows.filter(pl.col("row_number").is_in(overlapping.implode())).select(
        *_KEY, _is_refused=pl.lit(value=True)
    )
    is_refused = pl.col("_is_refused").fill_null(value=False) & pl.col("status").is_in(
        ["accepted", "duplicate"]
    )
    return (
        rows.join(copies, on=_KEY, how="left", maintain_order="left")
        .with_columns(
            problem_code=pl.when(is_refused).then(pl.lit("period_overlap")).otherwise("problem_code"),
            field_name=pl.when(is_refused).then(pl.lit("effective_date")).otherwise("field_name"),
            status=pl.when(is_refused).then(pl.lit("problem")).otherwise("status"),
        )
        .drop("_is_refused")
    )


def billed_elsewhere(terms: pl.DataFrame, stored_terms: pl.DataFrame) -> pl.DataFrame:
    """Return the keys of those ``terms`` that begin inside a period billed under an earlier term.

    It happens where cover ended early within a billed period, and another term of the policy begins there.

    >>> from datetime import date
    >>> from billing_assets.frames.columns import STORED_TERM_SCHEMA
    >>> billed_elsewhere(
    ...     pl.DataFrame({"policy_number": "P", "effective_date": [date(2024, 4, 1)]}),
    ...     pl.DataFrame(schema=STORED_TERM_SCHEMA),
    ... ).height
    0
    """
    billed = stored_terms.filter(pl.col("billed_to_date").is_not_null()).select(
        "policy_number", "billed_to_date", _begin="effective_date"
    )
    return (
        terms.select(_KEY)
        .join(billed, on="policy_number", how="inner")
        .filter(
            pl.col("_begin") < pl.col("effective_date"), pl.col("effective_date") < pl.col("billed_to_date")
        )
        .select(_KEY)
        .unique()
    )


def _overlapping(rows: pl.DataFrame, stored_terms: pl.DataFrame) -> pl.Series:
    """Return the numbers of the rows that overlap; only a new or a lengthened term can be at fault."""
    live = rows.filter(pl.col("status") == "accepted").select("row_number", *_KEY, end=cover_end())
    stored = stored_terms.select(*_KEY, stored_end=cover_end())
    is_standing = (pl.col("end") <= pl.col("stored_end")).fill_null(value=False)
    named = live.join(stored, on=_KEY, how="left", maintain_order="left")
    unnamed = stored.join(live, on=_KEY, how="anti").select(
        pl.lit(None, live.schema["row_number"]).alias("row_number"),
        *_KEY,
        end="stored_end",
        stored_end="stored_end",
    )
    several = (
        pl.concat([named, unnamed])
        .filter(pl.col("end") > pl.col("effective_date"))
        .filter(pl.len().over("policy_number") > 1)
        .sort("policy_number", "effective_date")
    )
    before = pl.col("end").to_physical().cum_max().shift(1).over("policy_number")
    following = pl.col("effective_date").shift(-1).over("policy_number")
    is_bad = (pl.col("effective_date").to_physical() < before) | (following < pl.col("end"))
    return several.filter(is_bad & ~is_standing)["row_number"].drop_nulls()
