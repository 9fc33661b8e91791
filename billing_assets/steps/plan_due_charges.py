"""Plan: which charges are due on a billing date, counted before anything is issued.

Belongs here: cutting the book into shards, counting, recording the plan.
Does not belong here: pricing and issuing (``raise_invoices``).
"""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

import polars as pl

from billing_assets.domain.runs import CurrencyTotal, Outcome, RunOrder, RunState
from billing_assets.frames.calendars import CompanyCalendar
from billing_assets.frames.due_charges import due_charges
from billing_assets.frames.rounding import exact_sum
from billing_assets.steps.result import StepResult
from billing_assets.steps.run_ports import (
    BookPosition,
    Issuer,
    Progress,
    Run,
    RunBasis,
    RunStore,
    Shard,
    silent,
)

SHARD_TERMS = 25_000
"""Terms per shard: each shard is one transaction, and its memory is the run's memory."""

SHARDS_AT_ONCE = 2
"""Shards in work at the same time: while one waits for the store, the other is calculated."""

KEPT_CHARGES = 120_000
"""Due charges that planning keeps in memory for issuing (about 40 MB); beyond it shards are read again."""


def plan_due_charges(
    order: RunOrder, *, store: RunStore, progress: Progress = silent, is_dry_run: bool = False
) -> StepResult:
    """Count what is due on ``order.billing_date`` and record it as the plan of the date's run.

    A date that was finalised and has nothing new due is left as it is; ``is_dry_run`` writes nothing at all.
    A run that has begun keeps its plan.
    """
    started = time.perf_counter()
    issuer = store.issuer(order.company_code)
    with store.lock_runs(issuer.company_id, progress):
        run = store.open_run(issuer.company_id, order.billing_date)
        if run is not None and run.state is RunState.RUNNING:
            return _result(run.plan_totals, run, started)
        plan = plan_run(
            order, issuer, store=store, progress=progress, is_open=run is not None, is_dry_run=is_dry_run
        )
    return _result(plan.counted.totals, plan.run, started)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What is due: totals, and of small plans the charges by shard, which spares issuing a second look."""

    totals: tuple[CurrencyTotal, ...] = ()
    charges: Mapping[int, pl.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What planning found, and the recorded run; None where nothing was to be recorded."""

    counted: Counted
    run: Run | None


def plan_run(
    order: RunOrder,
    issuer: Issuer,
    *,
    store: RunStore,
    progress: Progress,
    is_open: bool = False,
    is_dry_run: bool = False,
) -> Plan:
    """Count and record under a lock that the caller holds; ``is_open``: there is a plan to be rewritten."""
    position = store.book_position(issuer.company_id, SHARD_TERMS)
    shards = cut_shards(position)
    basis = _basis(order.billing_date, issuer, position, store)
    counted = count_due(order.billing_date, issuer, basis, shards, store=store, progress=progress)
    is_settled = not counted.totals and store.has_finalised_run(issuer.company_id, order.billing_date)
    if is_dry_run or (is_settled and not is_open):
        return Plan(counted=counted, run=None)
    run = store.record_plan(issuer.company_id, order, basis, shards, counted.totals)
    return Plan(counted=counted, run=run)


def _basis(billing_date: date, issuer: Issuer, position: BookPosition, store: RunStore) -> RunBasis:
    closed_days = store.closed_days(issuer.company_id, position.closed_day_id)
    company = CompanyCalendar(place_code=issuer.company.place_code, closed=closed_days)
    return RunBasis(
        batch_id=position.batch_id,
        closed_day_id=position.closed_day_id,
        is_open_day=not company.is_closed(billing_date),
    )


def count_due(
    billing_date: date,
    issuer: Issuer,
    basis: RunBasis,
    shards: Sequence[Shard],
    *,
    store: RunStore,
    progress: Progress,
) -> Counted:
    """Count what is due in these shards, of the book and on the closed days that the run rests on."""
    rules = store.rule_rows()
    closed_days = store.closed_days(issuer.company_id, basis.closed_day_id)
    place_code = issuer.company.place_code
    totals: tuple[CurrencyTotal, ...] = ()
    kept: dict[int, pl.DataFrame] = {}
    kept_count = 0

    def count(shard: Shard) -> pl.DataFrame:
        book = store.read_book(issuer.company_id, basis.batch_id, shard, billing_date)
        return due_charges(book.terms, rules.plans, book.settled, billing_date, place_code, closed_days)

    threads = ThreadPoolExecutor(max_workers=SHARDS_AT_ONCE, thread_name_prefix="planning")
    try:
        for done, (shard, due) in enumerate(zip(shards, threads.map(count, shards), strict=True), start=1):
            totals = add_totals((*totals, *charge_totals(due)))
            if due.height + kept_count <= KEPT_CHARGES:
                kept[shard.shard_number] = due
                kept_count += due.height
            progress("planning", done, len(shards))
    finally:
        threads.shutdown(cancel_futures=True)
    return Counted(totals=totals, charges=kept)


def cut_shards(position: BookPosition) -> tuple[Shard, ...]:
    """Return the ranges of policies between the borders; at least one, possibly empty.

    >>> cut_shards(BookPosition(batch_id=1, policy_borders=(1, 25_001, 50_001)))[1]
    Shard(shard_number=1, from_policy_id=25001, to_policy_id=50001)
    """
    borders = position.policy_borders if len(position.policy_borders) > 1 else (1, 1)
    return tuple(
        Shard(shard_number=number, from_policy_id=first, to_policy_id=following)
        for number, (first, following) in enumerate(pairwise(borders))
    )


def charge_totals(charges: pl.DataFrame) -> tuple[CurrencyTotal, ...]:
    """Return one total per outcome and currency of a frame of due charges."""
    rows = (
        charges.group_by("outcome", "currency")
        .agg(charge_count=pl.len(), net_minor=exact_sum(pl.col("net_minor")))
        .sort("outcome", "currency")
    )
    return tuple(
        CurrencyTotal(
            outcome=Outcome(row["outcome"]),
            currency=row["currency"],
            charge_count=row["charge_count"],
            net_minor=row["net_minor"],
        )
        for row in rows.iter_rows(named=True)
    )


def add_totals(totals: tuple[CurrencyTotal, ...]) -> tuple[CurrencyTotal, ...]:
    """Return the totals added up per outcome and currency, sorted."""
    sums: dict[tuple[Outcome, str], tuple[int, int]] = {}
    for total in totals:
        count, net = sums.get((total.outcome, total.currency), (0, 0))
        sums[total.outcome, total.currency] = (count + total.charge_count, net + total.net_minor)
    return tuple(
        CurrencyTotal(outcome=outcome, currency=currency, charge_count=count, net_minor=net)
        for (outcome, currency), (count, net) in sorted(sums.items())
    )


def _result(totals: tuple[CurrencyTotal, ...], run: Run | None, started: float) -> StepResult:
    facts: dict[str, int | str] = {"due_count": sum(total.charge_count for total in totals)}
    if run is not None:
        facts["run_id"] = run.run_id
    return StepResult(
        step="plan_due_charges", facts=facts, totals=totals, seconds={"plan": time.perf_counter() - started}
    )
