"""Send: each subscription is sent the events of its kinds, in order, until its receiver has taken them.

Belongs here: the order of work, what is held back, when an endpoint is left alone.
Does not belong here: the call (``channels.api_push``), the rows (``store.status_subscriptions``), telling
events (``tell_statuses``).

A part of the events is sent, then it is recorded how far that came. Whoever dies in between leaves events
that were sent and count as not sent: they go again, with the same ids.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from billing_assets.domain.deliveries import (
    ENDPOINT_OUTAGES,
    MAX_ENDPOINT_OUTAGES,
    DeliveryState,
    SendResult,
)
from billing_assets.domain.delivery_waits import Patience
from billing_assets.domain.errors import BillingError
from billing_assets.domain.status_subscriptions import (
    RefusedStatus,
    Subscription,
    after_attempt,
    held_back,
)
from billing_assets.domain.statuses import StatusEvent
from billing_assets.steps.result import StepResult, Stopwatch
from billing_assets.steps.run_ports import Progress, silent
from billing_assets.steps.status_ports import StatusSender, SubscriptionStore

PAGE = 50
"""Events that are sent before it is recorded: so many may go twice after a death."""

PATIENCE = Patience()
"""How refusals are borne, unless the settings say otherwise."""


def send_statuses(
    *,
    store: SubscriptionStore,
    sender: StatusSender,
    clock: Callable[[], datetime],
    patience: Patience = PATIENCE,
    page_events: int = PAGE,
    progress: Progress = silent,
) -> StepResult:
    """Send what waits to every active subscription.

    What was refused and is due again goes first, then what is new. An event whose policy has an earlier one
    that is not taken is held back. An endpoint that is down several times in a row is left alone until one of
    its refused events is due again.

    Facts: ``sent_count``, ``refused_count`` (tried again later), ``failed_count`` (a person has it),
    ``held_back_count``, ``unreachable_count`` (subscriptions whose endpoint is gone or cannot be opened).
    """
    watch = Stopwatch()
    counts: Counter[str] = Counter()
    with watch("send"), store.lock_sending(progress):
        for subscription in store.active():
            try:
                send = sender.open(subscription.endpoint_code)
            except BillingError:
                counts["unreachable"] += 1
                continue
            round_ = _Round(subscription, store, send, clock, patience, counts, progress)
            if round_.send_again():
                round_.send_new(page_events)
    names = ("sent", "refused", "failed", "held_back", "unreachable")
    return StepResult(
        step="send_statuses",
        facts={f"{name}_count": counts[name] for name in names},
        seconds=watch.seconds,
    )


@dataclass
class _Round:
    """One subscription in one call."""

    subscription: Subscription
    store: SubscriptionStore
    send: Callable[[StatusEvent], SendResult]
    clock: Callable[[], datetime]
    patience: Patience
    counts: Counter[str]
    progress: Progress
    held: set[str] = field(default_factory=set)
    outages_in_a_row: int = 0

    def send_again(self) -> bool:
        """Send what was refused and is due, in order; tell whether the endpoint can be sent what is new."""
        waiting_outages = 0
        now = self.clock()
        for row in self.store.open_rows(self.subscription.subscription_id):
            if self.held.isdisjoint(row.policy_numbers) and row.is_due(now) and not self._is_down():
                after = self._tried(self.store.event(row.event_number), row)
                self.store.keep_row(self.subscription.subscription_id, after, row.attempt_count)
            else:
                after = row
            if after.state != DeliveryState.SENT:
                self.held.update(after.policy_numbers)
                waiting_outages += after.reason_code in ENDPOINT_OUTAGES
        return waiting_outages < MAX_ENDPOINT_OUTAGES and not self._is_down()

    def send_new(self, page_events: int) -> None:
        """Send events that were not tried yet, page by page, until there are none or the endpoint is down."""
        while not self._is_down():
            page = self.store.next_page(self.subscription, page_events)
            if page.up_to_number == self.subscription.settled_number:
                return
            refused, last = self._send_page(page.events)
            up_to = page.up_to_number if last is None else last
            self.subscription = self.store.keep_page(self.subscription, up_to, refused)

    def _send_page(self, events: Sequence[StatusEvent]) -> tuple[list[RefusedStatus], int | None]:
        """Send a page; return rows of what was not taken, and the last event where it ended early."""
        refused: list[RefusedStatus] = []
        for event in events:
            row = held_back(event.event_number, event.policy_numbers)
            if self.held.isdisjoint(event.policy_numbers):
                row = self._tried(event, row)
            else:
                self.counts["held_back"] += 1
            if row.state != DeliveryState.SENT:
                self.held.update(row.policy_numbers)
                refused.append(row)
            if self._is_down():
                return refused, event.event_number
        return refused, None

    def _tried(self, event: StatusEvent, row: RefusedStatus) -> RefusedStatus:
        answer = self.send(event)
        is_outage = answer.reason_code in ENDPOINT_OUTAGES
        self.outages_in_a_row = self.outages_in_a_row + 1 if is_outage else 0
        after = after_attempt(row, answer, self.clock(), self.patience)
        words = {DeliveryState.SENT: "sent", DeliveryState.FAILED: "failed"}
        self.counts[words.get(DeliveryState(after.state), "refused")] += 1
        self.progress("sending", self.counts["sent"], 0)
        return after

    def _is_down(self) -> bool:
        return self.outages_in_a_row >= MAX_ENDPOINT_OUTAGES
