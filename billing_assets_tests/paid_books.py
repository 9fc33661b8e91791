"""Billed books that payments come in for, and short ways to make entries.

Belongs here: entries with plain values, the desk of a store. Does not belong here: any judgement.
"""

from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from billing_assets.domain.payments import NewPayment, NewReturn, SourceKind
from billing_assets.steps.allocate_payments import allocate_payments
from billing_assets.steps.record_payments import record_entry
from billing_assets.store.allocations import SqlAllocationStore
from billing_assets.store.connection import Database
from billing_assets.store.payments import SqlPaymentStore
from billing_assets_tests.books import billing_over, fill_book, seal

AT = datetime(2024, 3, 1, 12, tzinfo=UTC)
FEBRUARY, MARCH, APRIL = date(2024, 2, 1), date(2024, 3, 1), date(2024, 4, 1)


def clock() -> datetime:
    return AT


def bill_monthly(database: Database, home: Path, count: int = 3) -> None:
    """Bill ``count`` monthly policies, one of each payer K1 ..., for February and March."""
    fill_book(database, count, plans=("monthly",))
    seal(database)
    with ExitStack() as stack:
        billing = billing_over(database, home, stack)
        for day in (FEBRUARY, MARCH):
            billing.invoice(billing.order(day))


def paid(key: str, amount_minor: int, **values: Any) -> NewPayment:
    """Return a bank transfer of March in euros."""
    given: dict[str, Any] = {
        "source_kind": SourceKind.BANK_TRANSFER,
        "external_key": key,
        "currency": "EUR",
        "amount_minor": amount_minor,
        "value_date": MARCH,
        "booking_date": MARCH,
    }
    return NewPayment(**{**given, **values})


def returned(key: str, original_key: str, amount_minor: int, **values: Any) -> NewReturn:
    """Return what came back of a bank transfer."""
    given: dict[str, Any] = {
        "source_kind": SourceKind.BANK_TRANSFER,
        "external_key": key,
        "original_key": original_key,
        "currency": "EUR",
        "amount_minor": amount_minor,
        "value_date": MARCH,
        "booking_date": MARCH,
        "reason_code": "AM04",
    }
    return NewReturn(**{**given, **values})


def record(database: Database, *entries: NewPayment | NewReturn) -> list[bool]:
    """Take entries in, one by one."""
    store = SqlPaymentStore(database, 1)
    return [record_entry(entry, "ana", store=store, clock=clock) for entry in entries]


def allocate(database: Database, day: date = APRIL) -> dict[str, Any]:
    """Allocate what is free and return the facts."""
    return dict(allocate_payments(day, store=SqlAllocationStore(database, 1, clock)).facts)


def rows(database: Database, query: str, **values: Any) -> list[tuple[Any, ...]]:
    """Return what a query finds."""
    with database.transaction() as connection:
        return [tuple(row) for row in connection.execute(text(query), values)]


def open_of(database: Database, payer_id: int) -> list[int]:
    """Return what is open of the documents of a payer, oldest first."""
    query = "select open_minor from open_document where payer_id = :payer order by due_date, invoice_id"
    return [row[0] for row in rows(database, query, payer=payer_id)]


def balances(database: Database) -> dict[int, int]:
    """Return the balance of each account that is not zero, of all currencies."""
    query = """select account_number, sum(amount_minor)::bigint from ledger_posting group by 1
        having sum(amount_minor) <> 0 order by 1"""
    return dict(rows(database, query))
