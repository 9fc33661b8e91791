"""Payments in the office: listed, shown, reversed, and given an owner by one click."""

import pytest
from fastapi.testclient import TestClient

from billing_assets.domain.payments import NewPayment, SourceKind
from billing_assets.store.payment_listings import PaymentFilter
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.payment_desk import PaymentDesk

NUMBER = "INV-00000002"


@pytest.fixture
def payments(desk: Desk) -> PaymentDesk:
    return PaymentDesk(desk.billing)


@pytest.fixture
def owed(desk: Desk) -> int:
    settlement = desk.invoice(NUMBER).settlement
    assert settlement is not None
    return settlement.open_minor


def pay(payments: PaymentDesk, amount_minor: int, remittance: str = "", key: str = "a") -> int:
    payment = NewPayment(
        source_kind=SourceKind.CASH,
        external_key=key,
        currency="EUR",
        amount_minor=amount_minor,
        value_date=payments.today,
        booking_date=payments.today,
        remittance_text=remittance,
    )
    payments.add(payment, "ana")
    return payments.payments(PaymentFilter(limit=1))[0].payment_id


def test_what_nobody_owns_is_given_its_owner_by_one_click(
    operator: TestClient, payments: PaymentDesk, owed: int, desk: Desk
) -> None:
    payment_id = pay(payments, owed)
    shown = operator.get("/suspense").text
    assert NUMBER in shown
    assert "the amount is the same" in shown
    done = operator.post(
        f"/suspense/{payment_id}", data={"document": NUMBER, "note": "the amount is the same"}
    )
    assert "The payment has its owner" in done.text
    assert "Every payment has an owner." in done.text
    settlement = desk.invoice(NUMBER).settlement
    assert settlement is not None
    assert settlement.open_minor == 0
    page = operator.get(f"/invoices/{NUMBER}").text
    assert f"/payments/{payment_id}" in page
    assert "Paid of premium" in page


def test_a_payment_is_listed_allocated_shown_and_reversed(
    approver: TestClient, operator: TestClient, payments: PaymentDesk, owed: int
) -> None:
    payment_id = pay(payments, owed, f"for {NUMBER}")
    assert str(payment_id) in operator.get("/payments").text
    assert "What was free is allocated." in operator.post("/payments/allocate").text
    assert "No payment fits." in operator.get("/payments?state=suspense").text
    shown = operator.get(f"/payments/{payment_id}").text
    assert NUMBER in shown
    assert f"for {NUMBER}" in shown
    assert operator.post(f"/payments/{payment_id}/reverse", data={"reason": "AM04"}).status_code == 403
    refused = approver.post(f"/payments/{payment_id}/reverse", data={"reason": " "})
    assert refused.status_code == 409
    back = approver.post(f"/payments/{payment_id}/reverse", data={"reason": "AM04"}).text
    assert "The payment is reversed" in back
    assert "AM04" in back


def test_what_cannot_be_is_refused_in_the_words_of_the_reader(
    operator: TestClient, payments: PaymentDesk
) -> None:
    payment_id = pay(payments, 7)
    refused = operator.post(f"/suspense/{payment_id}?language=es", data={"note": "n"})
    assert refused.status_code == 409
    assert "Indique una factura o un pagador" in refused.text
    assert operator.get("/payments/424242").status_code == 404
    assert operator.post("/suspense/424242", data={"note": "n", "payer": "K1"}).status_code == 404


def test_pages_speak_spanish(viewer: TestClient, payments: PaymentDesk) -> None:
    pay(payments, 7)
    assert "Cobros sin identificar" in viewer.get("/suspense?language=es").text
    assert "Fecha valor" in viewer.get("/payments?language=es").text
    assert viewer.post("/payments/allocate").status_code == 403
