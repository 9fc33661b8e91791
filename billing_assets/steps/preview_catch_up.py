"""Preview: what a run of a date would catch up, before anybody lets it.

Belongs here: counting by month, shard by shard; nothing is written.
Does not belong here: the figures (``frames.catch_up``), the run itself (``raise_invoices``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from billing_assets.domain.runs import CatchUp, Outcome, RunOrder
from billing_assets.domain.selections import EVERYTHING, Selection
from billing_assets.frames.catch_up import caught_up, invoice_counts
from billing_assets.frames.documents import payer_plan_ids
from billing_assets.frames.rounding import exact_sum
from billing_assets.steps.plan_due_charges import SHARD_TERMS, basis_of, cut_shards
from billing_assets.steps.price_plan import Scope, scope_of
from billing_assets.steps.run_ports import Progress, RunStore, ShardBook, silent


@dataclass(frozen=True, slots=True, kw_only=True)
class CaughtUpMonth:
    """What was to be billed in a month (its first day) and was not, of one outcome and currency."""

    month: date
    outcome: Outcome
    currency: str
    charge_count: int
    net_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CatchUpPreview:
    """What a run of ``billing_date`` would catch up, and how many invoices all that is due would make.

    ``per_period_count``: one invoice for each due date of a term; ``one_invoice_count``: one for each term;
    of plans that bill by payer, one for each of these of a payer. ``selection``: of which policies.
    """

    billing_date: date
    months: Sequence[CaughtUpMonth]
    per_period_count: int
    one_invoice_count: int
    selection: Selection = EVERYTHING


def preview_catch_up(order: RunOrder, *, store: RunStore, progress: Progress = silent) -> CatchUpPreview:
    """Return what a run of ``order.billing_date`` would catch up, by the book and the rules as of now."""
    issuer, day = store.issuer(order.company_code), order.billing_date
    position = store.book_position(issuer.company_id, SHARD_TERMS)
    basis = basis_of(day, issuer, position, store, issuing_date=order.issuing_date)
    basis = replace(basis, selection=order.selection)
    scope = scope_of(day, issuer, basis, store=store)
    shards, by_payer = cut_shards(position, order.selection), payer_plan_ids(scope.rules.plans)
    found: list[pl.DataFrame] = []
    per_period = one_invoice = 0
    for number, shard in enumerate(shards):
        progress("looking back", number, len(shards))
        book = store.read_book(issuer.company_id, scope.batch_id, shard, day)
        charges = scope.drafts(book).charges.filter(pl.col("outcome") != Outcome.CREDITED.value)
        found.append(caught_up(charges, day))
        together = _priced_together(scope, book, charges)
        per_period += invoice_counts(charges, by_payer)[0]
        one_invoice += invoice_counts(together, by_payer)[1]
    return CatchUpPreview(
        billing_date=day,
        months=_added_up(pl.concat(found)),
        per_period_count=per_period,
        one_invoice_count=one_invoice,
        selection=order.selection,
    )


def _priced_together(scope: Scope, book: ShardBook, charges: pl.DataFrame) -> pl.DataFrame:
    """Return the charges as they are priced with one invoice for each term.

    Only where some fail does this differ: one that cannot be priced takes its whole document with it.
    """
    if not (charges["outcome"] == Outcome.FAILED.value).any():
        return charges
    return replace(scope, catch_up=CatchUp.ONE_INVOICE).drafts(book).charges


def _added_up(months: pl.DataFrame) -> tuple[CaughtUpMonth, ...]:
    keys = ["month", "outcome", "currency"]
    sums = months.group_by(keys).agg(
        charge_count=pl.col("charge_count").sum(), net_minor=exact_sum(pl.col("net_minor"))
    )
    return tuple(
        CaughtUpMonth(**{**row, "outcome": Outcome(row["outcome"])})
        for row in sums.sort(keys).iter_rows(named=True)
    )
