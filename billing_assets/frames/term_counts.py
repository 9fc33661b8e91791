"""How many terms a shard read, and how many of them are due.

Belongs here: the counts that a shard leaves with its checkpoint. Does not belong here: the same counted over
the whole book, which they are held against (``store.certificates``).
"""

from datetime import date

import polars as pl

from billing_assets.domain.certificates import Phase
from billing_assets.domain.runs import Outcome


def term_counts(terms: pl.DataFrame, charges: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Return the terms by ``currency`` and ``phase`` on ``as_of``, and how many of them have a charge.

    ``terms`` has ``columns.TERM_SCHEMA``; ``charges`` has ``policy_term_id`` and ``outcome``: what only gives
    back is not due. The result has ``term_count``, ``premium_minor``, ``term_id_sum`` and ``due_term_count``;
    sums are wider than what they add up.

    >>> from billing_assets.frames.columns import TERM_SCHEMA
    >>> term = {"currency": "EUR", "premium_minor": 500, "effective_date": date(2024, 1, 1)}
    >>> rows = [term | {"policy_term_id": n, "expiration_date": date(2025, 1, 1)} for n in (7, 8)]
    >>> charges = pl.DataFrame({"policy_term_id": [8, 8], "outcome": ["invoiced", "zero"]})
    >>> counts = term_counts(pl.DataFrame(rows, schema=TERM_SCHEMA), charges, date(2024, 2, 1))
    >>> counts.row(0)
    ('EUR', 'in_force', 2, 1000, 15, 1)
    """
    due = charges.filter(pl.col("outcome") != Outcome.CREDITED.value).select("policy_term_id").unique()
    phase = (
        pl.when(pl.col("effective_date") > as_of)
        .then(pl.lit(Phase.NOT_BEGUN.value))
        .when(pl.col("expiration_date") <= as_of)
        .then(pl.lit(Phase.ENDED.value))
        .otherwise(pl.lit(Phase.IN_FORCE.value))
    )
    marked = terms.lazy().join(
        due.lazy().with_columns(is_due=pl.lit(value=True)), on="policy_term_id", how="left"
    )
    return (
        marked.group_by("currency", phase=phase)
        .agg(
            pl.len().cast(pl.Int64).alias("term_count"),
            pl.col("premium_minor").cast(pl.Int128).sum(),
            pl.col("policy_term_id").cast(pl.Int128).sum().alias("term_id_sum"),
            pl.col("is_due").count().cast(pl.Int64).alias("due_term_count"),
        )
        .sort("currency", "phase")
        .collect()
    )
