"""Payments in the store: taking entries in, once each, and posting what came in.

Belongs here: the store's side of ``steps.record_payments``, and posting of all that payments do.
Does not belong here: allocations (``allocations``), lists (``payment_listings``).
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

import polars as pl
from sqlalchemy import Connection, text

from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.domain.ledger import EntryKind
from billing_assets.domain.payments import NewPayment, NewReturn, PaymentProblem
from billing_assets.frames.payment_postings import payment_entries, payment_postings
from billing_assets.steps.payment_ports import EntryFacts, EntryKey, PaymentBatch
from billing_assets.store.audit_log import record_act
from billing_assets.store.connection import Database
from billing_assets.store.copy import copy_in
from billing_assets.store.invoices import DocumentTransaction
from billing_assets.store.locks import LockSpace, hold_in_transaction
from billing_assets.store.problems import INTAKE_OWNER

_KNOWS_FILE = """
select exists (select from payment_file where company_id = :company and file_sha256 = decode(:hash, 'hex'))
"""
_KNOWN = """
select p.source_kind, p.external_key, p.currency, p.amount_minor, p.value_date
from unnest(cast(:sources as text[]), cast(:keys as text[])) as w (source_kind, external_key)
join {table} p on p.company_id = :company and p.source_kind = w.source_kind
    and p.external_key = w.external_key
"""
_TABLES = {"payment": "payment", "return": "payment_return"}
_PAYERS = "select payer_key, payer_id from payer where company_id = :company and payer_key = any(:keys)"
_FILE = """
insert into payment_file (company_id, file_name, file_sha256, source_kind, entry_count, new_count,
    duplicate_count, problem_count, control_totals, recorded_by, recorded_at)
values (:company, :name, decode(:hash, 'hex'), :source, :entries, :new, :duplicates, :problems,
    cast(:totals as jsonb), :by, :at)
returning payment_file_id
"""


class SqlPaymentStore:
    """Takes in the payments of one company."""

    def __init__(self, database: Database, company_id: int) -> None:
        """Keep payments of ``company_id`` in ``database``."""
        self.database, self.company_id = database, company_id

    @contextmanager
    def intake(self) -> Iterator["SqlPaymentIntake"]:
        """Yield the work of one transaction, in which nobody else takes in payments of the company."""
        with self.database.transaction() as connection:
            hold_in_transaction(connection, LockSpace.PAYMENTS, self.company_id)
            yield SqlPaymentIntake(connection, self.company_id)


class SqlPaymentIntake:
    """A transaction that takes payments in."""

    def __init__(self, connection: Connection, company_id: int) -> None:
        """Write on a connection whose transaction the caller commits."""
        self.connection, self.company_id = connection, company_id

    def knows_file(self, content_sha256: str) -> bool:
        """Tell whether the very same file came before."""
        values = {"company": self.company_id, "hash": content_sha256}
        return bool(self.connection.execute(text(_KNOWS_FILE), values).scalar_one())

    def known_entries(self, keys: Collection[EntryKey]) -> Mapping[EntryKey, EntryFacts]:
        """Return those of the keys that are there, with currency, amount and value date."""
        found: dict[EntryKey, EntryFacts] = {}
        for kind, table in _TABLES.items():
            own = [key for key in keys if key[0] == kind]
            values = {
                "company": self.company_id,
                "sources": [key[1] for key in own],
                "keys": [key[2] for key in own],
            }
            for row in self.connection.execute(text(_KNOWN.format(table=table)), values):
                found[kind, row[0], row[1]] = (row[2], row[3], row[4])
        return found

    def payer_ids(self, payer_keys: Collection[str]) -> Mapping[str, int]:
        """Return the payers of the book by their keys."""
        values = {"company": self.company_id, "keys": list(payer_keys)}
        return {row.payer_key: row.payer_id for row in self.connection.execute(text(_PAYERS), values)}

    def write(self, batch: PaymentBatch) -> None:
        """Append payments, returns and problems, post the payments, and record the act."""
        file_id = self._file(batch)
        if batch.payments:
            self._payments(batch, file_id)
        if batch.returns:
            copy_in(self.connection, "payment_return", self._returns(batch, file_id))
        if batch.problems:
            self._problems(batch.problems, batch.recorded_at.isoformat())
        act = AuditAct(
            act=Act.RECORD_PAYMENTS,
            subject=Subject.PAYMENT_FILE if batch.file else Subject.PAYMENT,
            subject_id=str(file_id or ""),
            company_id=self.company_id,
            signed_by=batch.recorded_by,
            after={"payment_count": len(batch.payments), "return_count": len(batch.returns)},
        )
        record_act(self.connection, act, batch.recorded_at)

    def _file(self, batch: PaymentBatch) -> int | None:
        if batch.file is None:
            return None
        new, problems = len(batch.payments) + len(batch.returns), len(batch.problems)
        values = {
            "company": self.company_id,
            "name": batch.file.name,
            "hash": batch.file.content_sha256,
            "source": batch.file.source_kind.value,
            "entries": new + batch.duplicate_count + problems,
            "new": new,
            "duplicates": batch.duplicate_count,
            "problems": problems,
            "totals": json.dumps(_totals(batch.payments, batch.returns)),
            "by": batch.recorded_by,
            "at": batch.recorded_at,
        }
        file_id: int = self.connection.execute(text(_FILE), values).scalar_one()
        return file_id

    def _payments(self, batch: PaymentBatch, file_id: int | None) -> None:
        ids = DocumentTransaction(self.connection, self.company_id).draw_invoice_ids(len(batch.payments))
        rows = pl.DataFrame(
            [
                {
                    "payment_id": payment_id,
                    "company_id": self.company_id,
                    "payment_file_id": file_id,
                    "payer_id": batch.payer_ids.get(each.payer_key),
                    "amount_minor": each.amount_minor,
                    "charge_minor": each.charge_minor,
                    "value_date": each.value_date,
                    "booking_date": each.booking_date,
                    "source_kind": each.source_kind.value,
                    "external_key": each.external_key,
                    "end_to_end_key": each.end_to_end_key,
                    "currency": each.currency,
                    "payer_name": each.payer_name,
                    "remittance_text": each.remittance_text,
                    "recorded_by": batch.recorded_by,
                    "recorded_at": batch.recorded_at.isoformat(),
                }
                for payment_id, each in zip(ids, batch.payments, strict=True)
            ],
            infer_schema_length=None,
            schema_overrides={"payer_id": pl.Int64, "payment_file_id": pl.Int64},
        )
        copy_in(self.connection, "payment", rows)
        entries = rows.select(
            "company_id",
            "currency",
            "amount_minor",
            "charge_minor",
            ledger_entry_id="payment_id",
            entry_kind=pl.lit(EntryKind.PAYMENT.value),
            posting_date="booking_date",
            is_of_suspense=pl.col("payer_id").is_null(),
        )
        post(self.connection, entries)

    def _returns(self, batch: PaymentBatch, file_id: int | None) -> pl.DataFrame:
        return pl.DataFrame(
            [
                {
                    "company_id": self.company_id,
                    "payment_file_id": file_id,
                    "amount_minor": each.amount_minor,
                    "value_date": each.value_date,
                    "booking_date": each.booking_date,
                    "source_kind": each.source_kind.value,
                    "external_key": each.external_key,
                    "original_key": each.original_key,
                    "currency": each.currency,
                    "reason_code": each.reason_code,
                    "recorded_by": batch.recorded_by,
                    "recorded_at": batch.recorded_at.isoformat(),
                }
                for each in batch.returns
            ],
            infer_schema_length=None,
            schema_overrides={"payment_file_id": pl.Int64},
        )

    def _problems(self, problems: Sequence[PaymentProblem], at: str) -> None:
        rows = [
            {
                "company_id": self.company_id,
                "row_number": each.row_number,
                "record_key": each.record_key[:300],
                "problem_code": each.problem_code,
                "field_name": each.field_name,
                "original_value": each.original_value.replace("\x00", "\u2400")[:1000],
                "original_row": each.original_row.replace("\x00", "\u2400")[:4000],
                "owner": INTAKE_OWNER,
                "recorded_at": at,
            }
            for each in problems
        ]
        copy_in(self.connection, "problem", pl.DataFrame(rows, infer_schema_length=None))


def post(connection: Connection, rows: pl.DataFrame) -> None:
    """Append the ledger entries of rows, as ``frames.payment_postings`` takes them."""
    if rows.is_empty():
        return
    copy_in(connection, "ledger_entry", payment_entries(rows))
    copy_in(connection, "ledger_posting", payment_postings(rows))


def _totals(payments: Sequence[NewPayment], returns: Sequence[NewReturn]) -> dict[str, dict[str, int]]:
    totals: dict[str, dict[str, int]] = {}
    for name, entries in (("paid_minor", payments), ("returned_minor", returns)):
        for entry in entries:
            of_currency = totals.setdefault(entry.currency, {"paid_minor": 0, "returned_minor": 0})
            of_currency[name] += entry.amount_minor
    return totals
