"""Closed runs read again: the book of then, and what was settled before."""

from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from billing_assets.store.connection import Database
from billing_assets.store.replays import SqlReplayStore
from billing_assets_tests.books import billing_over, change_premium, fill_book

FEBRUARY, MARCH = date(2024, 2, 1), date(2024, 3, 1)


@pytest.mark.long
def test_a_shard_is_read_as_it_stood_when_it_was_committed(database: Database, tmp_path: Path) -> None:
    fill_book(database, 6)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.invoice(billing.order(FEBRUARY))
        billing.invoice(billing.order(MARCH))
        change_premium(database, 1, 99_900)
    store = SqlReplayStore(database)
    first, second = store.replay_shards("alondra", FEBRUARY, MARCH)
    assert (first.billing_date, second.billing_date) == (FEBRUARY, MARCH)
    assert first.place_code == "ES"
    book = store.read_book_as_then(first)
    assert book.settled.is_empty()
    assert 99_900 not in book.terms["premium_minor"].to_list()
    assert store.read_book_as_then(second).settled.height == store.recorded(first).charges.height == 6
    assert store.recorded(second).documents["document_number"].to_list() == ["INV-00000007", "INV-00000008"]


def test_a_period_without_runs_has_no_shard(database: Database) -> None:
    fill_book(database, 1)
    assert store_of(database).replay_shards("alondra", date(2020, 1, 1), date(2020, 12, 31)) == ()


def store_of(database: Database) -> SqlReplayStore:
    return SqlReplayStore(database)
