"""Allocation over the whole open book: payments and open documents in, what pays what out.

Belongs here: owners by what a payer wrote, the payer's instruction, oldest due first, write-offs by
tolerance. Does not belong here: taking back (``frames.unallocation``), candidates of suspense
(``frames.suspense``), rows (``store.allocations``).

Payments go by value date, booking date, source and key, and documents by due date and id: whatever order they
came in, a run allocates them the same way.

``payments``: payment_id, payer_id (null without an owner), currency, free_minor, value_date, booking_date,
source_kind, external_key, document_keys (a list), assigned_invoice_id (null for none). ``documents``:
invoice_id, document_key, payer_id, currency, due_date, open_minor above 0. Keys are those of
``domain.remittance``.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from billing_assets.domain.allocation import AllocationReason
from billing_assets.frames.rounding import wide

_PAYMENT_ORDER = ("value_date", "booking_date", "source_kind", "external_key")
_ROW = ("payment_id", "invoice_id", "payer_id", "currency", "amount_minor", "reason_code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocated:
    """What a run finds: ``owners`` (payment_id, payer_id, currency, amount_minor) of payments that had none.

    ``allocations`` have payment_id, invoice_id, payer_id of the document, currency, amount_minor,
    reason_code.
    """

    owners: pl.DataFrame
    allocations: pl.DataFrame


def allocate(payments: pl.DataFrame, documents: pl.DataFrame) -> Allocated:
    """Return which payments get an owner, and what pays what.

    A payment without an owner gets the payer of the open documents that it names, in its currency, if that is
    one payer; else it stays as it is, in suspense. What is left of a payment stays on account.

    >>> from datetime import date
    >>> day = {"value_date": date(2024, 2, 1), "booking_date": date(2024, 2, 1), "source_kind": "cash"}
    >>> payment = {"payment_id": 1, "payer_id": 7, "currency": "EUR", "free_minor": 150, **day}
    >>> named = {"external_key": "a", "document_keys": ["INV2"], "assigned_invoice_id": None}
    >>> bill = {"payer_id": 7, "currency": "EUR", "due_date": date(2024, 1, 1), "open_minor": 100}
    >>> documents = pl.DataFrame([{"invoice_id": n, "document_key": f"INV{n}", **bill} for n in (1, 2)])
    >>> found = allocate(pl.DataFrame([{**payment, **named}], schema_overrides=OVERRIDES), documents)
    >>> found.allocations.select("invoice_id", "amount_minor", "reason_code").rows()
    [(2, 100, 'instruction'), (1, 50, 'oldest_due')]
    """
    ranked = payments.filter(pl.col("free_minor") > 0).sort(*_PAYMENT_ORDER).with_row_index("payment_rank")
    items = documents.filter(pl.col("open_minor") > 0).sort("due_date", "invoice_id")
    items = items.with_row_index("document_rank")
    named = _named(ranked, items)
    owners = _owners(ranked, named)
    owned = ranked.join(owners.select("payment_id", found_id="payer_id"), on="payment_id", how="left")
    owned = owned.with_columns(pl.coalesce("payer_id", "found_id").alias("payer_id")).drop("found_id")
    owned = owned.filter(pl.col("payer_id").is_not_null())
    instructed = _instructed(named.join(owned.select("payment_id"), on="payment_id", how="semi"))
    oldest = _oldest_due(
        _less(owned, instructed, "payment_id", "free_minor"),
        _less(items, instructed, "invoice_id", "open_minor"),
    )
    return Allocated(owners=owners, allocations=pl.concat([instructed, oldest]))


OVERRIDES: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "payer_id": pl.Int64,
    "document_keys": pl.List(pl.String),
    "assigned_invoice_id": pl.Int64,
}
"""Types of the columns of ``payments`` that may be empty throughout."""


def tolerated(documents: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Return the write-offs: what is left of documents paid in part, up to the tolerance of their currency.

    ``documents`` have open_minor and paid_minor as they are after the allocation; ``rules`` have currency,
    tolerance_minor and allocation_rule_id, one row a currency.

    >>> rules = pl.DataFrame({"currency": ["EUR"], "tolerance_minor": [5], "allocation_rule_id": [1]})
    >>> bill = {"invoice_id": 1, "payer_id": 7, "currency": "EUR", "paid_minor": 95, "open_minor": 5}
    >>> tolerated(pl.DataFrame([bill]), rules)["amount_minor"].to_list()
    [5]
    """
    small = documents.join(rules, on="currency").filter(
        (pl.col("paid_minor") > 0) & pl.col("open_minor").is_between(1, pl.col("tolerance_minor"))
    )
    return small.sort("invoice_id").select(
        "invoice_id",
        "payer_id",
        "currency",
        "allocation_rule_id",
        amount_minor=pl.col("open_minor"),
        reason_code=pl.lit(AllocationReason.TOLERANCE.value),
    )


def _named(payments: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each payment and open document of its currency that it names, or was assigned to."""
    document = documents.select(
        "invoice_id", "document_key", "currency", "document_rank", "open_minor", document_payer_id="payer_id"
    )
    columns = ("payment_id", "payment_rank", "payer_id", "currency", "free_minor")
    by_key = (
        payments.select(*columns, "document_keys")
        .explode("document_keys", empty_as_null=True)
        .rename({"document_keys": "document_key"})
        .join(document, on=["document_key", "currency"])
        .drop("document_key")
        .with_columns(reason_code=pl.lit(AllocationReason.INSTRUCTION.value))
    )
    assigned = (
        payments.select(*columns, invoice_id="assigned_invoice_id")
        .join(document.drop("document_key"), on=["invoice_id", "currency"])
        .select(by_key.drop("reason_code").columns)
        .with_columns(reason_code=pl.lit(AllocationReason.PERSON.value))
    )
    both = pl.concat([assigned, by_key])
    return both.unique(["payment_id", "invoice_id"], keep="first", maintain_order=True)


def _owners(payments: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
    lost = named.filter(pl.col("payer_id").is_null())
    one = lost.group_by("payment_id").agg(
        pl.col("document_payer_id").min().alias("owner_id"),
        pl.col("document_payer_id").n_unique().alias("payer_count"),
    )
    return (
        payments.join(one.filter(pl.col("payer_count") == 1), on="payment_id")
        .sort("payment_rank")
        .select("payment_id", "currency", payer_id="owner_id", amount_minor="free_minor")
    )


def _instructed(named: pl.DataFrame) -> pl.DataFrame:
    """Return what payments give to the documents that they name: of both sides the first come first."""
    claims = named.sort("payment_rank", "document_rank").with_columns(
        claim_minor=_rest("free_minor", "open_minor", "payment_id")
    )
    granted = claims.sort("document_rank", "payment_rank").with_columns(
        amount_minor=_rest("open_minor", "claim_minor", "invoice_id")
    )
    rows = granted.filter(pl.col("amount_minor") > 0).sort("payment_rank", "document_rank")
    return rows.drop("payer_id").rename({"document_payer_id": "payer_id"}).select(_ROW)


def _rest(bound: str, wanted: str, group: str) -> pl.Expr:
    """Return how much of ``wanted`` is left of ``bound`` after the rows before it in its group."""
    amount = wide(pl.col(wanted))
    before = (amount.cum_sum() - amount).over(group)
    left = (wide(pl.col(bound)) - before).clip(lower_bound=0)
    return pl.min_horizontal(left, amount).cast(pl.Int64)


def _less(rows: pl.DataFrame, taken: pl.DataFrame, key: str, amount: str) -> pl.DataFrame:
    sums = taken.group_by(key).agg(taken_minor=pl.col("amount_minor").sum())
    left = rows.join(sums, on=key, how="left", maintain_order="left")
    left = left.with_columns(pl.col(amount) - pl.col("taken_minor").fill_null(0))
    return left.filter(pl.col(amount) > 0).drop("taken_minor")


def _oldest_due(payments: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
    """Return where payments and documents of a payer lie over each other, when both are laid end to end."""
    group = ["payer_id", "currency"]
    paying = _ends(payments, "payment_rank", "free_minor", "payment_id")
    owing = _ends(documents, "document_rank", "open_minor", "invoice_id")
    both = pl.concat([paying, owing], how="diagonal").sort(*group, "end", "payment_id", nulls_last=True)
    start = pl.col("end").shift(fill_value=0).over(group)
    segments = both.with_columns(
        amount_minor=(pl.col("end") - start).cast(pl.Int64),
        payment_id=pl.col("payment_id").backward_fill().over(group),
        invoice_id=pl.col("invoice_id").backward_fill().over(group),
        reason_code=pl.lit(AllocationReason.OLDEST_DUE.value),
    )
    is_both = pl.col("payment_id").is_not_null() & pl.col("invoice_id").is_not_null()
    return segments.filter(is_both & (pl.col("amount_minor") > 0)).select(_ROW)


def _ends(rows: pl.DataFrame, rank: str, amount: str, name: str) -> pl.DataFrame:
    group = ["payer_id", "currency"]
    laid = rows.sort(rank).with_columns(end=wide(pl.col(amount)).cum_sum().over(group))
    return laid.select(*group, "end", name)
