"""Decisions on payments in the store: what is found, what is refused, what is kept of them."""

from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.steps.resolve_suspense import resolve_suspense
from billing_assets.store.connection import Database
from billing_assets.store.suspense import SqlPaymentDecisions
from billing_assets_tests.paid_books import APRIL, bill_monthly, clock, paid, record, rows


def prepare(database: Database, home: Path) -> None:
    bill_monthly(database, home)


def test_payments_documents_and_payers_are_found_or_refused(database: Database) -> None:
    record(database, paid("a", 100))
    [(payment_id,)] = rows(database, "select payment_id from payment")
    with SqlPaymentDecisions(database, 1, clock).deciding(APRIL) as work:
        found = work.payment(payment_id)
        assert (found.left_minor, found.free_minor, found.has_owner) == (100, 100, False)
        assert work.document("INV-00000001").approval_above_minor is None
        assert work.payer_id("K1") == 1
        with pytest.raises(BillingError, match="payment_unknown"):
            work.payment(7)
        with pytest.raises(BillingError, match="invoice_unknown"):
            work.document("INV-00000099")
        with pytest.raises(BillingError, match="payment_payer_unknown"):
            work.payer_id("x")


def test_a_payment_has_one_owner_and_the_act_is_kept(database: Database) -> None:
    record(database, paid("a", 100))
    [(payment_id,)] = rows(database, "select payment_id from payment")
    store = SqlPaymentDecisions(database, 1, clock)
    resolve_suspense(payment_id, APRIL, payer_key="K1", note="she called", by="eva", store=store)
    with pytest.raises(BillingError, match="payment_not_in_suspense"):
        resolve_suspense(payment_id, APRIL, payer_key="K2", note="again", by="eva", store=store)
    kept = rows(database, "select act, reason, signed_by from audit_entry where act = 'resolve_suspense'")
    assert kept == [("resolve_suspense", "she called", "eva")]
