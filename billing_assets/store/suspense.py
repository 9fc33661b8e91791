"""Decisions of people on payments: whose a payment is, and what of a document is written off.

Belongs here: the store's side of ``steps.suspense_ports``. Does not belong here: what waits for a decision
(``payment_listings``), what a run of allocation does (``allocations``).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

import polars as pl
from sqlalchemy import Connection, text

from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.domain.errors import BillingError
from billing_assets.domain.payments import PAYMENT_PROBLEMS, SourceKind, payment_unknown
from billing_assets.steps.run_ports import Clock
from billing_assets.steps.suspense_ports import FoundDocument, FoundPayment
from billing_assets.store.allocations import SqlAllocationWork
from billing_assets.store.audit_log import record_act
from billing_assets.store.connection import Database
from billing_assets.store.invoice_reader import find_invoice
from billing_assets.store.locks import LockSpace, hold_in_transaction

_PAYMENT = """
select p.payment_id, p.source_kind, p.external_key, p.currency, s.amount_minor - s.reversed_minor,
    s.free_minor, s.payer_id is not null
from payment p join payment_standing s using (payment_id)
where p.company_id = :company and p.payment_id = :payment
"""
_DOCUMENT = """
select d.payer_id, d.currency, d.open_minor, r.allocation_rule_id, r.approval_above_minor
from open_document d
left join lateral (
    select allocation_rule_id, approval_above_minor from allocation_rule x
    where x.company_id = d.company_id and x.currency = d.currency and x.valid_from <= :day
    order by valid_from desc, allocation_rule_id desc limit 1) r on true
where d.invoice_id = :invoice
"""
_PAYER = "select payer_id from payer where company_id = :company and payer_key = :key"


class SqlPaymentDecisions:
    """Decisions on the payments of one company."""

    def __init__(self, database: Database, company_id: int, clock: Clock) -> None:
        """Work on ``database``."""
        self.database, self.company_id, self.clock = database, company_id, clock

    @contextmanager
    def deciding(self, as_of_date: date) -> Iterator["SqlPaymentWork"]:
        """Yield the work of one transaction, in which nothing is allocated or taken in."""
        with self.database.transaction() as connection:
            hold_in_transaction(connection, LockSpace.PAYMENTS, self.company_id)
            yield SqlPaymentWork(connection, self.company_id, as_of_date, self.clock())


class SqlPaymentWork:
    """A transaction in which a person decides."""

    def __init__(
        self, connection: Connection, company_id: int, as_of_date: date, recorded_at: datetime
    ) -> None:
        """Write on a connection whose transaction the caller commits."""
        self.connection, self.company_id = connection, company_id
        self.as_of_date, self.recorded_at = as_of_date, recorded_at
        self.allocation = SqlAllocationWork(connection, company_id, as_of_date, recorded_at)

    def payment(self, payment_id: int) -> FoundPayment:
        """Return a payment; raise ``payment_unknown``."""
        values = {"company": self.company_id, "payment": payment_id}
        row = self.connection.execute(text(_PAYMENT), values).first()
        if row is None:
            raise payment_unknown(payment_id)
        return FoundPayment(
            payment_id=row[0],
            source_kind=SourceKind(row[1]),
            external_key=row[2],
            currency=row[3],
            left_minor=row[4],
            free_minor=row[5],
            has_owner=row[6],
        )

    def document(self, number: str) -> FoundDocument:
        """Return a document by its printed number; raise ``invoice_unknown``."""
        found = find_invoice(self.connection, self.company_id, number)
        values = {"invoice": found.invoice_id, "day": self.as_of_date}
        row = self.connection.execute(text(_DOCUMENT), values).first()
        if row is None:
            raise BillingError(
                "payment_of_credit_note", f"{number} is a credit note", "name the invoice that is paid"
            )
        return FoundDocument(
            invoice_id=found.invoice_id,
            payer_id=row[0],
            currency=row[1],
            open_minor=row[2],
            allocation_rule_id=row[3],
            approval_above_minor=row[4],
        )

    def payer_id(self, payer_key: str) -> int:
        """Return a payer by key; raise ``payment_payer_unknown``."""
        values = {"company": self.company_id, "key": payer_key}
        payer_id = self.connection.execute(text(_PAYER), values).scalar_one_or_none()
        if payer_id is None:
            raise BillingError("payment_payer_unknown", *PAYMENT_PROBLEMS["payment_payer_unknown"])
        return int(payer_id)

    def resolve(self, owner: pl.DataFrame, invoice_id: int | None, note: str, assigned_by: str) -> None:
        """Give a payment its owner, and record the act."""
        self.allocation.assign(
            owner, reason_code="person", assigned_by=assigned_by, note=note, invoice_id=invoice_id
        )
        [row] = owner.rows(named=True)
        self._record(Act.RESOLVE_SUSPENSE, Subject.PAYMENT, row["payment_id"], note, assigned_by, row)

    def write_off(self, rows: pl.DataFrame, note: str, decided_by: str, approved_by: str) -> None:
        """Write off what is open of a document, and record the act."""
        self.allocation.write_off(rows, approved_by)
        [row] = rows.rows(named=True)
        after = {**row, "approved_by": approved_by}
        self._record(Act.WRITE_OFF, Subject.DOCUMENT, row["invoice_id"], note, decided_by, after)

    def _record(
        self, act: Act, subject: Subject, subject_id: int, note: str, by: str, after: dict[str, object]
    ) -> None:
        entry = AuditAct(
            act=act,
            subject=subject,
            subject_id=str(subject_id),
            company_id=self.company_id,
            reason=note,
            signed_by=by,
            after=after,
        )
        record_act(self.connection, entry, self.recorded_at)
