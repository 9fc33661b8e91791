"""Events and their messages: each once, also where two look at once; each delivery is told of once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.notification_rules import Digest
from billing_assets.store.connection import Database
from billing_assets.store.notification_events import SqlEventStore, told_companies
from billing_assets.wiring.build import Billing, utc_now
from billing_assets_tests.books import COMPANY, fill_book
from billing_assets_tests.notified import NOON, Office, add_channel, add_run, hear
from billing_assets_tests.steps.outbox import FEBRUARY, POLICIES, billed_february

DAY = date(2025, 3, 12)


@pytest.fixture
def office(database: Database) -> Office:
    fill_book(database, 1)
    add_channel(database)
    hear(database)
    return Office(database)


def messages(office: Office) -> list[int]:
    """Return how many events each message tells."""
    return office.column(
        "select count(*) from notification_message_event group by message_id order by message_id"
    )


def test_a_company_is_told_by_its_newest_settings(database: Database) -> None:
    fill_book(database, 1)
    with database.transaction() as connection:
        (company,) = told_companies(connection)
    assert (company.company_code, company.email) == (COMPANY.company_code, COMPANY.email)


def test_what_one_look_finds_is_one_message_and_another_look_makes_none(office: Office) -> None:
    add_run(office.database, DAY)
    add_run(office.database, date(2025, 3, 11), "held")
    assert office.collect().facts == {"event_count": 2, "queued_count": 2}
    assert office.collect().facts == {"event_count": 0, "queued_count": 0}
    assert messages(office) == [2]


def test_two_that_look_at_once_tell_it_once(office: Office) -> None:
    for day in range(1, 21):
        add_run(office.database, date(2025, 2, day))
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _number: office.collect(), range(4)))
    assert sum(int(result.facts["event_count"]) for result in results) == 20
    assert sum(messages(office)) == 20
    assert len(office.events()) == 20


def test_a_digest_gathers_what_several_looks_find(office: Office) -> None:
    hear(office.database, digest=Digest.HOURLY)
    add_run(office.database, DAY)
    office.collect()
    office.now += timedelta(minutes=20)
    add_run(office.database, date(2025, 3, 11))
    office.collect()
    office.now += timedelta(minutes=50)
    add_run(office.database, date(2025, 3, 10))
    office.collect()
    assert messages(office) == [2, 1]
    due = office.column("select due_at from notification_message order by 1")
    assert due == [NOON + timedelta(hours=1), NOON + timedelta(hours=2)]


def test_an_event_that_no_rule_hears_is_kept_and_never_told(database: Database) -> None:
    fill_book(database, 1)
    office = Office(database)
    add_run(database, DAY)
    assert office.collect().facts == {"event_count": 1, "queued_count": 0}
    add_channel(database)
    hear(database)
    office.collect()
    assert messages(office) == []


@pytest.fixture
def billed(database: Database, tmp_path: Path) -> Billing:
    with billed_february(database, tmp_path) as billing:
        billing.documents.queue(1, FEBRUARY, "example.com", {})
    return billing


def told_counts(office: Office, kind: str) -> list[int]:
    query = f"select item_count from notification_event where event_kind = '{kind}' order by event_id"
    return office.column(query)


def change(database: Database, what: str) -> None:
    with database.transaction() as connection:
        connection.execute(text("reset role"))
        connection.execute(text(f"update delivery set {what}"))


def test_a_delivery_that_failed_is_told_once_and_again_only_when_it_fails_again(billed: Billing) -> None:
    office = Office(billed.database, now=utc_now())
    office.collect()
    office.now += timedelta(minutes=1)
    assert told_counts(office, "deliveries_undelivered") == [1]
    change(billed.database, "state = 'unknown', reason_code = 'sender_died' where delivery_id <= 4")
    office.collect()
    office.now += timedelta(minutes=1)
    office.collect()
    counts = told_counts(office, "deliveries_undelivered")
    assert counts[0] == 1
    assert sum(counts) in {4, 5}
    before = len(counts)
    change(billed.database, "state = 'failed', attempt_count = 1 where delivery_id = 1")
    office.now += timedelta(minutes=1)
    office.collect()
    assert told_counts(office, "deliveries_undelivered")[before:] == [1]


def test_what_was_given_up_is_not_told(billed: Billing) -> None:
    change(billed.database, "state = 'failed', reason_code = 'given_up'")
    office = Office(billed.database, now=utc_now())
    office.collect()
    assert told_counts(office, "deliveries_undelivered") == []


def test_stuck_deliveries_are_told_once_however_long_they_stay(billed: Billing) -> None:
    office = Office(billed.database, now=utc_now() + timedelta(hours=5))
    for _ in range(3):
        office.collect()
        office.now += timedelta(hours=1)
    assert told_counts(office, "deliveries_stuck") == [POLICIES - 1]


def test_two_that_look_at_once_tell_of_a_delivery_once(billed: Billing) -> None:
    offices = [Office(billed.database, now=utc_now() + timedelta(microseconds=n)) for n in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda office: office.collect(), offices))
    assert told_counts(offices[0], "deliveries_undelivered") == [1]


def test_an_event_tells_reasons_and_nobody(billed: Billing) -> None:
    office = Office(billed.database, now=utc_now())
    office.collect()
    (facts,) = office.column("select facts from notification_event where event_kind like 'deliveries%'")
    assert facts["reasons"] == [{"state": "failed", "reason_code": "no_address", "count": 1}]
    assert "@" not in repr(facts)


def test_the_rules_that_there_are_now_are_those_that_hear(office: Office) -> None:
    hear(office.database, minimum_count=99)
    (stored,) = SqlEventStore(office.database).rules()
    assert stored.rule.minimum_count == 99
