"""Notifications: what happened that somebody may want to be told.

Belongs here: the kinds of events, how grave each is, the key by which an event is one however often it is
looked for, and when a message that was refused is tried again.
Does not belong here: who hears what (``notification_rules``), its words (``notification_words``), finding
events (``steps.collect_notification_events``).

An event holds counts, amounts, codes and numbers of our own, never a name or an address.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Severity(StrEnum):
    """How grave an event is, the least grave first."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Place in the order, 0 for the least grave.

        >>> Severity.ERROR.rank > Severity.WARNING.rank
        True
        """
        return list(Severity).index(self)


class EventKind(StrEnum):
    """What happened.

    ``run_finalised``: a run is final. ``run_held``: a run exceeds a safety bound and nothing of it was
    issued. ``approval_needed``: a held run still waits for somebody's decision. ``run_failed``: a run has
    begun, is not final, and nobody works on it. ``run_late``: a billing date is not final by its deadline.
    ``deliveries_stuck``: messages to payers wait too long; ``deliveries_undelivered``: they were refused, or
    may or may not have arrived. ``problems_opened``: an import or a run found bad rows. ``retries_given_up``:
    charges failed at their last retry, and a person has them. ``statuses_stuck``: what became of invoices
    does not get to another system, or is not told for too long. ``requests_waiting``: documents that payers
    ask for need a person. ``check_failed`` and ``check_recovered``: an
    invariant is broken, or holds again. ``notification_undeliverable``: a message of ours reached nobody, or
    may not have.
    """

    RUN_FINALISED = "run_finalised"
    RUN_HELD = "run_held"
    APPROVAL_NEEDED = "approval_needed"
    RUN_FAILED = "run_failed"
    RUN_LATE = "run_late"
    DELIVERIES_STUCK = "deliveries_stuck"
    DELIVERIES_UNDELIVERED = "deliveries_undelivered"
    PROBLEMS_OPENED = "problems_opened"
    RETRIES_GIVEN_UP = "retries_given_up"
    STATUSES_STUCK = "statuses_stuck"
    REQUESTS_WAITING = "requests_waiting"
    CHECK_FAILED = "check_failed"
    CHECK_RECOVERED = "check_recovered"
    NOTIFICATION_UNDELIVERABLE = "notification_undeliverable"


SEVERITIES: Mapping[EventKind, Severity] = MappingProxyType(
    {
        EventKind.RUN_FINALISED: Severity.INFO,
        EventKind.RUN_HELD: Severity.WARNING,
        EventKind.APPROVAL_NEEDED: Severity.WARNING,
        EventKind.RUN_FAILED: Severity.ERROR,
        EventKind.RUN_LATE: Severity.ERROR,
        EventKind.DELIVERIES_STUCK: Severity.ERROR,
        EventKind.DELIVERIES_UNDELIVERED: Severity.WARNING,
        EventKind.PROBLEMS_OPENED: Severity.WARNING,
        EventKind.RETRIES_GIVEN_UP: Severity.ERROR,
        EventKind.STATUSES_STUCK: Severity.ERROR,
        EventKind.REQUESTS_WAITING: Severity.WARNING,
        EventKind.CHECK_FAILED: Severity.CRITICAL,
        EventKind.CHECK_RECOVERED: Severity.INFO,
        EventKind.NOTIFICATION_UNDELIVERABLE: Severity.ERROR,
    }
)
"""How grave each kind is; a final run with failed or held charges is a warning, see :func:`run_severity`."""


def run_severity(outcome_counts: Mapping[str, int]) -> Severity:
    """Return how grave a final run is by what became of its charges.

    >>> run_severity({"invoiced": 9}), run_severity({"invoiced": 9, "held": 1})
    (<Severity.INFO: 'info'>, <Severity.WARNING: 'warning'>)
    """
    needs_a_look = outcome_counts.get("failed", 0) + outcome_counts.get("held", 0)
    return Severity.WARNING if needs_a_look else SEVERITIES[EventKind.RUN_FINALISED]


def event_key(kind: EventKind, *parts: object) -> str:
    """Return the key of an event: the same event has the same key, whoever looks.

    >>> event_key(EventKind.RUN_LATE, 1, date(2025, 1, 31))
    'run_late:1:2025-01-31'
    """
    return ":".join([kind.value, *("-" if part is None else str(part) for part in parts)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened.

    ``company_id`` is None of what concerns the whole store. ``item_count`` is how many charges, messages,
    problems or offenders it is about, None where there is nothing to count; ``amounts`` currency -> minor
    units. ``facts`` holds plain data as its kind has it: counts, codes, numbers, dates as text.
    """

    event_key: str
    event_kind: EventKind
    severity: Severity
    company_id: int | None
    occurred_at: datetime
    billing_date: date | None = None
    run_id: int | None = None
    item_count: int | None = None
    amounts: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


MAX_NOTIFICATION_ATTEMPTS = 12
"""So many refusals of one message, and it waits for a person."""

_FIRST_WAIT_MINUTES, _LONGEST_WAIT_MINUTES = 1, 60


def next_attempt_at(at: datetime, refused_count: int) -> datetime:
    """Return when a message is tried again that was refused ``refused_count`` times: twice as late each time.

    One minute after the first refusal, an hour at the most.

    >>> at = datetime(2025, 1, 31, 9, 0)
    >>> [next_attempt_at(at, count).strftime("%H:%M") for count in (1, 2, 3, 7, 12)]
    ['09:01', '09:02', '09:04', '10:00', '10:00']
    """
    doubled = _FIRST_WAIT_MINUTES << min(refused_count - 1, 10)
    return at + timedelta(minutes=min(doubled, _LONGEST_WAIT_MINUTES))
