"""Allocations in the store: what is free, what is open, and the rows that a run of allocation writes.

Belongs here: the store's side of ``steps.allocate_payments``, rules, owners and write-offs that people give.
Does not belong here: formulas (``frames``), the guards over the sums (``migrations``), lists
(``payment_listings``).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime

import polars as pl
from sqlalchemy import Connection, text

from billing_assets.domain.allocation import AllocationRule
from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.domain.ledger import EntryKind
from billing_assets.domain.remittance import document_key, keys_in
from billing_assets.steps.run_ports import Clock
from billing_assets.store.audit_log import record_act
from billing_assets.store.connection import Database
from billing_assets.store.copy import copy_in, copy_out
from billing_assets.store.invoices import DocumentTransaction
from billing_assets.store.locks import LockSpace, hold_in_transaction
from billing_assets.store.payments import post

_RETURNS = """
select r.payment_return_id, p.payment_id, r.currency, r.amount_minor, r.value_date, r.external_key,
    s.amount_minor - s.reversed_minor, s.allocated_minor, s.payer_id is null
from payment_return r
cross join lateral (
    select min(payment_id) as payment_id from (
        select payment_id from payment x where x.company_id = r.company_id and x.currency = r.currency
            and x.source_kind = r.source_kind and x.external_key = r.original_key
        union all
        select payment_id from payment x where x.company_id = r.company_id and x.currency = r.currency
            and x.source_kind = r.source_kind and x.end_to_end_key = r.original_key
            and x.end_to_end_key <> '' and x.external_key <> r.original_key) as named
    having count(*) = 1) p
join payment_standing s on s.payment_id = p.payment_id
where r.company_id = %s and r.booking_date <= %s
    and not exists (select from payment_reversal x where x.payment_return_id = r.payment_return_id)
"""
_RETURN_SCHEMA: Mapping[str, type[pl.DataType]] = {
    "payment_return_id": pl.Int64,
    "payment_id": pl.Int64,
    "currency": pl.String,
    "amount_minor": pl.Int64,
    "value_date": pl.Date,
    "external_key": pl.String,
    "left_minor": pl.Int64,
    "allocated_minor": pl.Int64,
    "of_suspense": pl.String,
}
# Grouped once for the whole book: one look into an index for each document would take longer.
_BOOK = """
with paid as materialized (
    select invoice_id,
        coalesce(sum(amount_minor) filter (where allocation_kind = 'payment'), 0) as paid_minor,
        sum(amount_minor) as settled_minor
    from allocation where company_id = {company} group by invoice_id
), credited as materialized (
    select credited_invoice_id as invoice_id, sum(total_minor + cash_rounding_minor) as credited_minor
    from invoice where company_id = {company} and credited_invoice_id is not null
    group by credited_invoice_id
), book as (
    select i.*, coalesce(p.paid_minor, 0) as paid_minor, i.total_minor + i.cash_rounding_minor
        - coalesce(c.credited_minor, 0) - coalesce(p.settled_minor, 0) as open_minor,
        coalesce(p.settled_minor, 0) as settled_minor
    from invoice i left join paid p using (invoice_id) left join credited c using (invoice_id)
    where i.company_id = {company} and i.document_kind = 'invoice' and i.issue_date <= {day}
)
"""
_DOCUMENTS = """
select b.invoice_id, document_number(s.prefix, b.invoice_number), b.payer_id, b.currency, b.due_date,
    b.open_minor, b.paid_minor
from book b join number_series s using (number_series_id) where b.open_minor > 0
"""
_DOCUMENT_SCHEMA: Mapping[str, type[pl.DataType]] = {
    "invoice_id": pl.Int64,
    "document_number": pl.String,
    "payer_id": pl.Int64,
    "currency": pl.String,
    "due_date": pl.Date,
    "open_minor": pl.Int64,
    "paid_minor": pl.Int64,
}
_OVERPAID = """
select invoice_id, least(-open_minor, settled_minor) from book where open_minor < 0 and settled_minor > 0
"""
_PAYMENTS = """
with reversed as materialized (
    select payment_id, sum(amount_minor) as minor from payment_reversal where company_id = %s
    group by payment_id
), allocated as materialized (
    select payment_id, sum(amount_minor) as minor from allocation
    where company_id = %s and payment_id is not null group by payment_id
)
select p.payment_id, coalesce(a.payer_id, p.payer_id), p.currency,
    p.amount_minor - coalesce(r.minor, 0) - coalesce(l.minor, 0), p.value_date, p.booking_date,
    p.source_kind, p.external_key, p.remittance_text, a.invoice_id
from payment p left join payment_assignment a using (payment_id)
left join reversed r using (payment_id) left join allocated l using (payment_id)
where p.company_id = %s and p.booking_date <= %s
    and p.amount_minor - coalesce(r.minor, 0) - coalesce(l.minor, 0) > 0
"""
_PAYMENT_SCHEMA: Mapping[str, type[pl.DataType]] = {
    "payment_id": pl.Int64,
    "payer_id": pl.Int64,
    "currency": pl.String,
    "free_minor": pl.Int64,
    "value_date": pl.Date,
    "booking_date": pl.Date,
    "source_kind": pl.String,
    "external_key": pl.String,
    "remittance_text": pl.String,
    "assigned_invoice_id": pl.Int64,
}
_LIVE = """
select a.allocation_id, a.allocation_kind, a.payment_id, a.invoice_id, a.payer_id, a.currency, a.amount_minor
from allocation a
where a.company_id = %s and a.{key} = any(%s) and a.amount_minor > 0
    and not exists (select from allocation x where x.reversed_allocation_id = a.allocation_id)
"""
_LIVE_SCHEMA: Mapping[str, type[pl.DataType]] = {
    "allocation_id": pl.Int64,
    "allocation_kind": pl.String,
    "payment_id": pl.Int64,
    "invoice_id": pl.Int64,
    "payer_id": pl.Int64,
    "currency": pl.String,
    "amount_minor": pl.Int64,
}
_RULES = """
select distinct on (currency) currency, tolerance_minor, allocation_rule_id, approval_above_minor
from allocation_rule where company_id = %s and valid_from <= %s
order by currency, valid_from desc, allocation_rule_id desc
"""
_RULE_SCHEMA: Mapping[str, type[pl.DataType]] = {
    "currency": pl.String,
    "tolerance_minor": pl.Int64,
    "allocation_rule_id": pl.Int64,
    "approval_above_minor": pl.Int64,
}
_ADD_RULE = """
insert into allocation_rule (company_id, currency, tolerance_minor, approval_above_minor, part_order,
    valid_from, source, recorded_by, recorded_at)
values (:company, :currency, :tolerance, :above, :parts, :valid_from, :source, :by, :at)
returning allocation_rule_id
"""


class SqlAllocationStore:
    """Allocates the payments of one company."""

    def __init__(self, database: Database, company_id: int, clock: Clock) -> None:
        """Work on ``database``."""
        self.database, self.company_id, self.clock = database, company_id, clock

    @contextmanager
    def allocating(self, as_of_date: date) -> Iterator["SqlAllocationWork"]:
        """Yield the work of one transaction; it takes turns with intake and other allocations."""
        with self.database.transaction() as connection:
            hold_in_transaction(connection, LockSpace.PAYMENTS, self.company_id)
            yield SqlAllocationWork(connection, self.company_id, as_of_date, self.clock())


class SqlAllocationWork:
    """A transaction that allocates."""

    def __init__(
        self, connection: Connection, company_id: int, as_of_date: date, recorded_at: datetime
    ) -> None:
        """Write on a connection whose transaction the caller commits."""
        self.connection, self.company_id = connection, company_id
        self.as_of_date, self.recorded_at = as_of_date, recorded_at

    def pending_returns(self) -> pl.DataFrame:
        """Return the returns whose payment is there and that took nothing off it yet."""
        rows = copy_out(self.connection, _RETURNS, (self.company_id, self.as_of_date), _RETURN_SCHEMA)
        return rows.with_columns(is_of_suspense=pl.col("of_suspense") == "t").drop("of_suspense")

    def overpaid_documents(self) -> pl.DataFrame:
        """Return documents with more than they owe."""
        schema = {"invoice_id": pl.Int64, "excess_minor": pl.Int64}
        return copy_out(self.connection, self._book() + _OVERPAID, (), schema)

    def live_allocations(self, key: str, ids: pl.Series) -> pl.DataFrame:
        """Return the rows that stand of these payments or documents."""
        query = _LIVE.format(key={"payment_id": "payment_id", "invoice_id": "invoice_id"}[key])
        return copy_out(self.connection, query, (self.company_id, ids.to_list()), _LIVE_SCHEMA)

    def unallocate(self, rows: pl.DataFrame, reason_code: str) -> None:
        """Take back rows of ``live_allocations``."""
        back = rows.with_columns(
            reversed_allocation_id="allocation_id",
            amount_minor=-pl.col("amount_minor"),
            reason_code=pl.lit(reason_code),
        ).drop("allocation_id")
        self._append(back, EntryKind.UNALLOCATION, EntryKind.WRITE_OFF_REVERSAL)

    def reverse(self, returns: pl.DataFrame) -> None:
        """Reverse payments by rows of ``pending_returns``."""
        if returns.is_empty():
            return
        rows = returns.select(
            self._ids(returns.height).alias("payment_reversal_id"),
            "payment_return_id",
            "payment_id",
            "currency",
            "amount_minor",
            "is_of_suspense",
            *self._stamp(),
        )
        copy_in(self.connection, "payment_reversal", rows)
        self._post(rows, "payment_reversal_id", pl.lit(EntryKind.REVERSAL.value), pl.col("is_of_suspense"))

    def payments(self) -> pl.DataFrame:
        """Return the payments of which something is free."""
        company = self.company_id
        parameters = (company, company, company, self.as_of_date)
        rows = copy_out(self.connection, _PAYMENTS, parameters, _PAYMENT_SCHEMA)
        keys = [list(keys_in(remittance)) for remittance in rows["remittance_text"]]
        named = pl.Series("document_keys", keys, dtype=pl.List(pl.String))
        return rows.drop("remittance_text").with_columns(named)

    def documents(self) -> pl.DataFrame:
        """Return the open documents."""
        rows = copy_out(self.connection, self._book() + _DOCUMENTS, (), _DOCUMENT_SCHEMA)
        keys = pl.Series("document_key", map(document_key, rows["document_number"]), dtype=pl.String)
        return rows.with_columns(keys)

    def rules(self) -> pl.DataFrame:
        """Return the rule rows that are valid."""
        return copy_out(self.connection, _RULES, (self.company_id, self.as_of_date), _RULE_SCHEMA)

    def assign(
        self,
        owners: pl.DataFrame,
        *,
        reason_code: str = "reference",
        assigned_by: str = "billing",
        note: str = "",
        invoice_id: int | None = None,
    ) -> None:
        """Give payments their owners."""
        if owners.is_empty():
            return
        rows = owners.select(
            self._ids(owners.height).alias("payment_assignment_id"),
            "payment_id",
            "payer_id",
            "currency",
            "amount_minor",
            pl.lit(invoice_id, pl.Int64).alias("invoice_id"),
            pl.lit(reason_code).alias("reason_code"),
            pl.lit(note).alias("note"),
            pl.lit(assigned_by).alias("assigned_by"),
            *self._stamp(),
        )
        copy_in(self.connection, "payment_assignment", rows)
        self._post(rows, "payment_assignment_id", pl.lit(EntryKind.ASSIGNMENT.value), pl.lit(value=False))

    def allocate(self, rows: pl.DataFrame) -> None:
        """Append allocations."""
        kind = pl.lit("payment").alias("allocation_kind")
        self._append(rows.with_columns(kind), EntryKind.ALLOCATION, EntryKind.WRITE_OFF)

    def write_off(self, rows: pl.DataFrame, approved_by: str = "") -> None:
        """Append write-offs."""
        named = rows.with_columns(
            pl.lit("write_off").alias("allocation_kind"), pl.lit(approved_by).alias("approved_by")
        )
        self._append(named, EntryKind.ALLOCATION, EntryKind.WRITE_OFF)

    def _append(self, rows: pl.DataFrame, of_payment: EntryKind, of_write_off: EntryKind) -> None:
        if rows.is_empty():
            return
        named = rows.with_columns(self._ids(rows.height).alias("allocation_id"), *self._stamp())
        copy_in(self.connection, "allocation", named)
        kind = (
            pl.when(pl.col("allocation_kind") == "payment")
            .then(pl.lit(of_payment.value))
            .otherwise(pl.lit(of_write_off.value))
        )
        amounts = named.with_columns(pl.col("amount_minor").abs())
        self._post(amounts, "allocation_id", kind, pl.lit(value=False))

    def _post(self, rows: pl.DataFrame, name: str, kind: pl.Expr, is_of_suspense: pl.Expr) -> None:
        entries = rows.select(
            "company_id",
            "currency",
            "amount_minor",
            pl.col(name).alias("ledger_entry_id"),
            kind.alias("entry_kind"),
            pl.col("as_of_date").alias("posting_date"),
            is_of_suspense.alias("is_of_suspense"),
            charge_minor=pl.lit(0, pl.Int64),
        )
        post(self.connection, entries)

    def _ids(self, count: int) -> pl.Series:
        return DocumentTransaction(self.connection, self.company_id).draw_invoice_ids(count)

    def _stamp(self) -> tuple[pl.Expr, ...]:
        return (
            pl.lit(self.company_id).alias("company_id"),
            pl.lit(self.as_of_date).alias("as_of_date"),
            pl.lit(self.recorded_at.isoformat()).alias("recorded_at"),
        )

    def _book(self) -> str:
        """Return the head of the query over the book; a number and a date stand in it, and no text."""
        return _BOOK.format(company=int(self.company_id), day=f"date '{self.as_of_date.isoformat()}'")


def add_allocation_rule(
    connection: Connection, company_id: int, rule: AllocationRule, recorded_by: str, at: datetime
) -> int:
    """Append a rule row and return its id; the newest row that is valid counts."""
    values = {
        "company": company_id,
        "currency": rule.currency,
        "tolerance": rule.tolerance_minor,
        "above": rule.approval_above_minor,
        "parts": list(rule.part_order),
        "valid_from": rule.valid_from,
        "source": rule.source,
        "by": recorded_by,
        "at": at,
    }
    rule_id: int = connection.execute(text(_ADD_RULE), values).scalar_one()
    act = AuditAct(
        act=Act.SET_ALLOCATION_RULE,
        subject=Subject.ALLOCATION_RULE,
        subject_id=str(rule_id),
        company_id=company_id,
        reason=rule.source,
        signed_by=recorded_by,
        after={
            "currency": rule.currency,
            "tolerance_minor": rule.tolerance_minor,
            "approval_above_minor": rule.approval_above_minor,
            "valid_from": str(rule.valid_from),
        },
    )
    record_act(connection, act, at)
    return rule_id
