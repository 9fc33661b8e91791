"""Reversing a payment by hand."""

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.steps.reverse_payment import Reversal, reverse_payment
from billing_assets.store.connection import Database
from billing_assets.store.payments import SqlPaymentStore
from billing_assets.store.suspense import SqlPaymentDecisions
from billing_assets_tests.databases import Prepare
from billing_assets_tests.paid_books import APRIL, allocate, bill_monthly, clock, open_of, paid, record, rows


@pytest.fixture
def preparation() -> Prepare:
    return bill_monthly


def reverse(database: Database, amount_minor: int | None = None, reference: str = "") -> bool:
    [(payment_id,)] = rows(database, "select max(payment_id) from payment")
    return reverse_payment(
        payment_id,
        APRIL,
        Reversal(reason_code="AM04", by="eva", amount_minor=amount_minor, reference=reference),
        decisions=SqlPaymentDecisions(database, 1, clock),
        store=SqlPaymentStore(database, 1),
        clock=clock,
    )


def test_all_of_it_goes_back_once(database: Database) -> None:
    record(database, paid("a", 4506, payer_key="K1"))
    allocate(database)
    assert reverse(database)
    allocate(database)
    assert open_of(database, 1) == [4506, 4506]
    assert not reverse(database)


def test_parts_go_back_by_references_of_their_own(database: Database) -> None:
    record(database, paid("a", 4506, payer_key="K1"))
    allocate(database)
    assert reverse(database, 6, "first")
    assert not reverse(database, 6, "first")
    allocate(database)
    assert reverse(database, 4500, "second")
    allocate(database)
    assert open_of(database, 1) == [4506, 4506]


@pytest.mark.parametrize("amount", [0, -1, 101])
def test_more_than_is_left_does_not_go_back(database: Database, amount: int) -> None:
    record(database, paid("a", 100))
    with pytest.raises(BillingError, match="reversal_exceeds_payment"):
        reverse(database, amount)
