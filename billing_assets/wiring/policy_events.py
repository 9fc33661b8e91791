"""Events of policies, put together: adding, draining and looking at them.

Belongs here: the inbox of events over the store of ``build``, and that a drain bills what it took.
Does not belong here: the order of work (``steps``), SQL (``store``), how anything is shown (``cli``).
"""

from collections.abc import Sequence
from datetime import date
from functools import cached_property

from billing_assets.domain.policy_events import EventCounts, PolicyEvent
from billing_assets.steps.drain_policy_events import BATCH_EVENTS, EventOrder, drain_policy_events
from billing_assets.steps.event_ports import EventInbox
from billing_assets.steps.result import StepResult
from billing_assets.steps.run_ports import Progress, silent
from billing_assets.store import inbox, policy_events
from billing_assets.store.policy_events import EventRow
from billing_assets.wiring.build import Billing, today_of, utc_now
from billing_assets.wiring.on_demand import OnDemandDesk


class EventDesk:
    """The events of policies over the store of ``billing``."""

    def __init__(self, billing: Billing) -> None:
        """Use the store and the company of ``billing``."""
        self.billing = billing
        self.on_demand = OnDemandDesk(billing)

    @cached_property
    def _company_id(self) -> int:
        return self.on_demand.store.issuer(self.on_demand.company_code).company_id

    @cached_property
    def inbox(self) -> EventInbox:
        """The inbox of the company."""
        return policy_events.SqlEventInbox(self.billing.database, self._company_id, utc_now)

    def add(self, events: Sequence[PolicyEvent]) -> int:
        """Put events into the inbox; return how many it did not have yet."""
        with self.billing.database.transaction() as connection:
            return policy_events.add_events(connection, self._company_id, events, utc_now())

    def drain(
        self,
        *,
        batch_events: int = BATCH_EVENTS,
        billing_date: date | None = None,
        progress: Progress = silent,
    ) -> StepResult:
        """Take the open events, and bill what is due of their policies; see :func:`drain_policy_events`.

        The facts are those of both: of the events, and, named ``request_...``, of the requests that they and
        others have left. Without any open event only the requests are answered.
        """
        company = self.on_demand.store.issuer(self.on_demand.company_code).company
        order = EventOrder(company_code=company.company_code, as_of_date=billing_date or today_of(company))
        taken = drain_policy_events(
            order, inbox=self.inbox, clock=utc_now, batch_events=batch_events, progress=progress
        )
        billed = self.on_demand.drain(billing_date=billing_date, progress=progress)
        answers = {name if name == "run_count" else f"request_{name}": fact for name, fact in _named(billed)}
        return StepResult(
            step=taken.step,
            facts={**taken.facts, **answers},
            problem_count=taken.problem_count,
            seconds={**taken.seconds, "bill": sum(billed.seconds.values())},
        )

    def events(
        self, *, state: str = "", policy_number: str = "", before_id: int | None = None, limit: int = 20
    ) -> list[EventRow]:
        """Return events, newest first."""
        with self.billing.database.transaction() as connection:
            return policy_events.list_events(
                connection,
                self._company_id,
                state=state,
                policy_number=policy_number,
                before_id=before_id,
                limit=limit,
            )

    def counts(self) -> EventCounts:
        """Return how many events are open."""
        return self.inbox.counts()

    def work_count(self) -> int:
        """Return how much a drain would find now: events to take, and requests that events have left.

        While a run is under way, or was interrupted, that is nothing: it bills the book that it began with.
        """
        with self.billing.database.transaction() as connection:
            if inbox.has_run_under_way(connection, self._company_id):
                return 0
            left = inbox.count_open(connection, self._company_id, is_of_events=True)
        return left + self.counts().takeable


def _named(billed: StepResult) -> list[tuple[str, int | str]]:
    return [("count" if name == "request_count" else name, fact) for name, fact in billed.facts.items()]
