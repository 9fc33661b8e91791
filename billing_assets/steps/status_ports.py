"""What telling statuses, and sending them, needs from the world.

Belongs here: what waits to be told, the record of what was told, subscriptions and the way to their
endpoints, as protocols and the values that cross them.
Does not belong here: any implementation (``store``, ``channels``).
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import polars as pl

from billing_assets.domain.deliveries import SendResult
from billing_assets.domain.status_subscriptions import RefusedStatus, Subscription
from billing_assets.domain.statuses import StatusEvent
from billing_assets.steps.run_ports import Progress


class StatusWork(Protocol):
    """One transaction that tells: nobody else tells of the company until it ends."""

    def facts(self) -> pl.DataFrame:
        """Return the next facts that are not told yet, as ``frames.statuses`` takes them; empty: none wait.

        They are those of some of the sources that wait, in order; these sources are used up with this
        transaction, also where all their facts were told before.
        """
        ...

    def has_more(self) -> bool:
        """Tell whether sources wait beside those that ``facts`` has taken."""
        ...

    def overdue(self, today: date) -> pl.DataFrame:
        """Return accounts with something open that fell due before ``today`` and were not told so."""
        ...

    def tell(self, events: pl.DataFrame, accounts: pl.DataFrame) -> None:
        """Number the events and keep them, with where their invoices stand after them."""
        ...

    def tell_past_due(self, events: pl.DataFrame) -> None:
        """Number events of invoices that are past due and keep them."""
        ...


class StatusStore(Protocol):
    """The store's side of telling statuses."""

    def has_news(self, today: date) -> bool:
        """Tell whether there is anything to tell; cheap, and without a lock."""
        ...

    def telling(self) -> AbstractContextManager[StatusWork]:
        """Yield the work of one transaction, when nobody else tells of this company."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPage:
    """Events of a subscription that follow one another, and the number up to which there are no others."""

    events: Sequence[StatusEvent]
    up_to_number: int


class SubscriptionStore(Protocol):
    """The store's side of sending statuses."""

    def lock_sending(self, progress: Progress) -> AbstractContextManager[None]:
        """Hold the right to send for this company; wait while another program has it."""
        ...

    def active(self) -> Sequence[Subscription]:
        """Return the subscriptions to which events are sent."""
        ...

    def open_rows(self, subscription_id: int) -> Sequence[RefusedStatus]:
        """Return what was refused or is held back and not settled, in the order of the events."""
        ...

    def event(self, event_number: int) -> StatusEvent:
        """Return one event."""
        ...

    def next_page(self, subscription: Subscription, limit: int) -> StatusPage:
        """Return the next events of a subscription, at most ``limit``."""
        ...

    def keep_row(self, subscription_id: int, row: RefusedStatus, attempts_before: int) -> None:
        """Keep what became of an event that has a row.

        Raises ``subscription_taken`` where another program has tried it meanwhile.
        """
        ...

    def keep_page(
        self, subscription: Subscription, up_to_number: int, refused: Sequence[RefusedStatus]
    ) -> Subscription:
        """Move a subscription on, with rows of what was not taken; both or neither.

        Raises ``subscription_taken`` where another program has moved it meanwhile, or a person set it back.
        """
        ...


class StatusSender(Protocol):
    """The way to the endpoints of subscriptions."""

    def open(self, endpoint_code: str) -> Callable[[StatusEvent], SendResult]:
        """Return what sends one event to an endpoint, and never raises for what the other side does.

        Raises ``endpoint_unknown`` or ``secret_unreadable``.
        """
        ...
