"""What waits for a person: payments without an owner, with candidates, and returns of unknown payments.

Belongs here: read models. Does not belong here: reasons and candidates (``frames.suspense``), deciding
(``suspense``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl
from sqlalchemy import Connection

from billing_assets.domain.remittance import document_key, has_wrong_reference, keys_in
from billing_assets.frames.suspense import candidates, suspense_reasons
from billing_assets.store.copy import copy_out

_WAITING = """
select p.payment_id, p.currency, s.free_minor, p.booking_date, p.payer_name, p.remittance_text
from payment p join payment_standing s using (payment_id)
where p.company_id = %s and s.payer_id is null and s.free_minor > 0
    and (cast(%s as bigint) is null or p.payment_id = %s)
order by p.booking_date, p.payment_id limit %s
"""
_WAITING_SCHEMA: Mapping[str, type[pl.DataType]] = {
    "payment_id": pl.Int64,
    "currency": pl.String,
    "free_minor": pl.Int64,
    "booking_date": pl.Date,
    "payer_name": pl.String,
    "remittance_text": pl.String,
}
_DOCUMENTS = """
select d.invoice_id, document_number(s.prefix, d.invoice_number), d.payer_id, y.payer_key,
    coalesce((select v.content::jsonb ->> 'name' from payer_version v where v.payer_id = d.payer_id
        order by v.payer_version_id desc limit 1), ''),
    d.currency, d.due_date, d.open_minor
from open_document d join number_series s using (number_series_id) join payer y on y.payer_id = d.payer_id
where d.company_id = %s and d.open_minor > 0
"""
_DOCUMENT_SCHEMA: Mapping[str, type[pl.DataType]] = {
    "invoice_id": pl.Int64,
    "document_number": pl.String,
    "payer_id": pl.Int64,
    "payer_key": pl.String,
    "payer_name": pl.String,
    "currency": pl.String,
    "due_date": pl.Date,
    "open_minor": pl.Int64,
}
_NUMBERED = """
select document_number(s.prefix, d.invoice_number), d.payer_id, d.currency, d.open_minor
from open_document d join number_series s using (number_series_id)
where d.company_id = %s and right(regexp_replace(upper(document_number(s.prefix, d.invoice_number)),
    '[^A-Z0-9]', '', 'g'), 21) = any(%s)
"""
_NUMBERED_SCHEMA: Mapping[str, type[pl.DataType]] = {
    "document_number": pl.String,
    "payer_id": pl.Int64,
    "currency": pl.String,
    "open_minor": pl.Int64,
}
_RETURNS = """
select r.payment_return_id, r.external_key, r.original_key, r.currency, r.amount_minor, r.reason_code,
    r.booking_date
from payment_return r
where r.company_id = %s
    and not exists (select from payment_reversal v where v.payment_return_id = r.payment_return_id)
order by r.booking_date, r.payment_return_id limit %s
"""
_RETURN_SCHEMA: Mapping[str, type[pl.DataType]] = {
    "payment_return_id": pl.Int64,
    "external_key": pl.String,
    "original_key": pl.String,
    "currency": pl.String,
    "amount_minor": pl.Int64,
    "reason_code": pl.String,
    "booking_date": pl.Date,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A document that a payment may be for, and what speaks for it."""

    invoice_id: int
    document_number: str
    payer_key: str
    currency: str
    due_date: date
    open_minor: int
    is_same_amount: bool
    is_same_name: bool
    is_named: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspenseRow:
    """A payment without an owner; it holds personal data. ``age_days`` count from its booking."""

    payment_id: int
    currency: str
    amount_minor: int
    booking_date: date
    age_days: int
    payer_name: str
    remittance_text: str
    reason_code: str
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingReturn:
    """Money that went back of a payment that is not there, or is too small for it."""

    payment_return_id: int
    external_key: str
    original_key: str
    currency: str
    amount_minor: int
    reason_code: str
    booking_date: date


def list_suspense(
    connection: Connection, company_id: int, today: date, *, payment_id: int | None = None, limit: int = 100
) -> list[SuspenseRow]:
    """Return the payments without an owner, oldest first, with candidates among all open documents."""
    parameters = (company_id, payment_id, payment_id, limit)
    waiting = copy_out(connection, _WAITING, parameters, _WAITING_SCHEMA)
    if waiting.is_empty():
        return []
    named = waiting.with_columns(
        pl.Series(
            "document_keys",
            [list(keys_in(each)) for each in waiting["remittance_text"]],
            dtype=pl.List(pl.String),
        ),
        pl.Series("has_wrong_reference", map(has_wrong_reference, waiting["remittance_text"])),
    )
    keys = sorted({key for row in named["document_keys"].to_list() for key in row})
    numbered = copy_out(connection, _NUMBERED, (company_id, keys), _NUMBERED_SCHEMA)
    numbered = numbered.with_columns(
        pl.Series("document_key", map(document_key, numbered["document_number"]), dtype=pl.String)
    )
    reasons = dict(suspense_reasons(named, numbered).iter_rows())
    documents = copy_out(connection, _DOCUMENTS, (company_id,), _DOCUMENT_SCHEMA)
    found: dict[int, list[Candidate]] = {}
    for row in candidates(waiting, documents).drop("payer_id").iter_rows(named=True):
        found.setdefault(row.pop("payment_id"), []).append(Candidate(**row))
    return [
        SuspenseRow(
            payment_id=row["payment_id"],
            currency=row["currency"],
            amount_minor=row["free_minor"],
            booking_date=row["booking_date"],
            age_days=max((today - row["booking_date"]).days, 0),
            payer_name=row["payer_name"],
            remittance_text=row["remittance_text"],
            reason_code=reasons[row["payment_id"]],
            candidates=tuple(found.get(row["payment_id"], ())),
        )
        for row in waiting.iter_rows(named=True)
    ]


def waiting_returns(connection: Connection, company_id: int, limit: int = 100) -> list[WaitingReturn]:
    """Return what went back and fits no payment yet, oldest first."""
    rows = copy_out(connection, _RETURNS, (company_id, limit), _RETURN_SCHEMA)
    return [WaitingReturn(**row) for row in rows.iter_rows(named=True)]
