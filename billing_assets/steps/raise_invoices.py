"""Raise: the invoices of a billing date, each exactly once.

Belongs here: the order of work of a run: plan, shards, final accounts.
Does not belong here: formulas (``frames``), SQL (``store``).

A shard is one transaction that ends with its checkpoint row. Whatever process dies, whenever: a shard is either there
as a whole or not at all, and the same command again does what is missing.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import polars as pl

from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import DocumentKind
from billing_assets.domain.runs import CurrencyTotal, RunOrder, RunState
from billing_assets.frames.due_charges import due_charges
from billing_assets.frames.invoices import Drafts, draft_invoices
from billing_assets.frames.numbered import charge_rows, invoice_rows, line_rows, number_drafts, tax_rows
from billing_assets.steps.plan_due_charges import add_totals, plan_run
from billing_assets.steps.result import StepResult
from billing_assets.steps.run_ports import (
    FrozenTemplate,
    Issuer,
    Progress,
    RuleRows,
    Run,
    RunStore,
    Shard,
    ShardWork,
    silent,
)


def raise_invoices(
    order: RunOrder, *, store: RunStore, template: FrozenTemplate, progress: Progress = silent
) -> StepResult:
    """Issue what is due on ``order.billing_date``; a second call finds nothing to do and writes nothing.

    An interrupted run of the date is taken up where it stopped. Charges that cannot be invoiced are
    recorded with their reason; they never stop the others.
    """
    timer = Stopwatch()
    issuer = store.issuer(order.company_code)
    with store.lock_runs(issuer.company_id, progress):
        run, planned = _current_run(order, issuer, store, progress, timer)
        if run is None:
            return StepResult(step="raise_invoices", facts={"due_count": 0, "invoice_count": 0}, seconds=timer.seconds)
        store.start(run.run_id)
        rules = store.rule_rows()
        shards = store.pending_shards(run.run_id)
        issued = 0
        for done, shard in enumerate(shards):
            progress("invoicing", done, len(shards))
            due = planned.get(shard.shard_number)
            issued += _bill_shard(run, shard, due, issuer, rules, store=store, template=template, timer=timer)
        progress("invoicing", len(shards), len(shards))
        totals = _final_accounts(run, store)
        store.finalise(run.run_id, timer.seconds)
    facts = {"run_id": run.run_id, "due_count": run.due_count, "invoice_count": issued}
    return StepResult(step="raise_invoices", facts=facts, totals=totals, seconds=timer.seconds)


def _current_run(
    order: RunOrder, issuer: Issuer, store: RunStore, progress: Progress, timer: "Stopwatch"
) -> tuple[Run | None, Mapping[int, pl.DataFrame]]:
    """Return the run to work on, with what a new plan kept in memory.

    It is the begun run, or the recorded plan if the book has not moved, or a new plan.
    """
    run = store.open_run(issuer.company_id, order.billing_date)
    if run is not None:
        is_current = run.book_batch_id == store.book_position(issuer.company_id).batch_id
        if run.state is RunState.RUNNING or (is_current and run.issuing_date == order.issuing_date):
            return run, {}
    with timer("plan"):
        plan = plan_run(order, issuer, store=store, progress=progress, is_dry_run=False)
    return plan.run, plan.charges


def _bill_shard(  # noqa: PLR0913 - the ports of this step
    run: Run,
    shard: Shard,
    due: pl.DataFrame | None,
    issuer: Issuer,
    rules: RuleRows,
    *,
    store: RunStore,
    template: FrozenTemplate,
    timer: "Stopwatch",
) -> int:
    """Price and write one shard in one transaction; return the number of invoices."""
    before = dict(timer.seconds)
    with store.shard_work(run, shard) as work:
        if work.is_done:
            return 0
        if due is None:
            with timer("read"):
                book = work.read_book()
            with timer("calculate"):
                place_code = issuer.company.place_code
                due = due_charges(book.terms, rules.plans, book.settled, run.billing_date, place_code)
        with timer("calculate"):
            drafts = draft_invoices(due, rules.tax_rules)
        with timer("write"):
            _issue(run, drafts, work, issuer, template)
            own = {part: spent - before.get(part, 0.0) for part, spent in timer.seconds.items()}
            work.checkpoint(drafts.charges.height, drafts.invoices.height, own)
    return drafts.invoices.height


def _issue(run: Run, drafts: Drafts, work: ShardWork, issuer: Issuer, template: FrozenTemplate) -> None:
    """Write lines and taxes first, then lock the number series for the short rest: heads and outcomes."""
    count = drafts.invoices.height
    ids = work.draw_invoice_ids(count) if count else pl.Series("invoice_id", [], dtype=pl.Int64)
    work.write_charges(charge_rows(drafts, ids, run.run_id, issuer.company_id))
    if not count:
        return
    work.write_lines(line_rows(drafts, ids, issuer.company_id))
    work.write_taxes(tax_rows(drafts, ids, issuer.company_id))
    block = work.draw_numbers(count, DocumentKind.INVOICE, issuer.company.invoice_prefix, run.issuing_date)
    numbered = number_drafts(
        drafts,
        prefix=block.prefix,
        first_number=block.first_number,
        issue_date=block.issue_date,
        company_id=issuer.company_id,
        company_sha256=issuer.company_sha256,
        template_sha256=template.template_sha256,
    )
    work.write_invoices(
        invoice_rows(
            numbered,
            ids,
            run_id=run.run_id,
            number_series_id=block.number_series_id,
            company_version_id=issuer.company_version_id,
            template_version_id=template.template_version_id,
        )
    )


def _final_accounts(run: Run, store: RunStore) -> tuple[CurrencyTotal, ...]:
    """Return the run's totals after proving that every planned charge has its outcome, in count and money."""
    totals = store.run_totals(run.run_id)
    if _by_currency(totals) != _by_currency(run.plan_totals):
        raise BillingError(
            "run_incomplete",
            f"run {run.run_id} recorded {_by_currency(totals)}, its plan is {_by_currency(run.plan_totals)}",
            "nothing is finalised; keep the store as it is and report this with 'billing audit'",
        )
    return totals


def _by_currency(totals: tuple[CurrencyTotal, ...]) -> dict[str, tuple[int, int]]:
    sums: dict[str, tuple[int, int]] = {}
    for total in add_totals(totals):
        count, net = sums.get(total.currency, (0, 0))
        sums[total.currency] = (count + total.charge_count, net + total.net_minor)
    return sums


class Stopwatch:
    """Adds up the seconds of named parts of the work."""

    def __init__(self) -> None:
        """Begin with no parts."""
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        """Add the time of the block to ``part``."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[part] = self.seconds.get(part, 0.0) + time.perf_counter() - started
