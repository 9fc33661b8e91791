"""Payers of a policy book: which of several statements about one payer counts.

Belongs here: the payer of a policy whose book gives payers no key of their own.
Does not belong here: reading a payer (``policy_book``), comparing with the store (``book_changes``).
"""

import polars as pl


def with_latest_payers(taken: pl.DataFrame, stored_terms: pl.DataFrame) -> pl.DataFrame:
    """Return ``taken`` rows with one payer for each policy whose payer has no key, and ``is_payer_outdated``.

    Such a payer is who the latest term names, because people move between two terms. ``is_payer_outdated``
    is true where the store has a later term still, whose payer the file does not give.

    >>> from datetime import date
    >>> from billing_assets.frames.columns import STORED_TERM_SCHEMA
    >>> taken = pl.DataFrame(
    ...     {
    ...         "policy_number": "P",
    ...         "effective_date": [date(2024, 1, 1), date(2025, 1, 1)],
    ...         "is_payer_keyed": False,
    ...         "payer_content": ["old", "new"],
    ...         "payer_sha256": ["01", "02"],
    ...     }
    ... )
    >>> rows = with_latest_payers(taken, pl.DataFrame(schema=STORED_TERM_SCHEMA))
    >>> rows.select("payer_content", "is_payer_outdated").rows()
    [('new', False), ('new', False)]
    """
    names = ("effective_date", "payer_content", "payer_sha256")
    latest = (
        taken.filter(~pl.col("is_payer_keyed"))
        .sort("effective_date")
        .unique("policy_number", keep="last", maintain_order=True)
        .select("policy_number", *(pl.col(name).alias(f"_latest_{name}") for name in names))
    )
    stored = stored_terms.group_by("policy_number").agg(_stored_date=pl.col("effective_date").max())
    return (
        taken.join(latest, on="policy_number", how="left", maintain_order="left")
        .join(stored, on="policy_number", how="left", maintain_order="left")
        .with_columns(
            *(pl.coalesce(f"_latest_{name}", name).alias(name) for name in names[1:]),
            is_payer_outdated=(pl.col("_latest_effective_date") < pl.col("_stored_date")).fill_null(
                value=False
            ),
        )
        .drop(pl.selectors.starts_with("_latest_"), "_stored_date")
    )
