"""Tell: what was recorded of invoices becomes events for other systems, each once, in order.

Belongs here: the order of work. Does not belong here: the formulas (``frames.statuses``), rows and numbers
(``store.statuses``), sending (``send_statuses``).

Each part is one transaction: it takes what waits, writes the events and uses up what it took. Whatever dies
before it is committed leaves everything waiting as it was.
"""

from collections.abc import Callable
from datetime import date

from billing_assets.frames.statuses import accounts_after, past_due_events, status_events
from billing_assets.steps.result import StepResult, Stopwatch
from billing_assets.steps.run_ports import Progress, silent
from billing_assets.steps.status_ports import StatusStore, StatusWork


def tell_statuses(
    today: date,
    *,
    store: StatusStore,
    progress: Progress = silent,
    between: Callable[[], None] = lambda: None,
) -> StepResult:
    """Tell everything that waits, and then what is past due by ``today``, the company's day.

    An invoice is past due from the day after its due date on. That is told only when nothing waits: a payment
    that is recorded is told first, so that nobody is called late who has paid. ``between`` is called between
    two transactions.

    Facts: ``event_count``, ``past_due_count``, ``part_count`` (transactions that told something).
    """
    watch = Stopwatch()
    told = late = parts = 0
    while store.has_news(today):
        with watch("tell"), store.telling() as work:
            count, late_count, is_last = _one_part(work, today)
        told, late, parts = told + count + late_count, late + late_count, parts + 1
        progress("telling", told, 0)
        if is_last:
            break
        between()
    return StepResult(
        step="tell_statuses",
        facts={"event_count": told, "past_due_count": late, "part_count": parts},
        seconds=watch.seconds,
    )


def _one_part(work: StatusWork, today: date) -> tuple[int, int, bool]:
    """Tell what one transaction takes; return how many events and past due, and whether it was the last."""
    facts = work.facts()
    events = status_events(facts)
    if not facts.is_empty():
        work.tell(events, accounts_after(events, facts))
    if work.has_more():
        return events.height, 0, False
    overdue = past_due_events(work.overdue(today))
    if not overdue.is_empty():
        work.tell_past_due(overdue)
    return events.height, overdue.height, overdue.is_empty()
