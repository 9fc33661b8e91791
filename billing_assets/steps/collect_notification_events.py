"""Collect: what happened since last time becomes events, and each event stands in the messages that tell it.

Belongs here: from when on something is worth telling, which rule hears what.
Does not belong here: the facts (``store.notification_events``), sending (``send_notifications``).

Each event has a key of its own, so that collecting again, or twice at once, adds nothing.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from billing_assets.domain.notification_rules import due_at, hears
from billing_assets.domain.notifications import Event, EventKind
from billing_assets.steps.notification_ports import EventStore, Matched, Moments, StoredRule, ToldCompany
from billing_assets.steps.result import StepResult

STOPPED_MINUTES = 2
"""A run on which nobody works for so long has stopped; one that is taken up again at once is not told of."""

LATE_DAYS = 7
"""So many days back a billing date is looked for that is not final."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait before telling. ``run_deadline`` is a clock time of the date, empty for none."""

    run_deadline: str = ""
    stuck_minutes: int = 240
    approval_minutes: int = 60


def moments_of(company: ToldCompany, patience: Patience, now: datetime) -> Moments:
    """Return from when on something is worth telling of a company.

    >>> from datetime import UTC
    >>> company = ToldCompany(
    ...     company_id=1, company_code="demo", name="Demo", email="a@example.com", time_zone="Europe/Madrid"
    ... )
    >>> at = datetime(2025, 1, 31, 9, 0, tzinfo=UTC)
    >>> [str(day) for day in moments_of(company, Patience(run_deadline="12:00"), at).late_dates or ()]
    ['2025-01-24', '2025-01-30']
    """
    local = now.astimezone(ZoneInfo(company.time_zone))
    late_dates = None
    if patience.run_deadline:
        is_over = local.strftime("%H:%M") >= patience.run_deadline
        last = local.date() - timedelta(days=0 if is_over else 1)
        late_dates = last - timedelta(days=LATE_DAYS - 1), last
    return Moments(
        now=now,
        today=local.date(),
        deadline=patience.run_deadline,
        late_dates=late_dates,
        stopped_before=now - timedelta(minutes=STOPPED_MINUTES),
        stuck_before=now - timedelta(minutes=patience.stuck_minutes),
        held_before=now - timedelta(minutes=patience.approval_minutes),
    )


def collect_notification_events(
    *, store: EventStore, patience: Patience, clock: Callable[[], datetime]
) -> StepResult:
    """Add what happened since last time, and queue the messages that tell it.

    ``event_count`` is the number of new events, ``queued_count`` that of events for which some rule has a
    message.
    """
    started = time.perf_counter()
    now = clock()
    event_count = store.add_events(store.new_store_events(), now)
    for company in store.companies():
        moments = moments_of(company, patience, now)
        event_count += store.add_events(store.new_events(company, moments), now)
        event_count += store.add_delivery_events(company, moments)
    rules = store.rules()
    queued_count = store.queue_messages(lambda event, code: matches(rules, event, code, now), now)
    return StepResult(
        step="collect_notification_events",
        facts={"event_count": event_count, "queued_count": queued_count},
        seconds={"collect": time.perf_counter() - started},
    )


def matches(rules: Sequence[StoredRule], event: Event, company_code: str, now: datetime) -> list[Matched]:
    """Return the rules that hear an event, and when their messages are due.

    A rule hears what happened since it was made. That a message did not get through is not told by the
    channel that it did not get through.
    """
    failed_channel = ""
    if event.event_kind is EventKind.NOTIFICATION_UNDELIVERABLE:
        failed_channel = event.facts["channel_name"]
    return [
        (stored, due_at(stored.rule, event.severity, now))
        for stored in rules
        if event.occurred_at >= stored.hears_from
        and stored.rule.channel_name != failed_channel
        and hears(stored.rule, event, company_code)
    ]
