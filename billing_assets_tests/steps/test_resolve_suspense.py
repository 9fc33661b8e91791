"""Giving a payment its owner: what is refused, and what it then pays."""

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.steps.resolve_suspense import resolve_suspense
from billing_assets.store.connection import Database
from billing_assets.store.suspense import SqlPaymentDecisions
from billing_assets_tests.databases import Prepare
from billing_assets_tests.paid_books import (
    APRIL,
    allocate,
    balances,
    bill_monthly,
    clock,
    open_of,
    paid,
    record,
    rows,
)


@pytest.fixture
def preparation() -> Prepare:
    return bill_monthly


def resolve(database: Database, **values: str) -> None:
    [(payment_id,)] = rows(database, "select max(payment_id) from payment")
    store = SqlPaymentDecisions(database, 1, clock)
    given = {"note": "she called", "by": "eva", **values}
    resolve_suspense(payment_id, APRIL, store=store, **given)


def test_a_document_that_a_person_names_is_paid_first(database: Database) -> None:
    record(database, paid("a", 100))
    resolve(database, document_number="INV-00000004")
    assert 2150 not in balances(database)
    allocate(database)
    assert open_of(database, 1) == [4506, 4406]
    assert rows(database, "select reason_code from allocation") == [("person",)]


def test_of_a_payer_the_oldest_due_is_paid(database: Database) -> None:
    record(database, paid("a", 100))
    resolve(database, payer_key="K1")
    allocate(database)
    assert open_of(database, 1) == [4406, 4506]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, "payment_target_missing"),
        ({"payer_key": "K1", "document_number": "INV-00000001"}, "payment_target_missing"),
        ({"payer_key": "nobody"}, "payment_payer_unknown"),
        ({"document_number": "INV-00000099"}, "invoice_unknown"),
        ({"payer_key": "K1", "note": " "}, "note_missing"),
    ],
)
def test_what_cannot_be_is_refused(database: Database, values: dict[str, str], code: str) -> None:
    record(database, paid("a", 100))
    with pytest.raises(BillingError) as refused:
        resolve(database, **values)
    assert refused.value.code == code
    assert balances(database)[2150] == -100


def test_a_document_in_another_currency_is_refused(database: Database) -> None:
    record(database, paid("a", 100, currency="USD"))
    with pytest.raises(BillingError, match="payment_currency_differs"):
        resolve(database, document_number="INV-00000001")
