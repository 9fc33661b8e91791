"""Telling statuses over a real store: each thing that happens is one event, in order, to the cent."""

from pathlib import Path

import pytest

from billing_assets.store.connection import Database
from billing_assets_tests.databases import Prepare
from billing_assets_tests.paid_books import allocate, bill_monthly, open_of, paid, record, returned, rows
from billing_assets_tests.told_books import LATE, tell, told


@pytest.fixture
def preparation() -> Prepare:
    return bill_monthly


def test_each_invoice_is_told_once(database: Database) -> None:
    assert tell(database) == {"event_count": 6, "past_due_count": 0, "part_count": 1}
    events = told(database)
    assert [kind for kind, *_ in events] == ["issued"] * 6
    assert all(amount == left for _, _, amount, left in events)
    assert tell(database)["event_count"] == 0
    assert rows(database, "select count(*), max(event_number) from status_event") == [(6, 6)]


def test_payments_reversals_and_due_dates_are_told_to_the_cent(database: Database) -> None:
    first, second = open_of(database, 1)
    record(database, paid("a", first + 10, payer_key="K1"))
    allocate(database)
    tell(database)
    paid_events = [(kind, amount, left) for kind, _, amount, left in told(database)[6:]]
    assert paid_events == [("paid", first, 0), ("part_paid", 10, second - 10)]
    record(database, returned("r", "a", first + 10))
    allocate(database)
    assert tell(database, LATE)["past_due_count"] == 6
    later = [(kind, left) for kind, _, _, left in told(database)[8:]]
    assert sorted(later[:2]) == sorted([("unpaid_again", first), ("unpaid_again", second)])
    assert [kind for kind, _ in later[2:]] == ["past_due"] * 6
    assert tell(database, LATE)["event_count"] == 0


def test_who_pays_late_and_is_returned_is_past_due_once_more(database: Database) -> None:
    first = open_of(database, 1)[0]
    tell(database, LATE)
    record(database, paid("a", first, payer_key="K1"))
    allocate(database)
    tell(database, LATE)
    record(database, returned("r", "a", first))
    allocate(database)
    tell(database, LATE)
    assert [kind for kind, *_ in told(database)[12:]] == ["paid", "unpaid_again", "past_due"]
    turns = rows(database, "select fact_turn from status_event where event_kind = 'past_due' order by 1 desc")
    assert turns[:2] == [(2,), (1,)]


def test_who_has_paid_is_not_called_late_though_nobody_told_of_it_yet(database: Database) -> None:
    for payer in (1, 2, 3):
        record(database, paid(f"p{payer}", sum(open_of(database, payer)), payer_key=f"K{payer}"))
    allocate(database)
    assert tell(database, LATE, part_facts=2)["past_due_count"] == 0
    assert [kind for kind, *_ in told(database)] == ["issued"] * 6 + ["paid"] * 6


def test_a_part_is_one_transaction_and_the_order_is_that_of_one_part(
    database: Database, tmp_path: Path
) -> None:
    record(database, paid("a", 50, payer_key="K1"))
    allocate(database)
    assert tell(database, part_facts=1)["part_count"] > 1
    numbers = rows(database, "select array_agg(event_number order by event_number) from status_event")
    assert numbers == [(list(range(1, 8)),)]
