"""Billed and paid books of which payers ask for documents, and short ways to ask.

Belongs here: a book with everything that an account can have, the desk over it. Does not belong here: any
judgement.
"""

from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

from billing_assets.domain.allocation import AllocationRule
from billing_assets.domain.credits import WantedCredit
from billing_assets.domain.document_requests import (
    DocumentWish,
    NewRequest,
    RequestChannel,
    RequestSource,
    WantedDocument,
)
from billing_assets.steps.reverse_payment import Reversal
from billing_assets.steps.write_off import WriteOff
from billing_assets.store.connection import Database
from billing_assets.wiring.document_request_desk import DocumentRequestDesk
from billing_assets.wiring.payment_desk import PaymentDesk
from billing_assets_tests.books import billing_over
from billing_assets_tests.paid_books import APRIL, MARCH, allocate, bill_monthly, paid, record, returned

EVERYTHING = WantedDocument(
    document_kind=DocumentWish.STATEMENT, from_date=date(2024, 1, 1), until_date=date(2027, 12, 31)
)
"""A statement of all that there is."""


def bill_and_pay(database: Database, home: Path) -> None:
    """Bill four payers: K1 paid, came back and paid again; K2 in part; K3 credited; K4 written off.

    K1 has dollars on account too.
    """
    bill_monthly(database, home, 4)
    record(
        database,
        paid("a", 4506, payer_key="K1"),
        paid("dollars", 700, payer_key="K1", currency="USD"),
        paid("b", 1000, payer_key="K2"),
        paid("lost", 500),
        paid("c", 20_000, payer_key="K3", booking_date=date(2024, 3, 10), value_date=date(2024, 3, 10)),
    )
    allocate(database, MARCH)
    record(database, returned("back", "a", 4506, booking_date=date(2024, 3, 5)))
    allocate(database, date(2024, 3, 12))
    with ExitStack() as stack:
        billing = billing_over(database, home, stack)
        credit = billing.credit_order(
            [WantedCredit(invoice_number="INV-00000003")],
            reason="sold",
            approved_by="eva",
            billing_date=date(2024, 3, 15),
        )
        billing.credit(credit)
        desk = PaymentDesk(billing)
        desk.set_rule(
            AllocationRule(
                currency="EUR",
                tolerance_minor=1,
                approval_above_minor=50_000,
                valid_from=date(2024, 1, 1),
                source="board",
            ),
            "ana",
        )
        desk.write_off(WriteOff(document_number="INV-00000004", note="small", by="eva"))
        desk.resolve(suspense_of(desk), payer_key="K2", note="they called", by="ana")
        desk.reverse(payment_of(desk, "K3"), Reversal(reason_code="MD06", by="eva"))
    record(database, paid("again", 3000, payer_key="K1", booking_date=APRIL, value_date=APRIL))
    allocate(database, APRIL)


def suspense_of(desk: PaymentDesk) -> int:
    """Return the only payment without an owner."""
    (row,) = desk.suspense()
    return row.payment_id


def payment_of(desk: PaymentDesk, payer_key: str) -> int:
    """Return the last payment of a payer."""
    from billing_assets.store.payment_listings import PaymentFilter

    return desk.payments(PaymentFilter(payer_key=payer_key, limit=1))[0].payment_id


def desk_over(database: Database, home: Path, stack: ExitStack) -> DocumentRequestDesk:
    """Return the desk of requests of a store."""
    return DocumentRequestDesk(billing_over(database, home, stack))


def asking(key: str, wanted: WantedDocument = EVERYTHING, payer_key: str = "K1", **values: Any) -> NewRequest:
    """Return a request of a payer by the office."""
    given: dict[str, Any] = {
        "request_key": key,
        "source_kind": RequestSource.OFFICE,
        "wanted": wanted,
        "asked_by": "ana",
        "payer_key": payer_key,
        "channel": RequestChannel.DOWNLOAD,
    }
    return NewRequest(**{**given, **values})
