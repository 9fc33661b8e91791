"""Payments as people see them: lists, one with what it pays, and what is paid of a document.

Belongs here: read models. Does not belong here: what waits for an owner (``suspense_listings``), writing
(``payments``, ``allocations``).

A list never holds a name or what a payer wrote, only the key of a payer; these stand with one payment.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, RowMapping, text

from billing_assets.domain.allocation import PARTS, split_paid
from billing_assets.domain.charges import CHARGE_KINDS
from billing_assets.domain.payments import PaymentState, payment_unknown, state_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFilter:
    """Which payments, newest first; an empty field asks for nothing."""

    state: str = ""
    payer_key: str = ""
    before_id: int | None = None
    limit: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRow:
    """A payment in a list; ``payer_key`` is empty while it has no owner."""

    payment_id: int
    source_kind: str
    external_key: str
    value_date: date
    booking_date: date
    currency: str
    amount_minor: int
    charge_minor: int
    reversed_minor: int
    allocated_minor: int
    free_minor: int
    payer_key: str
    state: PaymentState


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationRow:
    """A row of what a payment pays, or of what is paid of a document; below zero where it takes back."""

    allocation_id: int
    payment_id: int | None
    document_number: str
    currency: str
    amount_minor: int
    reason_code: str
    as_of_date: date
    approved_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversalRow:
    """What came back of a payment."""

    currency: str
    amount_minor: int
    reason_code: str
    as_of_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDetail:
    """One payment in full; it holds personal data. ``assigned_by`` is empty where nobody had to."""

    payment: PaymentRow
    payer_name: str
    remittance_text: str
    recorded_by: str
    allocations: tuple[AllocationRow, ...]
    reversals: tuple[ReversalRow, ...]
    assigned_by: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What is paid of an invoice; ``parts`` say how much of tax, premium and fees, paid and in all."""

    currency: str
    payable_minor: int
    credited_minor: int
    paid_minor: int
    written_off_minor: int
    open_minor: int
    parts: tuple[tuple[str, int, int], ...]
    allocations: tuple[AllocationRow, ...]


_PAYMENTS = """
select p.payment_id, p.source_kind, p.external_key, p.value_date, p.booking_date, p.currency, p.amount_minor,
    p.charge_minor, s.reversed_minor, s.allocated_minor, s.free_minor, coalesce(y.payer_key, '') as payer_key
from payment p join payment_standing s using (payment_id) left join payer y on y.payer_id = s.payer_id
where p.company_id = :company
    and (cast(:payment as bigint) is null or p.payment_id = :payment)
    and (cast(:before_id as bigint) is null or p.payment_id < :before_id)
    and (:payer_key = '' or y.payer_key = :payer_key)
    and (:state = '' or :state = case when p.amount_minor = s.reversed_minor then 'reversed'
        when s.payer_id is null then 'suspense' when s.allocated_minor = 0 then 'on_account'
        when s.free_minor = 0 then 'allocated' else 'part_allocated' end)
order by p.payment_id desc limit :limit
"""
_DETAIL = """
select p.payer_name, p.remittance_text, p.recorded_by, coalesce(a.assigned_by, ''), coalesce(a.note, '')
from payment p left join payment_assignment a using (payment_id) where p.payment_id = :payment
"""
_ALLOCATIONS = """
select a.allocation_id, a.payment_id, coalesce(document_number(s.prefix, i.invoice_number), '')
    as document_number, a.currency, a.amount_minor, a.reason_code, a.as_of_date, a.approved_by
from allocation a left join invoice i using (invoice_id) left join number_series s using (number_series_id)
where a.company_id = :company and a.{key} = :id order by a.allocation_id
"""
_REVERSALS = """
select v.currency, v.amount_minor, r.reason_code, v.as_of_date
from payment_reversal v join payment_return r using (payment_return_id)
where v.payment_id = :payment order by v.payment_reversal_id
"""
_SETTLEMENT = """
select currency, payable_minor, credited_minor, paid_minor, written_off_minor, open_minor
from open_document where company_id = :company and invoice_id = :invoice
"""
_PARTS = """
select charge_kind, sum(net_minor)::bigint, sum(tax_minor)::bigint from (
    select charge_kind, net_minor, tax_minor from invoice_line where invoice_id = :invoice
    union all
    select charge_kind, -net_minor, -tax_minor from invoice_line where credited_invoice_id = :invoice) as l
group by charge_kind
"""


def list_payments(connection: Connection, company_id: int, wanted: PaymentFilter) -> list[PaymentRow]:
    """Return the newest payments that fit."""
    values = {
        "company": company_id,
        "payment": None,
        "state": wanted.state,
        "payer_key": wanted.payer_key,
        "before_id": wanted.before_id,
        "limit": wanted.limit,
    }
    return [_row(row) for row in connection.execute(text(_PAYMENTS), values).mappings()]


def show_payment(connection: Connection, company_id: int, payment_id: int) -> PaymentDetail:
    """Return one payment, or raise ``payment_unknown``."""
    values = {
        "company": company_id,
        "payment": payment_id,
        "state": "",
        "payer_key": "",
        "before_id": None,
        "limit": 1,
    }
    found = connection.execute(text(_PAYMENTS), values).mappings().first()
    if found is None:
        raise payment_unknown(payment_id)
    key = {"payment": payment_id}
    name, remittance, recorded_by, assigned_by, note = connection.execute(text(_DETAIL), key).one()
    reversals = connection.execute(text(_REVERSALS), key).mappings()
    return PaymentDetail(
        payment=_row(found),
        payer_name=name,
        remittance_text=remittance,
        recorded_by=recorded_by,
        allocations=_allocations(connection, company_id, "payment_id", payment_id),
        reversals=tuple(ReversalRow(**row) for row in reversals),
        assigned_by=assigned_by,
        note=note,
    )


def settlement_of(connection: Connection, company_id: int, invoice_id: int) -> Settlement | None:
    """Return what is paid and open of an invoice; None for a credit note."""
    values = {"company": company_id, "invoice": invoice_id}
    row = connection.execute(text(_SETTLEMENT), values).mappings().first()
    if row is None:
        return None
    sums = dict.fromkeys(PARTS, 0)
    for charge_kind, net, tax in connection.execute(text(_PARTS), values):
        sums["premium" if CHARGE_KINDS[charge_kind].is_premium else "fee"] += net
        sums["tax"] += tax
    paid = split_paid(max(row["paid_minor"], 0), sums)
    return Settlement(
        **row,
        parts=tuple((part, paid[part], sums[part]) for part in PARTS if sums[part]),
        allocations=_allocations(connection, company_id, "invoice_id", invoice_id),
    )


def _allocations(connection: Connection, company_id: int, key: str, key_id: int) -> tuple[AllocationRow, ...]:
    query = text(_ALLOCATIONS.format(key=key))
    rows = connection.execute(query, {"company": company_id, "id": key_id}).mappings()
    return tuple(AllocationRow(**row) for row in rows)


def _row(row: RowMapping) -> PaymentRow:
    amounts = row["amount_minor"], row["reversed_minor"], row["allocated_minor"]
    return PaymentRow(**row, state=state_of(*amounts, has_owner=bool(row["payer_key"])))
