"""The step that allocates: what came back is taken off, and what is free pays what is due.

Belongs here: the order of the work. Does not belong here: the formulas (``frames.allocation``,
``frames.unallocation``), rows (``store.allocations``).

A run is one transaction over the whole open book, as of a date. Again it finds nothing to do: each of its
rows follows from what is free and what is open.
"""

from datetime import date

import polars as pl

from billing_assets.domain.allocation import AllocationReason
from billing_assets.frames.allocation import allocate, tolerated
from billing_assets.frames.unallocation import last_in_first_out, matched_returns
from billing_assets.steps.payment_ports import AllocationStore, AllocationWork
from billing_assets.steps.result import StepResult, Stopwatch

_STEP = "allocate_payments"


def allocate_payments(as_of_date: date, *, store: AllocationStore) -> StepResult:
    """Allocate what is free on a date to what is open on it, whole or not at all.

    Facts: ``as_of_date``, ``reversal_count``, ``unallocation_count``, ``owner_count``, ``allocation_count``,
    ``write_off_count``.
    """
    watch = Stopwatch()
    with store.allocating(as_of_date) as work:
        with watch("take back"):
            reversals, taken_back = _reverse(work)
            taken_back += _release(work)
        with watch("read"):
            payments, documents = work.payments(), work.documents()
        with watch("allocate"):
            found = allocate(payments, documents)
        with watch("write"):
            work.assign(found.owners)
            work.allocate(found.allocations)
            write_offs = tolerated(_paid(documents, found.allocations), work.rules())
            work.write_off(write_offs)
    return StepResult(
        step=_STEP,
        facts={
            "as_of_date": as_of_date.isoformat(),
            "reversal_count": reversals,
            "unallocation_count": taken_back,
            "owner_count": found.owners.height,
            "allocation_count": found.allocations.height,
            "write_off_count": write_offs.height,
        },
        seconds=watch.seconds,
    )


def _reverse(work: AllocationWork) -> tuple[int, int]:
    """Take what came back off its payments: last in, first out; return how many reversals and rows."""
    returns = matched_returns(work.pending_returns())
    if returns.is_empty():
        return 0, 0
    excess = (
        returns.group_by("payment_id")
        .agg(
            pl.col("amount_minor").sum(),
            pl.col("left_minor").first(),
            pl.col("allocated_minor").first(),
        )
        .with_columns(excess_minor=pl.col("amount_minor") + pl.col("allocated_minor") - pl.col("left_minor"))
        .filter(pl.col("excess_minor") > 0)
        .select("payment_id", "excess_minor")
    )
    taken_back = _take_back(work, excess, "payment_id", AllocationReason.RETURN)
    work.reverse(returns)
    return returns.height, taken_back


def _release(work: AllocationWork) -> int:
    """Free what documents have too much since they were credited."""
    return _take_back(work, work.overpaid_documents(), "invoice_id", AllocationReason.CREDITED)


def _take_back(work: AllocationWork, excess: pl.DataFrame, key: str, reason: AllocationReason) -> int:
    """Take back the newest allocations, and with what pays a document what was written off of it."""
    if excess.is_empty():
        return 0
    gone = last_in_first_out(work.live_allocations(key, excess[key]), excess, key)
    if gone.is_empty():
        return 0
    of_documents = work.live_allocations("invoice_id", gone["invoice_id"].unique())
    write_offs = of_documents.filter(pl.col("allocation_kind") == "write_off")
    rows = pl.concat([gone.select(write_offs.columns), write_offs]).unique("allocation_id")
    work.unallocate(rows.sort("allocation_id"), reason.value)
    return rows.height


def _paid(documents: pl.DataFrame, allocations: pl.DataFrame) -> pl.DataFrame:
    """Return the documents as they are after the allocations."""
    sums = allocations.group_by("invoice_id").agg(added_minor=pl.col("amount_minor").sum())
    added = pl.col("added_minor").fill_null(0)
    return documents.join(sums, on="invoice_id", how="left", maintain_order="left").with_columns(
        paid_minor=pl.col("paid_minor") + added, open_minor=pl.col("open_minor") - added
    )
