"""Sending over a real store: pages end where an endpoint is down, and two senders take turns."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from billing_assets.domain.deliveries import DeliveryState, SendResult
from billing_assets.domain.errors import BillingError
from billing_assets.domain.statuses import StatusEvent, StatusKind
from billing_assets.steps.send_statuses import send_statuses
from billing_assets.store.connection import Database
from billing_assets.store.status_subscriptions import SqlSubscriptionStore
from billing_assets_tests.databases import Prepare
from billing_assets_tests.faults.programs import url_behind
from billing_assets_tests.paid_books import bill_monthly
from billing_assets_tests.told_books import clock, tell


def prepare(database: Database, home: Path) -> None:
    """Six events are told, and wait for one subscription."""
    bill_monthly(database, home)
    tell(database)
    SqlSubscriptionStore(database, 1, clock).add("broker", "broker", tuple(StatusKind), 0, "ana")


class Receiver:
    """Takes what it is sent, or answers as it is told; it is the endpoint, without the wire."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.is_gone = False
        self.reason = ""

    def open(self, endpoint_code: str) -> Callable[[StatusEvent], SendResult]:
        if self.is_gone:
            raise BillingError("endpoint_unknown", f"there is no endpoint '{endpoint_code}'", "add it")
        return self._take

    def _take(self, event: StatusEvent) -> SendResult:
        state = DeliveryState.QUEUED if self.reason else DeliveryState.SENT
        if not self.reason:
            self.taken.append(event.event_number)
        return SendResult(state=state, reply_code=0, reason_code=self.reason or "accepted", reply_text="")


@pytest.fixture
def preparation() -> Prepare:
    return prepare


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


def test_a_page_that_ends_early_goes_on_where_it_ended(database: Database, receiver: Receiver) -> None:
    store = SqlSubscriptionStore(database, 1, clock)
    receiver.reason = "server_error"
    facts = send_statuses(store=store, sender=receiver, clock=clock, page_events=2).facts
    assert facts["refused_count"] == 3
    assert store.active()[0].settled_number == 3
    assert [row.event_number for row in store.open_rows(1)] == [1, 2, 3]
    receiver.reason = ""
    assert send_statuses(store=store, sender=receiver, clock=clock).facts["sent_count"] == 0


def test_an_endpoint_that_is_not_there_costs_no_attempt(database: Database, receiver: Receiver) -> None:
    store = SqlSubscriptionStore(database, 1, clock)
    receiver.is_gone = True
    assert send_statuses(store=store, sender=receiver, clock=clock).facts["unreachable_count"] == 1
    receiver.is_gone = False
    assert send_statuses(store=store, sender=receiver, clock=clock).facts["sent_count"] == 6


def test_two_senders_at_once_send_each_event_once(database: Database, receiver: Receiver) -> None:
    def send() -> int:
        with closing(Database(url_behind(database))) as own:
            store = SqlSubscriptionStore(own, 1, clock)
            done = send_statuses(store=store, sender=receiver, clock=clock, page_events=1)
        return int(done.facts["sent_count"])

    with ThreadPoolExecutor(2) as pool:
        counts = [each.result(30) for each in [pool.submit(send), pool.submit(send)]]
    assert sum(counts) == 6
    assert receiver.taken == [1, 2, 3, 4, 5, 6]
