"""What telling people needs from the world.

Belongs here: events, the outbox of messages and the way out, as protocols and the values that cross them.
Does not belong here: any implementation (``store``, ``channels``, ``wiring``).
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol, TypeAlias

from billing_assets.domain.deliveries import SendResult
from billing_assets.domain.notification_rules import Channel, Rule
from billing_assets.domain.notifications import Event
from billing_assets.reports.notification import Notice
from billing_assets.steps.run_ports import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldCompany:
    """A company that events are about; ``email`` is the address that its messages come from."""

    company_id: int
    company_code: str
    name: str
    email: str
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """From when on something is worth telling, for one company.

    ``late_dates`` is the first and the last billing date that should be final, None where no deadline is set;
    ``deadline`` is that of a date, in words. What a run, a message or a held run last did before
    ``stopped_before``, ``stuck_before`` and ``held_before`` is told.
    """

    now: datetime
    today: date
    deadline: str
    late_dates: tuple[date, date] | None
    stopped_before: datetime
    stuck_before: datetime
    held_before: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRule:
    """A rule as it is now, and when it was first made."""

    rule_id: int
    channel_id: int
    hears_from: datetime
    rule: Rule


Matched: TypeAlias = tuple[StoredRule, datetime]
"""A rule that hears an event, and when its message is due."""


class EventStore(Protocol):
    """The store's side of what happened."""

    def companies(self) -> Sequence[ToldCompany]:
        """Return every company."""
        ...

    def new_events(self, company: ToldCompany, moments: Moments) -> Sequence[Event]:
        """Return what happened to a company and is no event yet, but for messages to payers."""
        ...

    def new_store_events(self) -> Sequence[Event]:
        """Return what happened to no single company and is no event yet."""
        ...

    def add_events(self, events: Sequence[Event], at: datetime) -> int:
        """Add the events that are not there yet, by their keys; return how many."""
        ...

    def add_delivery_events(self, company: ToldCompany, moments: Moments) -> int:
        """Add the events of messages to payers that are stuck or undelivered, each told of once."""
        ...

    def queue_messages(self, match: Callable[[Event, str], Sequence[Matched]], at: datetime) -> int:
        """Put each event that is not queued yet into the messages of the rules that hear it; return how many.

        ``match`` is given the event and the code of its company, empty for the whole store.
        """
        ...

    def rules(self) -> Sequence[StoredRule]:
        """Return the rules that there are now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DueMessage:
    """A message that is to be sent now. ``channel`` is None, with the ``fault``, where it cannot be used.

    ``company`` is None of what concerns the whole store, and ``sent_by`` then some company with an address.
    """

    message_id: int
    attempt_count: int
    refused_count: int
    company: ToldCompany | None
    sent_by: ToldCompany | None
    channel: Channel | None
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message on its way: what is told, to whom, and from whom where that matters."""

    message_id: str
    dated_at: datetime
    from_name: str
    from_email: str
    channel: Channel = field(repr=False)
    notice: Notice


class Messenger(Protocol):
    """The way out, whatever the kind of the channel."""

    def send(self, letter: Letter) -> SendResult:
        """Try once; never raises for what the other side does."""
        ...


class MessageStore(Protocol):
    """The store's side of the outbox of messages."""

    def lock_messages(self, progress: Progress) -> AbstractContextManager[None]:
        """Hold the right to send messages; wait while another program has it."""
        ...

    def settle_interrupted(self) -> int:
        """Mark what a dead sender left in ``sending`` as ``unknown``; return how many."""
        ...

    def due_messages(self, at: datetime) -> Sequence[DueMessage]:
        """Return the messages whose time has come, oldest first."""
        ...

    def begin(self, message: DueMessage, compose: Callable[[Sequence[Event]], Notice]) -> Notice | None:
        """Mark a message as ``sending``, durably, and return what it says; None where somebody else has it.

        At its first attempt it is composed of its events, with the message locked: whoever adds an event
        meanwhile adds it before, or to another message. A later attempt says the same again.
        """
        ...

    def finish(self, message: DueMessage, result: SendResult, next_attempt_at: datetime) -> None:
        """Record what the attempt came to."""
        ...
