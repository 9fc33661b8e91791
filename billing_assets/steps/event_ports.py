"""What the drain of policy events needs from the world.

Belongs here: the store's side of it, as protocols and the values that cross them.
Does not belong here: any implementation (``store``).
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from billing_assets.domain.policy_events import EventCounts, EventKind, OpenEvent
from billing_assets.steps.change_ports import ChangeStore
from billing_assets.steps.intake_ports import IntakeStore


class EventInbox(Protocol):
    """The inbox of policy events of one company."""

    def hold(self) -> AbstractContextManager[None]:
        """Hold the right to drain the events; wait while another program has it."""
        ...

    def newest_id(self) -> int:
        """Return the id of the newest event, 0 where there is none."""
        ...

    def next_events(self, kind: EventKind, up_to_id: int, count: int) -> tuple[OpenEvent, ...]:
        """Return open events of a kind, oldest first: of each policy the lowest version, of a change too.

        A change whose term is not there is left out.
        """
        ...

    def settle(self, reasons: Mapping[int, str]) -> None:
        """Mark events, by id, as done for the reason that nothing is to be done with them."""
        ...

    def counts(self) -> EventCounts:
        """Return how many events are open."""
        ...

    def book_store(self, event_ids: Sequence[int]) -> IntakeStore:
        """Return a store of imports of policies that marks these events, in the order of the rows."""
        ...

    def change_store(self, event_ids: Sequence[int]) -> ChangeStore:
        """Return a store of imports of changes that marks these events, in the order of the rows."""
        ...
