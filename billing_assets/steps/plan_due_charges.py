"""Plan: which charges are due on a billing date, counted before anything is issued.

Belongs here: cutting the book into shards, recording the plan.
Does not belong here: what the shards come to (``price_plan``), issuing (``raise_invoices``).
"""

import time
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from billing_assets.domain.errors import BillingError
from billing_assets.domain.runs import CatchUp, CurrencyTotal, RunOrder, RunState
from billing_assets.domain.safety_bounds import Bound, Exceeded
from billing_assets.domain.selections import EVERYTHING, Selection
from billing_assets.frames.calendars import CompanyCalendar
from billing_assets.steps.crews import Crew
from billing_assets.steps.price_plan import Scope, plan_record, price_shards, scope_of
from billing_assets.steps.result import StepResult
from billing_assets.steps.run_ports import (
    BookPosition,
    Issuer,
    PlanRecord,
    Progress,
    Run,
    RunBasis,
    RunStore,
    Shard,
    silent,
)

SHARD_TERMS = 25_000
"""Terms per shard: each shard is one transaction, and its memory is the run's memory."""


def plan_due_charges(
    order: RunOrder, *, store: RunStore, crew: Crew, progress: Progress = silent, is_dry_run: bool = False
) -> StepResult:
    """Count what is due on ``order.billing_date`` and record it as the plan of the date's run.

    What is due is priced, so that the plan tells what the run would issue, to the cent; a plan that exceeds a
    safety bound is held. A date that was finalised and has nothing new due is left as it is; ``is_dry_run``
    writes nothing at all. A run that has begun keeps its plan.
    """
    started = time.perf_counter()
    issuer = store.issuer(order.company_code)
    with store.lock_runs(issuer.company_id, progress):
        run = store.open_run(issuer.company_id, order.billing_date)
        require_selection(order, run)
        if run is not None and run.state is RunState.RUNNING:
            return _result(run.plan_totals, run, started)
        plan = plan_run(
            order, issuer, store=store, crew=crew, progress=progress, former=run, is_dry_run=is_dry_run
        )
    return _result(plan.totals, plan.run, started)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What planning found, and the recorded run; None where nothing was to be recorded."""

    scope: Scope
    totals: tuple[CurrencyTotal, ...]
    run: Run | None


def plan_run(
    order: RunOrder,
    issuer: Issuer,
    *,
    store: RunStore,
    crew: Crew,
    progress: Progress,
    former: Run | None = None,
    is_dry_run: bool = False,
) -> Plan:
    """Count, price and record under a lock that the caller holds; ``former``: the plan to be rewritten.

    Who approved a plan that has changed since finds the run held, with the new figures.
    """
    catch_up = order.catch_up or (former.catch_up if former else CatchUp.PER_PERIOD)
    order = replace(order, catch_up=catch_up, template_name=_template_name(order, former))
    position = store.book_position(issuer.company_id, SHARD_TERMS)
    shards = cut_shards(position, order.selection)
    basis = basis_of(order.billing_date, issuer, position, store, issuing_date=order.issuing_date)
    basis = replace(basis, selection=order.selection)
    scope = scope_of(order.billing_date, issuer, basis, store=store, catch_up=catch_up)
    basis_sha256 = scope.basis_sha256(basis)
    if former is None and store.is_settled(issuer.company_id, order.billing_date, basis_sha256):
        return Plan(scope=scope, totals=(), run=None)
    store.refresh_statistics()
    priced = price_shards(scope, shards, crew=crew, progress=progress)
    record = plan_record(scope, priced, basis_sha256, store=store)
    if former is not None and (record.totals or former.is_approved) and _is_moved(former, record):
        record = replace(record, exceeded=(*record.exceeded, _MOVED))
    is_done = former is None and not record.totals
    day = order.billing_date
    if is_dry_run or (is_done and store.has_finalised_run(issuer.company_id, day, order.selection)):
        return Plan(scope=scope, totals=record.totals, run=None)
    run = store.record_plan(issuer.company_id, order, basis, shards, record)
    return Plan(scope=scope, totals=record.totals, run=run)


def _template_name(order: RunOrder, former: Run | None) -> str:
    """Return by which templates the run prints; what was approved keeps its own."""
    if former is None:
        return order.template_name
    return former.template_name if former.is_approved else order.template_name or former.template_name


def require_selection(order: RunOrder, run: Run | None) -> None:
    """Raise ``run_of_other_selection`` where the open run of the date bills other policies than the order.

    Of a date one run is open at a time, and no two of them are ever made one.
    """
    if run is None or run.selection == order.selection:
        return
    goes_on = f"'billing run {run.billing_date}{run.selection.options()}' finishes it"
    drops = "" if run.state is RunState.RUNNING else f", 'billing runs reject {run.run_id}' drops it"
    raise BillingError(
        "run_of_other_selection",
        f"run {run.run_id} of {run.billing_date} is {run.state.value}; it bills {run.selection.words()}",
        f"nothing was billed; {goes_on}{drops}; after that give the same command again",
    )


_MOVED = Exceeded(
    bound=Bound.RUN_CHANGED_SINCE,
    found="since these figures were shown, the book or a rule moved or another date billed some of it",
)


def _is_moved(former: Run, record: PlanRecord) -> bool:
    """Tell whether an approval is void by now; it stays so until the new figures are decided on."""
    is_void = any(each.bound is Bound.RUN_CHANGED_SINCE for each in former.exceeded)
    is_same = former.plan_sha256 == record.plan_sha256
    return not is_same if former.is_approved else is_void


def basis_of(
    billing_date: date,
    issuer: Issuer,
    position: BookPosition,
    store: RunStore,
    *,
    issuing_date: date | None,
) -> RunBasis:
    """Return what a run that is planned now rests on.

    Holds count that stop the billing clock on its date or on the day of its documents; where there is no such
    day, nothing is to be billed, and none does.
    """
    closed_days = store.closed_days(issuer.company_id, position.closed_day_id)
    company = CompanyCalendar(place_code=issuer.company.place_code, closed=closed_days)
    return RunBasis(
        batch_id=position.batch_id,
        closed_day_id=position.closed_day_id,
        closing_count=position.closing_count,
        is_open_day=not company.is_closed(billing_date),
        held_until=store.held_until(issuer.company_id, billing_date),
        holds=store.billing_holds(issuer.company_id, (billing_date, issuing_date)) if issuing_date else (),
    )


def cut_shards(position: BookPosition, selection: Selection = EVERYTHING) -> tuple[Shard, ...]:
    """Return the ranges of policies between the borders, at least one, possibly empty; then those of payers.

    Each takes of its range what is selected; the ranges are those of the whole book.

    >>> borders = {"policy_borders": (1, 25_001, 50_001), "payer_borders": (7, 9_001)}
    >>> shards = cut_shards(BookPosition(batch_id=1, payer_plans=("fleet",), **borders))
    >>> [(each.from_policy_id, each.to_policy_id, each.to_payer_id) for each in shards]
    [(1, 25001, 0), (25001, 50001, 0), (1, 50001, 9001)]
    """
    borders = position.policy_borders if len(position.policy_borders) > 1 else (1, 1)
    by_payer = [(borders[0], borders[-1], *payers) for payers in pairwise(position.payer_borders)]
    ranges = [*((*policies, 0, 0) for policies in pairwise(borders)), *by_payer]
    return tuple(
        Shard(
            shard_number=number,
            from_policy_id=from_policy_id,
            to_policy_id=to_policy_id,
            payer_plans=position.payer_plans,
            from_payer_id=from_payer_id,
            to_payer_id=to_payer_id,
            product_codes=selection.product_codes,
            place_codes=selection.place_codes,
            plan_codes=selection.plan_codes,
            payer_groups=selection.payer_groups,
        )
        for number, (from_policy_id, to_policy_id, from_payer_id, to_payer_id) in enumerate(ranges)
    )


def _result(totals: tuple[CurrencyTotal, ...], run: Run | None, started: float) -> StepResult:
    facts: dict[str, int | str] = {"due_count": sum(total.charge_count for total in totals)}
    if run is not None:
        facts["run_id"] = run.run_id
        if run.state is RunState.HELD and not run.is_approved:
            facts["held_for"] = "; ".join(each.found for each in run.exceeded)
    return StepResult(
        step="plan_due_charges", facts=facts, totals=totals, seconds={"plan": time.perf_counter() - started}
    )
