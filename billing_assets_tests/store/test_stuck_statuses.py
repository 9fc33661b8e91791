"""What stands still: a subscription with a failed event at once, and whatever waits for too long."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from billing_assets.domain.notifications import EventKind
from billing_assets.domain.status_subscriptions import held_back
from billing_assets.domain.statuses import StatusKind
from billing_assets.steps.collect_notification_events import Patience, moments_of
from billing_assets.store.connection import Database
from billing_assets.store.notification_events import SqlEventStore
from billing_assets.store.status_subscriptions import SqlSubscriptionStore
from billing_assets.store.stuck_statuses import UNTOLD, list_stuck_statuses
from billing_assets_tests.paid_books import bill_monthly
from billing_assets_tests.told_books import NOON, clock, tell

LONG_AGO, LATER = datetime(2020, 1, 1, tzinfo=UTC), NOON + timedelta(days=1)


def prepare(database: Database, home: Path) -> None:
    bill_monthly(database, home)


def stuck(database: Database, before: datetime) -> list[tuple[str, int, int]]:
    with database.transaction() as connection:
        found = list_stuck_statuses(connection, 1, before)
    return [(row.subscription_code, row.failed_count, row.event_count) for row in found]


def test_what_is_not_told_for_too_long_is_named(database: Database) -> None:
    assert stuck(database, LONG_AGO) == []
    assert stuck(database, datetime.now(UTC) + timedelta(hours=1)) == [(UNTOLD, 0, 6)]
    tell(database)
    assert stuck(database, datetime.now(UTC) + timedelta(hours=1)) == []


def test_a_failed_event_is_told_to_people_once(database: Database) -> None:
    tell(database)
    store = SqlSubscriptionStore(database, 1, clock)
    found = store.add("broker-7", "broker", tuple(StatusKind), 0, "ana")
    assert stuck(database, LONG_AGO) == []
    assert stuck(database, LATER) == [("broker-7", 0, 6)]
    failed = replace(held_back(2, ("P",)), state="failed", owner="billing operations", attempt_count=1)
    store.keep_page(found, 6, [failed])
    assert stuck(database, LONG_AGO) == [("broker-7", 1, 1)]
    events = SqlEventStore(database)
    (company,) = events.companies()
    moments = moments_of(company, Patience(), NOON)
    told = [
        each for each in events.new_events(company, moments) if each.event_kind is EventKind.STATUSES_STUCK
    ]
    assert [(each.item_count, each.facts["subscription_code"]) for each in told] == [(1, "broker-7")]
    events.add_events(told, NOON)
    again = events.new_events(company, moments)
    assert [each for each in again if each.event_kind is EventKind.STATUSES_STUCK] == []
