"""Payments, as people bring them in, look at them and decide on them.

Belongs here: intake, allocation, suspense and write-offs of a company. Does not belong here: the steps
(``steps``), SQL (``store``), how anything is shown (``cli``, ``portal``).
"""

from datetime import date
from pathlib import Path

from billing_assets.domain.allocation import AllocationRule
from billing_assets.domain.payments import NewPayment
from billing_assets.feeds.payment_lists import PaymentFiles
from billing_assets.steps.allocate_payments import allocate_payments
from billing_assets.steps.record_payments import record_entry, record_payments
from billing_assets.steps.resolve_suspense import resolve_suspense
from billing_assets.steps.result import StepResult
from billing_assets.steps.reverse_payment import Reversal, reverse_payment
from billing_assets.steps.write_off import WriteOff, write_off
from billing_assets.store.allocations import SqlAllocationStore, add_allocation_rule
from billing_assets.store.companies import read_issuer
from billing_assets.store.payment_listings import (
    PaymentDetail,
    PaymentFilter,
    PaymentRow,
    list_payments,
    show_payment,
)
from billing_assets.store.payments import SqlPaymentStore
from billing_assets.store.suspense import SqlPaymentDecisions
from billing_assets.store.suspense_listings import SuspenseRow, WaitingReturn, list_suspense, waiting_returns
from billing_assets.wiring.build import Billing, today_of, utc_now


class PaymentDesk:
    """The payments of the company of ``billing``."""

    def __init__(self, billing: Billing) -> None:
        """Use the store and the company of ``billing``."""
        self.database = billing.database
        with self.database.transaction() as connection:
            issuer = read_issuer(connection, billing.company_code())
        self.company_id, self.today = issuer.company_id, today_of(issuer.company)
        self.intake = SqlPaymentStore(self.database, self.company_id)
        self.decisions = SqlPaymentDecisions(self.database, self.company_id, utc_now)

    def bring_in(self, path: Path, recorded_by: str) -> StepResult:
        """Take in a statement or a list; see :func:`record_payments`."""
        return record_payments(path, recorded_by, reader=PaymentFiles(), store=self.intake, clock=utc_now)

    def add(self, payment: NewPayment, recorded_by: str) -> bool:
        """Take in one payment by hand; False where it is there already."""
        return record_entry(payment, recorded_by, store=self.intake, clock=utc_now)

    def allocate(self, as_of_date: date | None = None) -> StepResult:
        """Allocate what is free, as of a date or today; see :func:`allocate_payments`."""
        store = SqlAllocationStore(self.database, self.company_id, utc_now)
        return allocate_payments(as_of_date or self.today, store=store)

    def reverse(self, payment_id: int, wanted: Reversal) -> StepResult | None:
        """Reverse a payment and take back what it paid; None where that was done already."""
        is_new = reverse_payment(
            payment_id,
            self.today,
            wanted,
            decisions=self.decisions,
            store=self.intake,
            clock=utc_now,
        )
        return self.allocate() if is_new else None

    def resolve(
        self, payment_id: int, *, payer_key: str = "", document_number: str = "", note: str, by: str
    ) -> StepResult:
        """Give a payment its owner, and let it pay; see :func:`resolve_suspense`."""
        resolve_suspense(
            payment_id,
            self.today,
            payer_key=payer_key,
            document_number=document_number,
            note=note,
            by=by,
            store=self.decisions,
        )
        return self.allocate()

    def write_off(self, wanted: WriteOff) -> int:
        """Write off what is open of a document and return how much."""
        return write_off(wanted, self.today, store=self.decisions)

    def set_rule(self, rule: AllocationRule, recorded_by: str) -> int:
        """Add a rule row and return its id."""
        with self.database.transaction() as connection:
            return add_allocation_rule(connection, self.company_id, rule, recorded_by, utc_now())

    def payments(self, wanted: PaymentFilter) -> list[PaymentRow]:
        """Return the newest payments that fit."""
        with self.database.transaction() as connection:
            return list_payments(connection, self.company_id, wanted)

    def payment(self, payment_id: int) -> PaymentDetail:
        """Return one payment, or raise ``payment_unknown``."""
        with self.database.transaction() as connection:
            return show_payment(connection, self.company_id, payment_id)

    def suspense(self, payment_id: int | None = None, limit: int = 100) -> list[SuspenseRow]:
        """Return what waits for an owner, oldest first, with candidates."""
        with self.database.transaction() as connection:
            return list_suspense(connection, self.company_id, self.today, payment_id=payment_id, limit=limit)

    def waiting_returns(self, limit: int = 100) -> list[WaitingReturn]:
        """Return what went back and fits no payment yet."""
        with self.database.transaction() as connection:
            return waiting_returns(connection, self.company_id, limit)
