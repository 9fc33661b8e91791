"""Statuses and subscriptions, as people and other systems meet them.

Belongs here: telling, sending, reading and replaying events of a company, its subscriptions.
Does not belong here: the steps (``steps``), SQL (``store``), how anything is shown (``cli``, ``portal``).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import cached_property

from billing_assets.channels.api_push import PushMessage
from billing_assets.domain.decisions import signed
from billing_assets.domain.deliveries import SendResult
from billing_assets.domain.status_subscriptions import (
    RefusedStatus,
    StatusDecision,
    Subscription,
    SubscriptionState,
    require_subscription_code,
)
from billing_assets.domain.statuses import (
    JSON_MEDIA_TYPE,
    StatusEvent,
    StatusKind,
    cloud_event,
    event_id,
    event_type,
)
from billing_assets.steps.result import StepResult
from billing_assets.steps.run_ports import Progress, silent
from billing_assets.steps.send_statuses import send_statuses
from billing_assets.steps.tell_statuses import tell_statuses
from billing_assets.store import status_listings
from billing_assets.store.companies import read_issuer
from billing_assets.store.status_listings import StatusLag
from billing_assets.store.status_subscriptions import SqlSubscriptionStore, SubscriptionRow
from billing_assets.store.statuses import SqlStatusStore
from billing_assets.store.stuck_statuses import StuckStatuses, list_stuck_statuses
from billing_assets.wiring.build import Billing, today_of, utc_now
from billing_assets.wiring.endpoints import Endpoints


class EndpointSender:
    """Sends events to endpoints; the implementation of ``steps.status_ports.StatusSender``."""

    def __init__(self, endpoints: Endpoints, company_code: str) -> None:
        """Use the endpoints of a company."""
        self._endpoints, self._company_code = endpoints, company_code

    def open(self, endpoint_code: str) -> Callable[[StatusEvent], SendResult]:
        """Return what sends one event to an endpoint: the same content and id at each attempt."""
        post = self._endpoints.poster(endpoint_code)

        def send(event: StatusEvent) -> SendResult:
            told = cloud_event(self._company_code, event)
            return post(
                PushMessage(
                    message_id=event_id(self._company_code, event),
                    dated_at=utc_now(),
                    event_type=event_type(event.event_kind),
                    payload=json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode(),
                    media_type=JSON_MEDIA_TYPE,
                )
            )

        return send


class StatusDesk:
    """The statuses of the company of ``billing``."""

    def __init__(self, billing: Billing) -> None:
        """Use the store, the settings and the company of ``billing``."""
        self.billing, self.database = billing, billing.database
        self.company_code = billing.company_code()
        with self.database.transaction() as connection:
            issuer = read_issuer(connection, self.company_code)
        self.company_id, self.company = issuer.company_id, issuer.company
        self.store = SqlStatusStore(self.database, self.company_id, self.company.time_zone, utc_now)
        self.subscriptions = SqlSubscriptionStore(self.database, self.company_id, utc_now)

    @cached_property
    def endpoints(self) -> Endpoints:
        """The endpoints of the company."""
        return Endpoints(self.database, self.billing.settings, self.company_code, utc_now)

    def has_news(self) -> bool:
        """Tell whether there is anything to tell, or to send now."""
        return self.store.has_news(today_of(self.company)) or self.subscriptions.has_due(utc_now())

    def tell(self, *, progress: Progress = silent) -> StepResult:
        """Tell what waits; see :func:`tell_statuses`."""
        return tell_statuses(today_of(self.company), store=self.store, progress=progress)

    def send(self, *, progress: Progress = silent) -> StepResult:
        """Send what waits to the subscriptions; see :func:`send_statuses`."""
        return send_statuses(
            store=self.subscriptions,
            sender=EndpointSender(self.endpoints, self.company_code),
            clock=utc_now,
            patience=self.billing.settings.delivery_patience,
            progress=progress,
        )

    def feed(self, after_number: int, limit: int, kinds: Sequence[StatusKind]) -> list[StatusEvent]:
        """Return the events behind a number, in order."""
        with self.database.transaction() as connection:
            return status_listings.read_events(
                connection, self.company_id, after_number=after_number, limit=limit, kinds=kinds
            )

    def events(
        self, *, kind: str = "", invoice_number: str = "", before_number: int | None = None, limit: int = 20
    ) -> list[StatusEvent]:
        """Return events, the newest first."""
        with self.database.transaction() as connection:
            return status_listings.list_events(
                connection,
                self.company_id,
                kind=kind,
                invoice_number=invoice_number,
                before_number=before_number,
                limit=limit,
            )

    def lag(self) -> StatusLag:
        """Return how far telling is behind."""
        with self.database.transaction() as connection:
            return status_listings.read_lag(connection, self.company_id)

    def told_since(self, number: int) -> Mapping[str, int]:
        """Return kind -> how many events were told behind a number."""
        with self.database.transaction() as connection:
            return status_listings.count_events(connection, self.company_id, number)

    def stuck(self) -> list[StuckStatuses]:
        """Return what stands still for as long as the settings have it of messages, or waits for a person."""
        before = utc_now() - timedelta(minutes=self.billing.settings.stuck_delivery_minutes)
        with self.database.transaction() as connection:
            return list_stuck_statuses(connection, self.company_id, before)

    def listed(self, *, with_retired: bool = False) -> list[SubscriptionRow]:
        """Return the subscriptions with how far behind each is."""
        return self.subscriptions.listed(with_retired=with_retired)

    def waiting(self, code: str, after_number: int = 0, limit: int = 100) -> list[RefusedStatus]:
        """Return what a subscription was refused or holds back; raise ``subscription_unknown``."""
        with self.database.transaction() as connection:
            found = self.subscriptions.one(connection, code)
        return self.subscriptions.open_rows(found.subscription_id, after_number, limit)

    def subscribe(
        self,
        code: str,
        endpoint_code: str,
        kinds: Sequence[StatusKind],
        *,
        after_number: int | None = None,
        by: str,
    ) -> Subscription:
        """Add a subscription of an endpoint in use, from an event on, or from now on.

        Raises ``subscription_code_invalid``, ``subscription_exists``, ``endpoint_unknown``.
        """
        require_subscription_code(code)
        self.endpoints.poster(endpoint_code)
        return self.subscriptions.add(code, endpoint_code, kinds, after_number, by)

    def set_state(self, code: str, state: SubscriptionState, *, reason: str, by: str) -> None:
        """Pause a subscription, let it go on, or retire it.

        Raises ``subscription_unknown``, ``note_missing``, ``name_missing``.
        """
        reason, by = signed(reason, by, "--why")
        self.subscriptions.set_state(code, state, by, reason)

    def replay(
        self, code: str, from_number: int, *, reason: str, by: str, progress: Progress = silent
    ) -> Subscription:
        """Let a subscription be sent everything again from an event on, with the same ids.

        Raises ``subscription_unknown``, ``note_missing``, ``name_missing``.
        """
        reason, by = signed(reason, by, "--why")
        with self.subscriptions.lock_sending(progress):
            return self.subscriptions.set_back(code, from_number - 1, by, reason)

    def decide(self, code: str, event_number: int, decision: StatusDecision, *, reason: str, by: str) -> None:
        """Decide on an event that a subscription was refused.

        Raises ``subscription_unknown``, ``status_not_open``, ``note_missing``, ``name_missing``.
        """
        reason, by = signed(reason, by, "--why")
        self.subscriptions.decide(code, event_number, decision, by, reason)
