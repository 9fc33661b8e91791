"""Subscriptions: which events of invoices are sent to an endpoint, and what becomes of one that is refused.

Belongs here: a subscription and its states, an event that was refused, what a person decides about it.
Does not belong here: the events (``statuses``), endpoints (``push_endpoints``), the rows
(``store.status_subscriptions``), the order of sending (``steps.send_statuses``).

Events are sent in order, one after another. Only one that is refused leaves a row, and so do later ones of
its policies, which are held back behind it: the receiver has the events of a policy in their order, and
others do not wait.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from billing_assets.domain.attempts import FIRST_OWNER
from billing_assets.domain.deliveries import DeliveryState, SendResult, within_attempts
from billing_assets.domain.delivery_waits import Patience
from billing_assets.domain.errors import BillingError
from billing_assets.domain.statuses import StatusKind
from billing_assets.domain.text_fields import LONGEST_SHOWN, BadTextError, code

HELD_BACK = "held_back"
"""The reason of an event that waits for an earlier one of its policy."""


class SubscriptionState(StrEnum):
    """``active``: events are sent; ``paused``: they wait; ``retired``: nothing is sent any more, for good."""

    ACTIVE = "active"
    PAUSED = "paused"
    RETIRED = "retired"


class StatusDecision(StrEnum):
    """What a person decides: ``again``: all attempts anew; ``skip``: the receiver goes without the event."""

    AGAIN = "again"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscription; events up to ``settled_number`` are sent, or have a row of their own.

    ``begins_after`` is the number of the last event that was told before it.
    """

    subscription_id: int
    subscription_code: str
    endpoint_code: str
    event_kinds: tuple[StatusKind, ...]
    state: SubscriptionState
    begins_after: int
    settled_number: int
    added_by: str
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedStatus:
    """An event that was not taken at once. ``state`` is ``queued`` or ``failed`` while it is open.

    ``next_attempt_at`` None of a queued one: it is tried as soon as no earlier one of its policies is open.
    """

    event_number: int
    policy_numbers: tuple[str, ...]
    state: str
    attempt_count: int
    next_attempt_at: datetime | None
    reply_code: int
    reason_code: str
    reply_text: str
    owner: str

    def is_due(self, at: datetime) -> bool:
        """Tell whether it may be tried at an instant, as far as it alone goes."""
        return self.state == DeliveryState.QUEUED and (self.next_attempt_at or at) <= at


def held_back(event_number: int, policy_numbers: tuple[str, ...]) -> RefusedStatus:
    """Return the row of an event that waits for an earlier one of its policy.

    >>> held_back(8, ("MOT-1",)).attempt_count
    0
    """
    return RefusedStatus(
        event_number=event_number,
        policy_numbers=policy_numbers,
        state=DeliveryState.QUEUED.value,
        attempt_count=0,
        next_attempt_at=None,
        reply_code=0,
        reason_code=HELD_BACK,
        reply_text="",
        owner="",
    )


def after_attempt(row: RefusedStatus, answer: SendResult, at: datetime, patience: Patience) -> RefusedStatus:
    """Return the row of an event after one more attempt, by the rules of deliveries.

    An answer that tells nothing is tried again with the same id, by which the receiver knows a repeat: here
    to be told twice does no harm, and not at all does. What is refused for good, or as often as ``patience``
    has it, is a person's.

    >>> refused = SendResult(
    ...     state=DeliveryState.UNKNOWN, reply_code=0, reason_code="no_answer_after_request", reply_text=""
    ... )
    >>> noon = datetime(2025, 1, 31, 12)
    >>> row = after_attempt(held_back(8, ("MOT-1",)), refused, noon, Patience(max_attempts=2))
    >>> row.state, str(row.next_attempt_at.time())
    ('queued', '12:15:00')
    >>> row = after_attempt(row, refused, noon, Patience(max_attempts=2))
    >>> row.state, row.owner
    ('failed', 'billing operations')
    """
    is_unknown = answer.state is DeliveryState.UNKNOWN
    result = replace(answer, state=DeliveryState.QUEUED) if is_unknown else answer
    result = within_attempts(result, row.attempt_count, patience.max_attempts, spared=frozenset())
    return replace(
        row,
        state=result.state.value,
        attempt_count=row.attempt_count + 1,
        next_attempt_at=patience.next_attempt_at(result, row.attempt_count, at, counts_faults=True),
        reply_code=result.reply_code,
        reason_code=result.reason_code,
        reply_text=result.reply_text,
        owner=FIRST_OWNER if result.state is DeliveryState.FAILED else "",
    )


def require_subscription_code(subscription_code: str) -> str:
    """Return the code of a subscription, or raise ``subscription_code_invalid``.

    >>> require_subscription_code("broker-7-paid")
    'broker-7-paid'
    """
    try:
        return code(subscription_code)
    except BadTextError as error:
        raise BillingError(
            "subscription_code_invalid",
            f"'{subscription_code[:LONGEST_SHOWN]}' is no code of a subscription",
            f"{error}: broker-7",
        ) from None


def subscription_unknown(subscription_code: str) -> BillingError:
    """Return the error for a code that no subscription has, or none that is not retired.

    >>> subscription_unknown("broker-7").found
    "there is no subscription 'broker-7' in use"
    """
    return BillingError(
        "subscription_unknown",
        f"there is no subscription '{subscription_code[:LONGEST_SHOWN]}' in use",
        "'billing subscriptions list' has them",
    )


def subscription_exists(subscription_code: str) -> BillingError:
    """Return the error for a code that was given before, in use or not.

    >>> subscription_exists("broker-7").code
    'subscription_exists'
    """
    return BillingError(
        "subscription_exists",
        f"there is or was a subscription '{subscription_code[:LONGEST_SHOWN]}'",
        "choose another code; what it was sent stays on record",
    )


def status_not_open(subscription_code: str, event_number: int) -> BillingError:
    """Return the error for a decision on an event that waits for none.

    >>> status_not_open("broker-7", 8).code
    'status_not_open'
    """
    return BillingError(
        "status_not_open",
        f"event {event_number} does not wait in subscription '{subscription_code[:LONGEST_SHOWN]}'",
        "'billing subscriptions show' lists what waits",
    )
