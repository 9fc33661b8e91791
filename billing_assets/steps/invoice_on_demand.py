"""Invoice on demand: single policies are billed now, each up to a date of its own.

Belongs here: the order of work of answering requests, one or many in one transaction, and of a look at what
they would come to.
Does not belong here: formulas (``frames``, by the calculation of every run), SQL (``store``).

What a run under way has planned is left to it: its request waits. Otherwise the policies are billed by a run
of their own kind, final at once, with its own number series, so that no run waits for it or the other way
round. The run of the date finds them settled.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import chain, groupby
from typing import TypeVar

import polars as pl

from billing_assets.domain.errors import BillingError
from billing_assets.domain.holds import HoldClock, stopped
from billing_assets.domain.on_demand import (
    NOTHING_DUE,
    POLICY_UNKNOWN,
    RUN_HELD,
    RUN_IN_PROGRESS,
    Answer,
    OnDemandOrder,
    Preview,
    Request,
    RequestKind,
    RequestState,
)
from billing_assets.domain.runs import CatchUp, Outcome
from billing_assets.frames.cash_rounding import used_units
from billing_assets.frames.holds import with_holds
from billing_assets.frames.invoices import Drafts
from billing_assets.frames.on_demand import due_until, next_dates, policy_sums, until_frame
from billing_assets.frames.run_figures import figures_of
from billing_assets.steps.issue_documents import Issuing, issue_drafts
from billing_assets.steps.issue_ports import Templates
from billing_assets.steps.on_demand_ports import HeldRun, OnDemandStore, OnDemandWork, ShardCount, Standing
from billing_assets.steps.price_plan import Scope, totals_of
from billing_assets.steps.raise_invoices import require_complete
from billing_assets.steps.run_ports import Shard, ShardBook

_ATTEMPTS = 8
_Result = TypeVar("_Result")


def invoice_on_demand(
    order: OnDemandOrder, requests: Sequence[Request], *, store: OnDemandStore, templates: Templates
) -> tuple[Answer, ...]:
    """Answer the requests in one transaction; the same again finds its policies settled.

    Requests of one policy are answered together, by the furthest date that they ask for.
    """
    return in_transaction(
        order.company_code, lambda work: answer_requests(order, requests, work, templates), store=store
    )


def in_transaction(
    company_code: str, act: Callable[[OnDemandWork], _Result], *, store: OnDemandStore
) -> _Result:
    """Return what ``act`` returns in a transaction; again where another program has billed it meanwhile."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with store.on_demand(company_code) as work:
                return act(work)
        except BillingError as error:
            if error.code != "billed_meanwhile" or attempt == _ATTEMPTS:
                raise
    raise AssertionError("the last attempt returns or raises")


def preview_on_demand(
    order: OnDemandOrder, requests: Sequence[Request], *, store: OnDemandStore
) -> tuple[Preview, ...]:
    """Return what would become of each request, with what it comes to; nothing is written."""

    def look(work: OnDemandWork) -> tuple[Preview, ...]:
        found = _worked_out(order, requests, work)
        sums = policy_sums(part.drafts for part in found.parts)
        return tuple(
            Preview(answer=answer, sums=sums.get(answer.request.policy_number, ()))
            for answer in found.answers(requests, None)
        )

    return in_transaction(order.company_code, look, store=store)


def answer_requests(
    order: OnDemandOrder, requests: Sequence[Request], work: OnDemandWork, templates: Templates
) -> tuple[Answer, ...]:
    """Bill what the requests ask for in the transaction of ``work``; return an answer for each, in order."""
    found = _worked_out(order, requests, work)
    run_id = _issue(order, found.standing, found.scope, found.parts, work, templates)
    return found.answers(requests, run_id)


def _worked_out(order: OnDemandOrder, requests: Sequence[Request], work: OnDemandWork) -> "_WorkedOut":
    """Return what is decided on each policy, and what of it is billed, priced."""
    by_policy: dict[str, list[Request]] = {}
    for request in requests:
        by_policy.setdefault(request.policy_number, []).append(request)
    standing = work.standing(tuple(by_policy))
    scope = _scope(order, standing)
    book = _with_holds(work.read_book(standing, tuple(standing.policy_ids.values())), scope)
    last = replace(scope, billing_date=scope.last_day(book.terms))
    due = last.installments(book)
    decided = _decided(order, by_policy, standing, dict(next_dates(due).iter_rows()), book)
    until = {number: found.until for number, found in decided.items() if found.is_free and found.until}
    parts = _priced(scope, due, until, _changed(book), partial(_read, work, standing))
    return _WorkedOut(standing=standing, scope=scope, parts=parts, decided=decided)


def _read(work: OnDemandWork, standing: Standing, numbers: Sequence[str]) -> ShardBook:
    return work.read_book(standing, tuple(standing.policy_ids[number] for number in numbers))


def _scope(order: OnDemandOrder, standing: Standing) -> Scope:
    company = standing.issuer.company
    return Scope(
        issuer=standing.issuer,
        billing_date=order.billing_date,
        place_code=company.place_code,
        batch_id=standing.batch_id,
        rules=standing.rules,
        closed_days=standing.closed_days,
        held_until=None,
        catch_up=CatchUp.PER_PERIOD,
        run_dates=None,
        cash_units=used_units(standing.rules.cash_units, company.cash_rounding),
        holds=stopped(HoldClock.BILL, standing.holds, (order.billing_date, order.issuing_date)),
    )


def _with_holds(book: ShardBook, scope: Scope) -> ShardBook:
    """Return the book as holds leave it to billing: a request is told why a policy is held."""
    return replace(book, terms=with_holds(book.terms, scope.holds))


def _changed(book: ShardBook) -> frozenset[str]:
    """Return the numbers of the policies that have changes of terms."""
    if book.changes is None:
        return frozenset()
    return frozenset(book.terms.join(book.changes.changes, on="policy_term_id", how="semi")["policy_number"])


def _billed(book: ShardBook, requests: Iterable[Request]) -> frozenset[str]:
    """Return the numbers of the policies that have an invoice, where a request asks for a first one."""
    if not any(request.request_kind is RequestKind.FIRST_INVOICE for request in requests):
        return frozenset()
    return frozenset(book.terms.join(book.settled, on="policy_term_id", how="semi")["policy_number"])


def _holds(book: ShardBook) -> dict[str, str]:
    """Return why terms of policies are held, by number: the reason of the first one."""
    held = book.terms.filter(pl.col("hold_code").is_not_null()).sort("effective_date")
    first = held.unique("policy_number", keep="first", maintain_order=True)
    return dict(first.select("policy_number", "hold_code").iter_rows())


@dataclass(frozen=True, slots=True)
class _Decided:
    """Up to which date a policy is billed; with a reason it is not, and the state says whether ever.

    ``held_run_id`` is the held run that it waits for, ``hold_code`` why one of its terms is held.
    """

    until: date | None = None
    state: RequestState = RequestState.DONE
    reason_code: str = ""
    held_run_id: int | None = None
    hold_code: str = ""

    @property
    def is_free(self) -> bool:
        return not self.reason_code


def _decided(
    order: OnDemandOrder,
    by_policy: Mapping[str, Sequence[Request]],
    standing: Standing,
    next_days: Mapping[str, date],
    book: ShardBook,
) -> dict[str, _Decided]:
    """Return for each policy how far it is billed, or why not now."""
    found, changed, holds = {}, _changed(book), _holds(book)
    billed = _billed(book, chain.from_iterable(by_policy.values()))
    for number, requests in by_policy.items():
        first = next_days.get(number)
        asked = [request.day(first, order.billing_date, is_billed=number in billed) for request in requests]
        days = [day for day in asked if day] or ([order.billing_date] if number in changed else [])
        until = max(days, default=None)
        if number not in standing.policy_ids:
            found[number] = _Decided(until, RequestState.FAILED, POLICY_UNKNOWN)
        elif until is None:
            found[number] = replace(_nothing_due(holds.get(number, "")), until=until)
        elif standing.policy_ids[number] in standing.busy_ids:
            found[number] = _Decided(until, RequestState.WAITING, RUN_IN_PROGRESS)
        elif held := _held_run(standing.held_runs, first, until, is_changed=number in changed):
            found[number] = _Decided(until, RequestState.WAITING, RUN_HELD, held.run_id)
        else:
            found[number] = _Decided(until, hold_code=holds.get(number, ""))
    return found


def _nothing_due(hold_code: str) -> _Decided:
    """Return the answer where nothing is left to bill: of a held policy a person has still to decide."""
    if hold_code:
        return _Decided(None, RequestState.FAILED, hold_code)
    return _Decided(None, RequestState.DONE, NOTHING_DUE)


def _held_run(
    runs: Sequence[HeldRun], first: date | None, until: date, *, is_changed: bool
) -> HeldRun | None:
    """Return the earliest held run that bills something of what is asked for; any may, of changed terms."""
    if is_changed:
        return next(iter(runs), None)
    if first is None or first > until:
        return None
    return next((run for run in runs if first <= run.billing_date), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What is billed as one shard: policies, each up to its date."""

    until: Mapping[str, date]
    drafts: Drafts


@dataclass(frozen=True, slots=True, kw_only=True)
class _WorkedOut:
    """What requests come to: the parts that are billed, and what is decided on each policy."""

    standing: Standing
    scope: Scope
    parts: Sequence[_Part]
    decided: Mapping[str, _Decided]

    def answers(self, requests: Iterable[Request], run_id: int | None) -> tuple[Answer, ...]:
        outcomes = _outcomes(self.parts)
        return tuple(
            _answer(request, self.decided[request.policy_number], outcomes.get(request.policy_number), run_id)
            for request in requests
        )


def _priced(
    scope: Scope,
    due: pl.DataFrame,
    until: Mapping[str, date],
    changed: frozenset[str],
    read: Callable[[Sequence[str]], ShardBook],
) -> list[_Part]:
    """Price what is due of the policies; those with changes by the whole calculation, date by date."""
    plain = {number: day for number, day in until.items() if number not in changed}
    parts = [_Part(until=plain, drafts=scope.priced(due_until(due, until_frame(plain))))] if plain else []
    by_day = sorted(((day, number) for number, day in until.items() if number in changed))
    for day, rows in groupby(by_day, key=lambda row: row[0]):
        own = {number: day for _, number in rows}
        dated = replace(scope, billing_date=scope.open_day(day), until=until_frame(own))
        parts.append(_Part(until=own, drafts=dated.drafts(read(tuple(own)))))
    return [part for part in parts if part.drafts.charges.height]


def _issue(
    order: OnDemandOrder,
    standing: Standing,
    scope: Scope,
    parts: Sequence[_Part],
    work: OnDemandWork,
    templates: Templates,
) -> int | None:
    """Write run and documents; return the id of the run, None where nothing was due."""
    if not parts:
        return None
    totals = totals_of(pl.concat(_sums(part.drafts) for part in parts))
    shards = [_shard(number, part, standing) for number, part in enumerate(parts)]
    run = work.open_run(order, standing, totals, shards)
    issuing = Issuing(
        run=run,
        scope=scope,
        prefix=standing.issuer.company.on_demand_prefix,
        template=templates.invoice,
        credit_template=templates.credit() if any(part.drafts.credits for part in parts) else None,
    )
    for part in parts:
        issue_drafts(issuing, part.drafts, work, _no_turn)
    figures = pl.concat(figures_of(part.drafts, scope.rules.plans, None) for part in parts)
    work.close_run(run.run_id, figures, prove=partial(require_complete, run))
    return run.run_id


def _no_turn() -> None:
    """Go on: shards on demand are written one after the other."""


def _sums(drafts: Drafts) -> pl.DataFrame:
    by_outcome = drafts.charges.group_by("outcome", "currency")
    return by_outcome.agg(charge_count=pl.len(), net_minor=pl.col("net_minor").sum())


def _shard(number: int, part: _Part, standing: Standing) -> ShardCount:
    numbers = sorted(set(part.drafts.charges["policy_number"]), key=standing.policy_ids.__getitem__)
    ids = tuple(standing.policy_ids[each] for each in numbers)
    return ShardCount(
        shard=Shard(
            shard_number=number,
            from_policy_id=ids[0],
            to_policy_id=ids[-1] + 1,
            policy_ids=ids,
            until_dates=tuple(part.until[each] for each in numbers),
        ),
        due_count=part.drafts.charges.height,
        document_count=part.drafts.document_count,
    )


def _outcomes(parts: Sequence[_Part]) -> dict[str, tuple[bool, str]]:
    """Return of each policy whether something of it is billed or settled, and the first reason against it."""
    found: dict[str, tuple[bool, str]] = {}
    for part in parts:
        rows = part.drafts.charges.select("policy_number", "outcome", "reason_code").unique(
            maintain_order=True
        )
        for number, outcome, reason in rows.iter_rows():
            is_settled, first = found.get(number, (False, ""))
            is_open = Outcome(outcome) in {Outcome.HELD, Outcome.FAILED}
            found[number] = (is_settled or not is_open, first or reason or "")
    return found


def _answer(
    request: Request, decided: _Decided, outcome: tuple[bool, str] | None, run_id: int | None
) -> Answer:
    if not decided.is_free:
        state, reason, run_id = decided.state, decided.reason_code, decided.held_run_id
    elif outcome is None:
        settled = _nothing_due(decided.hold_code)
        state, reason, run_id = settled.state, settled.reason_code, None
    else:
        state, reason = (RequestState.DONE if outcome[0] else RequestState.FAILED), outcome[1]
    return Answer(request=request, state=state, reason_code=reason, run_id=run_id, until=decided.until)
