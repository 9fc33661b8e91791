"""The outbox is filled once for each document; what is held says until when."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.steps.delivery_ports import QueueCounts
from billing_assets.store.connection import Database
from billing_assets.store.deliveries import SqlDocumentStore
from billing_assets.store.delivery_queue import queue_deliveries, unqueued_runs
from billing_assets_tests.books import AT, COMPANY, billing_over, change_address, fill_book

FEBRUARY, MARCH, MONDAY = date(2024, 2, 1), date(2024, 3, 1), date(2024, 2, 5)
POLICIES = 6
NOTHING = QueueCounts(queued_count=0, without_address_count=0, address_found_count=0)


@pytest.fixture
def store(database: Database, tmp_path: Path) -> Iterator[SqlDocumentStore]:
    """Two billed dates; the payer of the third policy has no address."""
    fill_book(database, POLICIES)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        for day in (FEBRUARY, MARCH):
            billing.invoice(billing.order(day))
        billing.documents.make_documents(1, None)
        yield billing.documents


def queue(
    store: SqlDocumentStore, day: date | None = FEBRUARY, held: Mapping[int, date] | None = None
) -> QueueCounts:
    with store.database.transaction() as connection:
        return queue_deliveries(connection, 1, day, COMPANY.message_domain, held or {}, at=AT)


def waiting(store: SqlDocumentStore) -> list[tuple[object, ...]]:
    query = """
        select state, reason_code, send_date, count(*) from delivery group by 1, 2, 3 order by 1 desc, 2, 3
    """
    with store.database.transaction() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_runs_without_outbox_rows_are_named_until_they_are_queued(store: SqlDocumentStore) -> None:
    with store.database.transaction() as connection:
        found = [unqueued_runs(connection, 1, day) for day in (None, FEBRUARY, date(2024, 2, 2))]
    assert [[run.billing_date for run in runs] for runs in found] == [[FEBRUARY, MARCH], [FEBRUARY], []]
    queue(store)
    with store.database.transaction() as connection:
        (left,) = unqueued_runs(connection, 1, None)
    assert (left.billing_date, left.closed_day_id) == (MARCH, 0)


def test_only_the_runs_that_are_held_get_a_day_and_a_reason(store: SqlDocumentStore) -> None:
    counts = queue(store, held={1: MONDAY})
    assert (counts.queued_count, counts.without_address_count) == (POLICIES - 1, 1)
    assert waiting(store) == [
        ("queued", "closed_day", MONDAY, POLICIES - 1),
        ("failed", "no_address", MONDAY, 1),
    ]
    queue(store, MARCH, held={1: MONDAY})
    assert [row[2] for row in waiting(store) if row[1] == ""] == [None]


def test_queueing_again_neither_doubles_nor_moves_what_is_held(store: SqlDocumentStore) -> None:
    queue(store, held={1: MONDAY})
    before = waiting(store)
    assert queue(store, held={1: date(2024, 2, 6)}) == NOTHING
    assert waiting(store) == before


def test_what_is_held_is_counted_apart_and_read_from_its_day_on(store: SqlDocumentStore) -> None:
    queue(store, held={1: MONDAY})
    sunday, ready = date(2024, 2, 4), POLICIES - 1
    assert store.queued_counts(1, FEBRUARY, sunday) == store.queued_counts(1, None, sunday) == (0, ready)
    assert store.queued_counts(1, FEBRUARY, MONDAY) == store.queued_counts(1, None, MONDAY) == (ready, 0)
    assert store.queued_counts(1, sunday, sunday) == (0, 0)
    for day in (MONDAY, MARCH):
        assert len(store.next_deliveries(1, day, 0, 100, sunday)) == ready
    assert store.next_deliveries(1, FEBRUARY, 0, 100, sunday) == []


def test_an_address_that_comes_in_is_found_by_the_deliveries_of_the_day_until_which_it_is_held(
    store: SqlDocumentStore,
) -> None:
    queue(store, held={1: MONDAY})
    change_address(store.database, 3, "third@example.com")
    assert queue(store, MONDAY).address_found_count == 1
    assert waiting(store) == [("queued", "closed_day", MONDAY, POLICIES)]
