"""Subscriptions in the store: each act is kept, and nobody moves one that somebody else has moved."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.status_subscriptions import SubscriptionState, held_back
from billing_assets.domain.statuses import StatusKind
from billing_assets.store.connection import Database
from billing_assets.store.status_subscriptions import SqlSubscriptionStore
from billing_assets_tests.paid_books import bill_monthly, rows
from billing_assets_tests.told_books import NOON, clock, tell

POLICY = ("POL-00000001",)


def prepare(database: Database, home: Path) -> None:
    bill_monthly(database, home)
    tell(database)


@pytest.fixture
def store(database: Database) -> SqlSubscriptionStore:
    return SqlSubscriptionStore(database, 1, clock)


def test_a_subscription_begins_with_the_next_event_or_where_it_is_told_to(
    store: SqlSubscriptionStore,
) -> None:
    kinds = (StatusKind.PAID,)
    assert store.add("next", "broker", kinds, None, "ana").settled_number == 6
    assert store.add("early", "broker", kinds, 2, "ana").settled_number == 2
    assert store.add("late", "broker", kinds, 99, "ana").begins_after == 6
    with pytest.raises(BillingError, match="there is or was"):
        store.add("next", "broker", kinds, None, "ana")
    acts = "select subject_id, signed_by from audit_entry where act = 'add_subscription' order by 1"
    assert rows(store.database, acts) == [("early", "ana"), ("late", "ana"), ("next", "ana")]


def test_a_page_ends_with_its_last_event_or_with_the_last_that_was_told(store: SqlSubscriptionStore) -> None:
    every = store.add("every", "broker", tuple(StatusKind), 0, "ana")
    assert store.next_page(every, 4).up_to_number == 4
    none = store.add("none", "broker", (StatusKind.PAID,), 0, "ana")
    page = store.next_page(none, 4)
    assert (list(page.events), page.up_to_number) == ([], 6)


def test_two_programs_never_move_one_subscription(store: SqlSubscriptionStore) -> None:
    found = store.add("broker", "broker", tuple(StatusKind), 0, "ana")
    row = held_back(2, POLICY)
    moved = store.keep_page(found, 3, [row])
    with pytest.raises(BillingError) as taken:
        store.keep_page(found, 3, [])
    assert taken.value.code == "subscription_taken"
    store.keep_row(found.subscription_id, replace(row, attempt_count=1), 0)
    with pytest.raises(BillingError, match="another program"):
        store.keep_row(found.subscription_id, replace(row, attempt_count=1), 0)
    assert moved.settled_number == 3
    assert [each.event_number for each in store.open_rows(found.subscription_id)] == [2]
    assert store.listed()[0].oldest_at == NOON
    back = store.set_back("broker", 1, "ana", "lost")
    assert (back.settled_number, store.open_rows(found.subscription_id)) == (1, [])


def test_what_is_due_is_what_no_earlier_event_holds_back(store: SqlSubscriptionStore) -> None:
    found = store.add("broker", "broker", tuple(StatusKind), 0, "ana")
    assert not store.has_due(NOON)
    later = NOON + timedelta(hours=1)
    waiting = replace(held_back(1, POLICY), attempt_count=1, next_attempt_at=later, reason_code="rejected")
    with store.database.transaction() as connection:
        connection.exec_driver_sql(
            "insert into push_endpoint (company_id, endpoint_code, url, sealed_secrets, secret_count, "
            "added_by, added_at) values (1, 'broker', 'https://x.example', 's', 1, 'ana', now())"
        )
    assert store.has_due(NOON)
    found = store.keep_page(found, 6, [waiting, held_back(4, POLICY)])
    assert not store.has_due(NOON)
    assert store.has_due(later)
    store.set_state("broker", SubscriptionState.PAUSED, "ana", "they move")
    assert not store.has_due(later)
    assert store.active() == []
