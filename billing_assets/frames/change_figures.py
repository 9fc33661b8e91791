"""What changes in the middle of a term bring to a run before it issues.

Belongs here: policies whose changes stand out, what a run gives back beside its terms in force.
Does not belong here: figures of installments (``run_figures``), when a figure holds a run
(``domain.safety_bounds``).
"""

from collections.abc import Iterable
from datetime import date

import polars as pl

from billing_assets.domain.charges import PREMIUM_CHANGE
from billing_assets.frames.invoices import Drafts
from billing_assets.frames.rounding import exact_sum, wide

CREDIT_SUMS = ("credit_count", "credited_minor", "term_count", "premium_minor")


def change_outliers(
    drafts: Drafts, terms: pl.DataFrame, documented: pl.DataFrame, times: int
) -> pl.DataFrame:
    """Return policies whose bill has a change and is more than ``times`` the premium of the term.

    The premium is that of the book (``terms``), or what documents say of the term so far, where that is more;
    ``documented`` has ``columns.DOCUMENTED_LINE_SCHEMA``. Columns as of :func:`run_figures.outliers_of`.

    >>> from billing_assets.frames.columns import DOCUMENTED_LINE_SCHEMA, TERM_SCHEMA
    >>> from billing_assets.frames.plan_hashes import NO_DRAFTS
    >>> nothing = pl.DataFrame(schema=TERM_SCHEMA), pl.DataFrame(schema=DOCUMENTED_LINE_SCHEMA)
    >>> change_outliers(NO_DRAFTS, *nothing, 3).columns
    ['policy_number', 'currency', 'last_minor', 'bill_minor']
    """
    said = documented.group_by("policy_term_id").agg(
        said_minor=(pl.col("net_minor") - pl.col("credited_net_minor")).sum()
    )
    is_change = pl.col("charge_kind") == PREMIUM_CHANGE.charge_kind
    bills = (
        drafts.lines.group_by("draft_index", "policy_term_id", "policy_number", "currency")
        .agg(bill_minor=(pl.col("net_minor") + pl.col("tax_minor")).sum(), has_change=is_change.any())
        .filter("has_change")
        .join(terms.select("policy_term_id", "premium_minor"), on="policy_term_id")
        .join(said, on="policy_term_id", how="left")
        .with_columns(last_minor=pl.max_horizontal("premium_minor", pl.col("said_minor").fill_null(0)))
    )
    is_over = wide(pl.col("bill_minor")) > wide(pl.col("last_minor")) * times
    return (
        bills.filter(is_over)
        .sort("policy_number", "bill_minor", descending=[False, True])
        .unique("policy_number", keep="first", maintain_order=True)
        .select("policy_number", "currency", "last_minor", "bill_minor")
    )


def credit_sums(drafts: Drafts, terms: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Return ``CREDIT_SUMS`` by currency: credit notes of a shard, beside its terms in force on a day.

    >>> from billing_assets.frames.columns import TERM_SCHEMA
    >>> from billing_assets.frames.plan_hashes import NO_DRAFTS
    >>> term = {"policy_term_id": 7, "currency": "EUR", "premium_minor": 40}
    >>> term |= {"effective_date": date(2024, 1, 1), "expiration_date": date(2025, 1, 1)}
    >>> terms = pl.DataFrame([term], schema=TERM_SCHEMA)
    >>> credit_sums(NO_DRAFTS, terms, date(2024, 5, 1)).rows()
    [('EUR', 0, 0, 1, 40)]
    """
    day = pl.lit(as_of)
    in_force = terms.filter(pl.col("effective_date") <= day, day < pl.col("expiration_date"))
    none = pl.lit(0, pl.Int64)
    parts = [
        in_force.select(
            "currency",
            credit_count=none,
            credited_minor=none,
            term_count=none + 1,
            premium_minor="premium_minor",
        )
    ]
    if drafts.credits is not None:
        parts.append(
            drafts.credits.invoices.select(
                "currency",
                credit_count=none + 1,
                credited_minor="net_minor",
                term_count=none,
                premium_minor=none,
            )
        )
    return add_credit_sums(parts)


def add_credit_sums(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Return the sums of all parts (:func:`credit_sums`) by currency.

    >>> part = pl.DataFrame({"currency": ["EUR"], **dict.fromkeys(CREDIT_SUMS, [2])})
    >>> add_credit_sums([part, part]).rows()
    [('EUR', 4, 4, 4, 4)]
    """
    rows = pl.concat(part.lazy() for part in parts)
    sums = [exact_sum(pl.col(name)).alias(name) for name in CREDIT_SUMS]
    return rows.group_by("currency").agg(sums).sort("currency").collect()
