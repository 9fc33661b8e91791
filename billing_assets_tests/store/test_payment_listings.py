"""Payments as people see them."""

from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database
from billing_assets.store.payment_listings import PaymentFilter, list_payments, settlement_of, show_payment
from billing_assets_tests.paid_books import allocate, bill_monthly, paid, record, returned


def prepare(database: Database, home: Path) -> None:
    bill_monthly(database, home)
    record(
        database,
        paid("a", 4506, payer_key="K1"),
        paid("b", 20000, payer_key="K2"),
        paid("c", 7, remittance_text="x", payer_name="Ana"),
        paid("d", 8, payer_key="K3"),
        returned("e", "d", 8),
    )
    allocate(database)


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        (PaymentFilter(), ["d", "c", "b", "a"]),
        (PaymentFilter(state="allocated"), ["a"]),
        (PaymentFilter(state="part_allocated"), ["b"]),
        (PaymentFilter(state="suspense"), ["c"]),
        (PaymentFilter(state="reversed"), ["d"]),
        (PaymentFilter(payer_key="K2"), ["b"]),
        (PaymentFilter(limit=2), ["d", "c"]),
    ],
)
def test_payments_are_listed_by_state_and_payer(
    database: Database, wanted: PaymentFilter, keys: list[str]
) -> None:
    with database.transaction() as connection:
        found = list_payments(connection, 1, wanted)
    assert [row.external_key for row in found] == keys
    assert not wanted.state or {row.state for row in found} == {wanted.state}


def test_one_payment_is_shown_with_what_it_pays_and_what_came_back(database: Database) -> None:
    with database.transaction() as connection:
        ids = {row.external_key: row.payment_id for row in list_payments(connection, 1, PaymentFilter())}
        shown = {key: show_payment(connection, 1, payment_id) for key, payment_id in ids.items()}
        with pytest.raises(BillingError, match="payment_unknown"):
            show_payment(connection, 2, ids["a"])
    assert [row.document_number for row in shown["a"].allocations] == ["INV-00000001"]
    assert (shown["c"].payer_name, shown["c"].remittance_text) == ("Ana", "x")
    assert [row.reason_code for row in shown["d"].reversals] == ["AM04"]


def test_what_is_paid_of_an_invoice_is_told_by_its_parts(database: Database) -> None:
    with database.transaction() as connection:
        found = settlement_of(connection, 1, 1)
        assert settlement_of(connection, 1, 424242) is None
    assert found is not None
    assert (found.paid_minor, found.open_minor) == (4506, 0)
    assert {part: paid == whole for part, paid, whole in found.parts} == {"tax": True, "premium": True}
    assert sum(whole for *_, whole in found.parts) == found.payable_minor
