"""Raise: the invoices of a billing date, each exactly once.

Belongs here: the order of work of a run: plan, shards, final accounts.
Does not belong here: formulas (``frames``), SQL (``store``).

A shard is one transaction that ends with its checkpoint row. Whatever process dies, whenever: a shard is
either there as a whole or not at all, and the same command again does what is missing.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from billing_assets.domain.errors import BillingError
from billing_assets.domain.runs import CurrencyTotal, Outcome, RunOrder, RunState
from billing_assets.domain.safety_bounds import Bound
from billing_assets.frames.invoices import Drafts
from billing_assets.steps.crews import Crew, WaitForTurn, Workplace
from billing_assets.steps.issue_documents import Issuing, issue_drafts
from billing_assets.steps.issue_ports import Templates
from billing_assets.steps.plan_due_charges import plan_run, require_selection
from billing_assets.steps.price_plan import Scope, add_totals, price_shards, scope_of
from billing_assets.steps.result import StepResult, Stopwatch
from billing_assets.steps.run_ports import (
    Issuer,
    Progress,
    Run,
    RunBasis,
    RunStore,
    Shard,
    ShardWork,
    silent,
)


def raise_invoices(
    order: RunOrder,
    *,
    store: RunStore,
    crew: Crew,
    templates: Callable[[Run], Templates],
    progress: Progress = silent,
) -> StepResult:
    """Issue what is due on ``order.billing_date``; a second call finds nothing to do and writes nothing.

    An interrupted run of the date is taken up where it stopped, without what other runs have billed since.
    Charges that cannot be invoiced are recorded with their reason; they never stop the others.
    A run that exceeds a safety bound issues nothing until somebody approves it, then exactly what was shown.
    ``invoice_count`` is what this call issued, with the credit notes of changes; totals and ``due_count`` are
    of the whole run. ``templates`` gives those of a run, by its issuing date and the name that it asks for.

    Raises:
        BillingError: ``run_held``; ``run_changed_since`` where an approved run would issue something else;
            ``run_of_other_selection`` where the open run of the date bills other policies.
    """
    timer = Stopwatch()
    issuer = store.issuer(order.company_code)
    with store.lock_runs(issuer.company_id, progress):
        with timer("plan"):
            run, scope = _current_run(order, issuer, store, crew, progress)
        if run is None:
            return StepResult(
                step="raise_invoices", facts={"due_count": 0, "invoice_count": 0}, seconds=timer.seconds
            )
        _require_approval(run)
        plan_seconds, printed_by = dict(timer.seconds), templates(run)
        store.start(run.run_id)
        billing = _Billing(
            run=run,
            scope=scope,
            prefix=issuer.company.invoice_prefix,
            rule_set_id=store.keep_rules(scope.rules),
            template=printed_by.invoice,
            credit_template=printed_by.credit() if _gives_back(run) else None,
        )
        issued = _bill_shards(billing, store.pending_shards(run.run_id), crew, timer, progress)
        totals = add_totals(store.finalise(run.run_id, plan_seconds, prove=partial(require_complete, run)))
    facts = {"run_id": run.run_id, "due_count": run.due_count, "invoice_count": issued}
    return StepResult(step="raise_invoices", facts=facts, totals=totals, seconds=timer.seconds)


def _current_run(
    order: RunOrder, issuer: Issuer, store: RunStore, crew: Crew, progress: Progress
) -> tuple[Run | None, Scope]:
    """Return the run to work on and what it goes by; the crew has kept of its drafts what it could.

    A plan is made anew, because other dates may have been billed since it was recorded. A run that has begun
    keeps its book, its closed days, its issuing date and what it has committed; the rest is priced anew, and
    a hold that was set meanwhile stops it.
    """
    run = store.open_run(issuer.company_id, order.billing_date)
    require_selection(order, run)
    if run is None or run.state is not RunState.RUNNING:
        plan = plan_run(order, issuer, store=store, crew=crew, progress=progress, former=run)
        return plan.run, plan.scope
    basis = RunBasis(
        batch_id=run.book_batch_id,
        closed_day_id=run.closed_day_id,
        held_until=run.held_until,
        selection=run.selection,
        holds=store.billing_holds(run.company_id, (run.billing_date, run.issuing_date)),
    )
    scope = scope_of(run.billing_date, issuer, basis, store=store, catch_up=run.catch_up)
    pending = store.pending_shards(run.run_id)
    if not pending:
        return run, scope
    store.refresh_statistics()
    rest = price_shards(scope, pending, crew=crew, progress=progress)
    totals = add_totals((*store.run_totals(run.run_id), *rest.totals))
    return store.revise_plan(run.run_id, totals), scope


def _gives_back(run: Run) -> bool:
    return any(total.outcome is Outcome.CREDITED for total in run.plan_totals)


def _require_approval(run: Run) -> None:
    """Raise ``run_held``, or ``run_changed_since`` after an approval, unless the run may issue."""
    if run.state is not RunState.HELD or run.is_approved:
        return
    is_void = any(each.bound is Bound.RUN_CHANGED_SINCE for each in run.exceeded)
    found = "; ".join(each.found for each in run.exceeded)
    raise BillingError(
        "run_changed_since" if is_void else "run_held",
        f"run {run.run_id} of {run.billing_date} is held: {found}",
        f"nothing was issued; 'billing runs show {run.run_id}' shows the figures, 'billing runs approve' and "
        "'billing runs reject' decide on it",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _BilledShard:
    """What came of a shard: how many documents, and the seconds of each part."""

    document_count: int
    seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Billing(Issuing):
    """The job of billing one shard of a run, in one transaction, priced anew unless planning kept it."""

    rule_set_id: int

    def __call__(self, shard: Shard, place: Workplace, wait_for_turn: WaitForTurn) -> _BilledShard:
        spent = Stopwatch()
        with place.store.shard_work(self.run, shard) as transaction:
            if transaction.is_done:
                return _BilledShard(document_count=0, seconds={})
            drafts = place.kept.take(shard.shard_number) or self._priced(transaction, spent)
            with spent("write"):
                issue_drafts(self, drafts, transaction, wait_for_turn)
            documents = drafts.document_count
            terms = () if drafts.term_counts is None else drafts.term_counts.to_dicts()
            transaction.checkpoint(drafts.charges.height, documents, spent.seconds, self.rule_set_id, terms)
        return _BilledShard(document_count=documents, seconds=spent.seconds)

    def _priced(self, transaction: ShardWork, spent: Stopwatch) -> Drafts:
        with spent("read"):
            book = transaction.read_book()
        with spent("calculate"):
            return self.scope.counted_drafts(book)


def _bill_shards(
    billing: _Billing, shards: Sequence[Shard], crew: Crew, timer: Stopwatch, progress: Progress
) -> int:
    """Bill the shards; return the number of documents.

    While one shard is written, the next is calculated. Numbers are drawn strictly in the order of the
    shards, each after the shard before is committed, so that the same input always gives the same numbers.
    """
    issued = 0
    progress("invoicing", 0, len(shards))
    with closing(crew.work(billing, shards)) as billed:
        for done, shard in enumerate(billed, start=1):
            issued += shard.document_count
            timer.add(shard.seconds)
            progress("invoicing", done, len(shards))
    return issued


def require_complete(run: Run, totals: tuple[CurrencyTotal, ...]) -> None:
    """Prove that every planned charge has its outcome, in count and money."""
    if _by_currency(totals) != _by_currency(run.plan_totals):
        raise BillingError(
            "run_incomplete",
            f"run {run.run_id} recorded {_by_currency(totals)}, its plan is {_by_currency(run.plan_totals)}",
            "nothing is finalised; keep the store as it is and report this with 'billing audit'",
        )


def _by_currency(totals: tuple[CurrencyTotal, ...]) -> dict[str, tuple[int, int]]:
    sums: dict[str, tuple[int, int]] = {}
    for total in add_totals(totals):
        count, net = sums.get(total.currency, (0, 0))
        sums[total.currency] = (count + total.charge_count, net + total.net_minor)
    return sums
