"""Lists of invoices: another company's rows never show, limits and keys hold."""

from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection

from billing_assets.store.connection import Database
from billing_assets.store.invoice_listings import InvoiceFilter, invoice_totals, list_invoices
from billing_assets_tests.books import billing_over, fill_book

STRANGER = 2


def prepare(database: Database, home: Path) -> None:
    """Bill ten policies by one run; make their documents and queue the messages."""
    fill_book(database, 10)
    with ExitStack() as stack:
        billing = billing_over(database, home, stack)
        billing.invoice(billing.order(date(2024, 1, 31)))
        billing.documents.make_documents(1, None)
        billing.documents.queue(1, None, "alondra.example.com")


@pytest.fixture
def billed(database: Database) -> Database:
    """Ten invoices of one run."""
    return database


def numbers(connection: Connection, wanted: InvoiceFilter, company_id: int = 1) -> list[str]:
    return [row.invoice_number for row in list_invoices(connection, company_id, wanted)]


def test_pages_follow_by_number(billed: Database) -> None:
    with billed.transaction() as connection:
        first = numbers(connection, InvoiceFilter(limit=6))
        second = numbers(connection, InvoiceFilter(limit=6, before_number=first[-1]))
    assert [*first, *second] == [f"INV-{number:08d}" for number in range(10, 0, -1)]


def test_the_state_of_delivery_filters(billed: Database) -> None:
    with billed.transaction() as connection:
        assert len(numbers(connection, InvoiceFilter(delivery_state="queued"))) == 9
        assert len(numbers(connection, InvoiceFilter(delivery_state="failed"))) == 1
        assert numbers(connection, InvoiceFilter(delivery_state="none")) == []


def test_another_company_sees_nothing(billed: Database) -> None:
    with billed.transaction() as connection:
        assert numbers(connection, InvoiceFilter(), STRANGER) == []
        assert invoice_totals(connection, STRANGER) == []


def test_a_payer_is_told_by_key_and_has_a_list_of_their_own(billed: Database) -> None:
    with billed.transaction() as connection:
        rows = list_invoices(connection, 1, InvoiceFilter())
        assert {row.payer_key for row in rows} == {f"K{number}" for number in range(1, 11)}
        wanted = next(row for row in rows if row.payer_key == "K7")
        assert list_invoices(connection, 1, InvoiceFilter(payer_key="K7")) == [wanted]
        assert numbers(connection, InvoiceFilter(payer_key="nobody")) == []


def test_a_list_row_holds_nothing_of_the_payer_but_their_key(billed: Database) -> None:
    with billed.transaction() as connection:
        shown = str(list_invoices(connection, 1, InvoiceFilter()))
    assert "payer" not in shown.lower().replace("payer_key", "")
    assert "@" not in shown
