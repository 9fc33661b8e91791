"""What becomes of an event that is refused: the rules of deliveries, but that nothing stays unclear."""

from datetime import UTC, datetime, timedelta

import pytest

from billing_assets.domain.deliveries import DeliveryState, SendResult
from billing_assets.domain.delivery_waits import Patience
from billing_assets.domain.errors import BillingError
from billing_assets.domain.status_subscriptions import (
    after_attempt,
    held_back,
    require_subscription_code,
)

NOON = datetime(2025, 1, 31, 12, tzinfo=UTC)
ROW = held_back(8, ("MOT-1",))


def answer(state: DeliveryState, reason: str, wait: int | None = None) -> SendResult:
    return SendResult(state=state, reply_code=0, reason_code=reason, reply_text="", retry_after_seconds=wait)


def test_a_fault_of_the_endpoint_counts_as_an_attempt() -> None:
    row = ROW
    for _ in range(12):
        row = after_attempt(row, answer(DeliveryState.QUEUED, "connect_failed"), NOON, Patience())
    assert (row.state, row.attempt_count, row.owner) == ("failed", 12, "billing operations")


def test_who_asks_to_wait_longer_is_left_alone_for_longer() -> None:
    row = after_attempt(ROW, answer(DeliveryState.QUEUED, "too_many_requests", 7200), NOON, Patience())
    assert row.next_attempt_at == NOON + timedelta(hours=2)
    assert not row.is_due(NOON)
    assert row.is_due(NOON + timedelta(hours=2))


def test_what_is_refused_for_good_is_a_persons_at_once_and_what_is_taken_nobodys() -> None:
    failed = after_attempt(ROW, answer(DeliveryState.FAILED, "rejected"), NOON, Patience())
    assert (failed.state, failed.next_attempt_at, failed.owner) == ("failed", None, "billing operations")
    assert not failed.is_due(NOON)
    sent = after_attempt(ROW, answer(DeliveryState.SENT, "accepted"), NOON, Patience())
    assert (sent.state, sent.next_attempt_at, sent.owner) == ("sent", None, "")


def test_a_code_is_made_of_plain_letters() -> None:
    with pytest.raises(BillingError, match="no code of a subscription"):
        require_subscription_code("Broker 7")
