"""Invoices as people see them: lists, newest first, paged by number, and totals.

Belongs here: read models of issued invoices. Does not belong here: whole invoices for printing
(``invoice_reader``), writing them (``invoices``), their deliveries (``delivery_listings``).

A list never holds a name or an address, only the key of a payer; what one invoice holds is shown one invoice
at a time.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from billing_assets.domain.numbering import document_number, split_document_number


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceFilter:
    """Which invoices; an empty field asks for nothing; ``before_number`` goes on below that invoice."""

    billing_date: date | None = None
    policy_number: str = ""
    payer_key: str = ""
    delivery_state: str = ""
    currency: str = ""
    invoice_number: str = ""
    before_number: str = ""
    limit: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceRow:
    """A document in a list; amounts of a credit note are in favour of the payer.

    ``delivery_state`` is empty before a delivery is queued.
    """

    invoice_number: str
    document_kind: str
    billing_date: date
    issue_date: date
    due_date: date
    policy_number: str
    payer_key: str
    currency: str
    net_minor: int
    tax_minor: int
    total_minor: int
    delivery_state: str


_TOTALS = """
select currency, sum(document_count) filter (where sign > 0)::bigint, sum(net_minor * sign)::text,
    sum(tax_minor * sign)::text, sum(total_minor * sign)::text,
    coalesce(sum(document_count) filter (where sign < 0), 0)::bigint
from (
    select currency, document_kind, count(*) as document_count, sum(net_minor) as net_minor,
        sum(tax_minor) as tax_minor, sum(total_minor) as total_minor
    from invoice where company_id = :company group by currency, document_kind
    union all
    select currency, document_kind, document_count, net_minor, tax_minor, total_minor
    from away_document where company_id = :company
) d cross join lateral (select case document_kind when 'credit_note' then -1 else 1 end as sign) s
group by currency order by currency
"""


def invoice_totals(connection: Connection, company_id: int) -> list[dict[str, Any]]:
    """Return currency, count, net, tax, total (minor units) of all invoices, less what was given back.

    ``count`` is that of the invoices, ``credit_count`` that of the credit notes; those of detached months
    count as well.
    """
    return [
        {
            "currency": row[0],
            "count": row[1],
            "net_minor": int(row[2]),
            "tax_minor": int(row[3]),
            "total_minor": int(row[4]),
            "credit_count": row[5],
        }
        for row in connection.execute(text(_TOTALS), {"company": company_id})
    ]


_INVOICES = """
select s.prefix, i.invoice_number, i.document_kind, r.billing_date, i.issue_date, i.due_date, i.currency,
    y.payer_key, i.net_minor, i.tax_minor, i.total_minor, coalesce(v.state, '') as delivery_state,
    (select string_agg(distinct p.policy_number, ', ') from invoice_line l
        join policy_term t using (policy_term_id) join policy p using (policy_id)
        where l.invoice_id = i.invoice_id) as policy_numbers
from invoice i join number_series s using (number_series_id) join billing_run r using (run_id)
join payer y on y.payer_id = i.payer_id
left join document d using (invoice_id) left join delivery v using (document_id)
where i.company_id = :company
"""
# The key of lines that were charged leads with the term; credit notes are found by what they credit.
_WITH_CREDITS = """
with charged as materialized ({charged})
select invoice_id from charged
union select c.invoice_id from invoice c join charged on c.credited_invoice_id = charged.invoice_id
"""
_OF_POLICY = """
select l.invoice_id from policy p join policy_term t using (policy_id)
join invoice_line l on l.policy_term_id = t.policy_term_id and l.credited_invoice_id is null
where p.company_id = :company and p.policy_number = :policy_number
"""
# Whoever has ever been a payer of a term, the first or a further one.
_OF_PAYER = """
select l.invoice_id from payer y cross join lateral (
    select v.policy_term_id from policy_term_version v
    where v.company_id = y.company_id and v.payer_id = y.payer_id
    union select v.policy_term_id from policy_term_payer a join policy_term_version v
        using (policy_term_version_id) where a.payer_id = y.payer_id
) paid
join invoice_line l on l.policy_term_id = paid.policy_term_id and l.credited_invoice_id is null
where y.company_id = :company and y.payer_key = :payer_key
"""
_CONDITIONS = {
    "billing_date": "and r.billing_date = :billing_date",
    "policy_number": f"and i.invoice_id in ({_WITH_CREDITS.format(charged=_OF_POLICY)})",
    "payer_key": f"""and i.invoice_id in ({_WITH_CREDITS.format(charged=_OF_PAYER)}) and i.payer_id = (
        select payer_id from payer where company_id = :company and payer_key = :payer_key)
    """,  # noqa: S608 - constants
    "invoice_number": "and (s.prefix, i.invoice_number) = (:own_prefix, :own_number)",
    "delivery_state": "and coalesce(v.state, 'none') = :delivery_state",
    "currency": "and i.currency = :currency",
    "before_number": """and i.invoice_id < (select b.invoice_id from invoice b join number_series x
        using (number_series_id)
        where b.company_id = :company and x.prefix = :prefix and b.invoice_number = :number)
    """,
}


def list_invoices(connection: Connection, company_id: int, wanted: InvoiceFilter) -> list[InvoiceRow]:
    """Return the newest invoices that fit, at most ``wanted.limit``.

    The next page is asked for with the last row's number as ``before_number``: rows issued meanwhile move
    nothing.
    """
    values: dict[str, Any] = {name: getattr(wanted, name) for name in _CONDITIONS if getattr(wanted, name)}
    conditions = "\n".join(_CONDITIONS[name] for name in values)
    if wanted.before_number:
        values["prefix"], values["number"] = split_document_number(wanted.before_number)
    if wanted.invoice_number:
        values["own_prefix"], values["own_number"] = split_document_number(wanted.invoice_number)
    query = text(f"{_INVOICES} {conditions} order by i.invoice_id desc limit :limit")
    rows = connection.execute(query, {**values, "company": company_id, "limit": wanted.limit})
    return [
        InvoiceRow(
            invoice_number=document_number(row.prefix, row.invoice_number),
            document_kind=row.document_kind,
            billing_date=row.billing_date,
            issue_date=row.issue_date,
            due_date=row.due_date,
            policy_number=row.policy_numbers or "",
            payer_key=row.payer_key,
            currency=row.currency,
            net_minor=row.net_minor,
            tax_minor=row.tax_minor,
            total_minor=row.total_minor,
            delivery_state=row.delivery_state,
        )
        for row in rows
    ]
