"""Events as others read them: behind a number, of some kinds, of an invoice; and how far behind it is."""

from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.statuses import StatusKind
from billing_assets.store.connection import Database
from billing_assets.store.status_listings import count_events, list_events, read_event, read_events, read_lag
from billing_assets_tests.paid_books import allocate, bill_monthly, paid, record
from billing_assets_tests.told_books import LATE, tell


def prepare(database: Database, home: Path) -> None:
    """Six are issued; one is paid and one in part; five are past due; a further payment is not told."""
    bill_monthly(database, home)
    record(database, paid("a", 5000, payer_key="K1"))
    allocate(database)
    tell(database, LATE)
    record(database, paid("b", 7, payer_key="K2"))
    allocate(database)


def test_what_is_behind_a_number_comes_in_order_whatever_kinds(database: Database) -> None:
    with database.transaction() as connection:
        every = read_events(connection, 1, after_number=0, limit=100)
        assert [event.event_number for event in every] == list(range(1, 14))
        assert read_events(connection, 1, after_number=5, limit=3) == every[5:8]
        kinds = (StatusKind.PAID, StatusKind.PAST_DUE)
        wanted = [event for event in every if event.event_kind in kinds]
        assert read_events(connection, 1, after_number=0, limit=100, kinds=kinds) == wanted
        assert read_events(connection, 1, after_number=0, limit=2, kinds=kinds) == wanted[:2]
        assert read_events(connection, 2, after_number=0, limit=100) == []


def test_people_see_the_newest_first_and_those_of_an_invoice(database: Database) -> None:
    with database.transaction() as connection:
        assert [row.event_number for row in list_events(connection, 1, limit=2)] == [13, 12]
        (paid_event,) = list_events(connection, 1, kind="paid")
        of_invoice = list_events(connection, 1, invoice_number=paid_event.invoice_number)
        assert [row.event_kind.value for row in of_invoice] == ["paid", "issued"]
        assert list_events(connection, 1, invoice_number=paid_event.invoice_number, before_number=2) == (
            of_invoice[1:] if of_invoice[1].event_number < 2 else []
        )
        assert read_event(connection, 1, paid_event.event_number) == paid_event
        with pytest.raises(BillingError, match="no event 99"):
            read_event(connection, 1, 99)
        assert count_events(connection, 1, 6) == {"paid": 1, "part_paid": 1, "past_due": 5}


def test_how_far_telling_is_behind(database: Database) -> None:
    with database.transaction() as connection:
        lag = read_lag(connection, 1)
        assert (lag.last_number, lag.fact_count) == (13, 1)
        assert lag.oldest_at is not None
        assert read_lag(connection, 2).oldest_at is None
