"""Drain the policy events: what other systems told of policies goes into the book, a batch at a time.

Belongs here: the order of work. Does not belong here: checking and writing a row (``read_policy_book``,
``read_policy_changes``, by which events come in as rows of files do), billing what came in (``drain_inbox``).

Terms go first, changes after them, so that a change finds the term that came beside it; one whose term is not
there stays open. A batch has one event of each policy: what a policy is told of comes in by its versions, and
an event that is refused costs no other. Events are marked, and the requests that bill their policies left in
the inbox, in the transaction that imports them: whoever dies leaves both or neither.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from billing_assets.domain.policy_events import EventKind, OpenEvent
from billing_assets.steps.event_ports import EventInbox
from billing_assets.steps.event_rows import (
    EVENT_MAPPING,
    SOURCE,
    EventBook,
    EventChanges,
    with_one_word_of_each_payer,
)
from billing_assets.steps.read_policy_book import IntakeOrder, read_policy_book
from billing_assets.steps.read_policy_changes import read_policy_changes
from billing_assets.steps.result import StepResult, Stopwatch
from billing_assets.steps.run_ports import Clock, Progress, silent

BATCH_EVENTS = 10_000
"""Events that are taken in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventOrder:
    """Whose events are taken, and the business date of that."""

    company_code: str
    as_of_date: date


def drain_policy_events(
    order: EventOrder,
    *,
    inbox: EventInbox,
    clock: Clock,
    batch_events: int = BATCH_EVENTS,
    progress: Progress = silent,
) -> StepResult:
    """Take every event that was there when it began; those that come meanwhile are for the next drain.

    Facts: ``event_count``, which is the sum of ``taken_count``, ``refused_count``, ``stale_count`` and
    ``repeated_count``, and ``awaiting_count``: changes that wait for their term.

    Raises:
        BillingError: ``run_unfinished`` where a run was interrupted; all stays as it is.
    """
    timer, counts = Stopwatch(), Counter[str]()
    with inbox.hold(), timer("take"):
        up_to_id = inbox.newest_id()
        for kind in EventKind:
            while events := inbox.next_events(kind, up_to_id, batch_events):
                counts.update(_taken(order, kind, events, inbox, clock))
                progress("taking events", counts.total(), 0)
        awaiting = inbox.counts().awaiting
    names = ("taken_count", "refused_count", "stale_count", "repeated_count")
    facts: dict[str, int | str] = {"event_count": counts.total(), **{name: counts[name] for name in names}}
    return StepResult(
        step="drain_policy_events",
        facts={**facts, "awaiting_count": awaiting},
        problem_count=counts["refused_count"],
        seconds=timer.seconds,
    )


def _taken(
    order: EventOrder, kind: EventKind, events: Sequence[OpenEvent], inbox: EventInbox, clock: Clock
) -> Counter[str]:
    """Settle or import the events of a batch; return how many of each outcome."""
    settled = {event.event_id: event.settled_by for event in events if event.settled_by}
    if settled:
        inbox.settle(settled)
    counts = Counter(f"{reason}_count" for reason in settled.values())
    rest = [event for event in events if not event.settled_by]
    if not rest:
        return counts
    result = (_import_terms if kind is EventKind.POLICY else _import_changes)(order, rest, inbox, clock)
    row_count, problem_count = (int(result.facts[name]) for name in ("row_count", "problem_count"))
    counts.update(taken_count=row_count - problem_count, refused_count=problem_count)
    return counts


def _import_terms(
    order: EventOrder, events: Sequence[OpenEvent], inbox: EventInbox, clock: Clock
) -> StepResult:
    agreeing = with_one_word_of_each_payer(events)
    intake = IntakeOrder(
        company_code=order.company_code,
        path=Path(SOURCE),
        mapping=EVENT_MAPPING,
        as_of_date=order.as_of_date,
        is_again=True,
    )
    store = inbox.book_store([event.event_id for event in agreeing])
    return read_policy_book(intake, reader=EventBook(agreeing), store=store, clock=clock)


def _import_changes(
    order: EventOrder, events: Sequence[OpenEvent], inbox: EventInbox, clock: Clock
) -> StepResult:
    store = inbox.change_store([event.event_id for event in events])
    return read_policy_changes(
        Path(SOURCE), order.company_code, reader=EventChanges(events), store=store, clock=clock
    )
