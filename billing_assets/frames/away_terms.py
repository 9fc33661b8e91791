"""Rows of a book that change a term of a detached month: they are refused.

Belongs here: which rows those are. Does not belong here: what changed means for terms that are here
(``book_changes``).
"""

import polars as pl

from billing_assets.domain.detached_months import MONTH_AWAY

_KEY = ["policy_number", "effective_date"]


def with_away_terms(rows: pl.DataFrame, stored_terms: pl.DataFrame) -> pl.DataFrame:
    """Return ``rows`` where those that say anything new of a term of a detached month are problems.

    What was billed of such a term is away, so that nobody could tell what a change comes to. A row that says
    what the store has is as good as any.

    >>> from datetime import date
    >>> from billing_assets.frames.columns import STORED_TERM_SCHEMA
    >>> key = {"policy_number": "P", "effective_date": date(2020, 1, 1)}
    >>> stored = pl.DataFrame(
    ...     [key | {"content_sha256": "aa", "away_months": "2020-01-01"}], schema=STORED_TERM_SCHEMA
    ... )
    >>> rows = pl.DataFrame([key | {"content_sha256": each, "status": "accepted"} for each in ("aa", "bb")])
    >>> empty = pl.lit(None, pl.String)
    >>> with_away_terms(rows.with_columns(problem_code=empty, field_name=empty), stored)["status"].to_list()
    ['accepted', 'problem']
    """
    away = stored_terms.filter(pl.col("away_months").fill_null("") != "")
    if away.is_empty():
        return rows
    is_refused = pl.col("status").is_in(["accepted", "duplicate"]) & (
        pl.col("content_sha256") != pl.col("_stored_sha256")
    ).fill_null(value=False)
    return (
        rows.join(
            away.select(*_KEY, _stored_sha256="content_sha256"), on=_KEY, how="left", maintain_order="left"
        )
        .with_columns(
            problem_code=pl.when(is_refused).then(pl.lit(MONTH_AWAY)).otherwise("problem_code"),
            field_name=pl.when(is_refused).then(pl.lit("")).otherwise("field_name"),
            status=pl.when(is_refused).then(pl.lit("problem")).otherwise("status"),
        )
        .drop("_stored_sha256")
    )
