"""Reading issued invoices back, complete, as their documents need them.

Belongs here: whole :class:`Invoice` records by id, and lists of invoices for people.
Does not belong here: writing (``invoices``), rendering (``documents``).
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, text

from billing_assets.domain.cash_rounding import CashRounding
from billing_assets.domain.detached_months import month_away
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import (
    CreditedInvoice,
    Creditor,
    DocumentKind,
    Invoice,
    InvoiceLine,
    InvoiceTax,
    Payer,
    ReplacedInvoice,
)
from billing_assets.domain.numbering import document_number, split_document_number
from billing_assets.domain.product_names import product_names_from
from billing_assets.store.away_months import months_of_number

_HEADS = """
select i.*, s.prefix, v.content as company_content, y.content as payer_content,
    encode(i.snapshot_sha256, 'hex') as snapshot_hex,
    document_number(x.prefix, o.invoice_number) as credited_number, o.issue_date as credited_issue_date
from invoice i
join number_series s using (number_series_id)
join company_version v using (company_version_id)
join payer_version y using (payer_version_id)
left join invoice o on o.invoice_id = i.credited_invoice_id
left join number_series x on x.number_series_id = o.number_series_id
where i.invoice_id = any(:ids)
"""
_LINES = """
select l.*, p.policy_number, v.product_code, coalesce(h.charge_code, '') as charge_code,
    coalesce(h.charge_name, '') as charge_name, coalesce(z.share_ppm, 0) as share_ppm,
    case when z.share_ppm is not null and l.credited_line_number is null then coalesce((
        select sum(k.net_minor) from invoice_line k
        where k.policy_term_id = l.policy_term_id and k.installment_number = l.installment_number
            and k.charge_kind = l.charge_kind and k.charge_number = l.charge_number
            and k.revision = l.revision and k.credited_line_number is null), 0)
        else 0 end as whole_net_minor
from invoice_line l
join policy_term_version v using (policy_term_version_id)
left join policy_term_charge h on h.policy_term_version_id = l.policy_term_version_id
    and h.charge_number = l.charge_number
left join policy_term_payer z on z.policy_term_version_id = l.policy_term_version_id
    and z.payer_id = l.payer_id
join policy p on p.policy_id = v.policy_id
where l.invoice_id = any(:ids) order by l.invoice_id, l.line_number
"""
_TAXES = """
select t.*, r.tax_code, r.category_code, r.rate_ppm, r.exemption_reason, r.amount_minor from invoice_tax t
join tax_rule r using (tax_rule_id)
where t.invoice_id = any(:ids) order by t.invoice_id, t.tax_number
"""
_PAYER_FIELDS = ("payer_key", "name", "country_code", "email", "language")
"""What a document says of the payer; the group is none of it."""

_CREDITOR_FIELDS = (
    "company_code",
    "name",
    "country_code",
    "tax_number",
    "iban",
    "bic",
    "email",
    "phone",
    "website",
)


def read_invoices(connection: Connection, invoice_ids: Sequence[int]) -> list[Invoice]:
    """Return the invoices with these ids, in this order, each complete and as frozen at issue."""
    ids = {"ids": list(invoice_ids)}
    lines: dict[int, list[InvoiceLine]] = defaultdict(list)
    # All lines of a document are of one payer and, where that payer has a share, of one term.
    shares: dict[int, int] = {}
    for row in connection.execute(text(_LINES), ids):
        lines[row.invoice_id].append(_line(row))
        shares[row.invoice_id] = row.share_ppm
    taxes: dict[int, list[InvoiceTax]] = defaultdict(list)
    for row in connection.execute(text(_TAXES), ids):
        taxes[row.invoice_id].append(_tax(row))
    found = {
        row.invoice_id: replace(
            _invoice(row, tuple(lines[row.invoice_id]), tuple(taxes[row.invoice_id])),
            share_ppm=shares.get(row.invoice_id, 0),
        )
        for row in connection.execute(text(_HEADS), ids)
    }
    return [found[invoice_id] for invoice_id in invoice_ids]


def find_invoice(connection: Connection, company_id: int, number: str) -> Invoice:
    """Return the invoice with that printed number, or raise ``invoice_unknown`` or ``month_away``."""
    prefix, value = split_document_number(number)
    query = """
        select invoice_id from invoice join number_series using (number_series_id)
        where invoice.company_id = :company and prefix = :prefix and invoice_number = :value
    """
    values = {"company": company_id, "prefix": prefix, "value": value}
    invoice_id = connection.execute(text(query), values).scalar_one_or_none()
    if invoice_id is None:
        raise invoice_missing(connection, company_id, number)
    return read_invoices(connection, [invoice_id])[0]


def invoice_missing(connection: Connection, company_id: int, number: str) -> BillingError:
    """Return the error for a printed number that is not there: its month is detached, or nothing has it."""
    months = months_of_number(connection, company_id, *split_document_number(number))
    return month_away(f"invoice {number[:40]} lies", months) if months else invoice_unknown(number)


def invoice_unknown(number: str) -> BillingError:
    """Return the error for a printed number that no document has.

    >>> invoice_unknown("INV-00000042").found
    'there is no invoice INV-00000042'
    """
    return BillingError(
        "invoice_unknown",
        f"there is no invoice {number[:40]}",
        "'billing invoices list' shows what there is",
    )


def _invoice(row: Row[Any], lines: tuple[InvoiceLine, ...], taxes: tuple[InvoiceTax, ...]) -> Invoice:
    company, payer = json.loads(row.company_content), json.loads(row.payer_content)
    return Invoice(
        invoice_id=row.invoice_id,
        document_kind=DocumentKind(row.document_kind),
        invoice_number=document_number(row.prefix, row.invoice_number),
        issue_date=row.issue_date,
        due_date=row.due_date,
        tax_point_date=row.tax_point_date,
        currency=row.currency,
        net_minor=row.net_minor,
        tax_minor=row.tax_minor,
        total_minor=row.total_minor,
        creditor=Creditor(
            address_lines=tuple(company["address_lines"]),
            product_names=product_names_from(company.get("product_names", {})),
            **{name: company[name] for name in _CREDITOR_FIELDS},
        ),
        payer=payer_from(payer),
        lines=lines,
        taxes=taxes,
        snapshot_sha256=row.snapshot_hex,
        credited=_credited(row),
        rounding=_rounding(row),
        replaces=_replaced(row),
    )


def payer_from(content: Mapping[str, Any]) -> Payer:
    """Return the payer of a version, as documents name them."""
    return Payer(
        address_lines=tuple(content["address_lines"]), **{name: content[name] for name in _PAYER_FIELDS}
    )


def _replaced(row: Row[Any]) -> ReplacedInvoice | None:
    if row.replaced_number is None:
        return None
    return ReplacedInvoice(invoice_number=row.replaced_number, issue_date=row.replaced_issue_date)


def _credited(row: Row[Any]) -> CreditedInvoice | None:
    if row.credited_invoice_id is None:
        return None
    return CreditedInvoice(
        invoice_number=row.credited_number,
        issue_date=row.credited_issue_date,
        reason=row.credit_reason,
    )


def _rounding(row: Row[Any]) -> CashRounding | None:
    if row.cash_unit_id is None:
        return None
    return CashRounding(cash_unit_minor=row.cash_unit_minor, cash_rounding_minor=row.cash_rounding_minor)


def _line(row: Row[Any]) -> InvoiceLine:
    return InvoiceLine(
        line_number=row.line_number,
        policy_number=row.policy_number,
        product_code=row.product_code,
        charge_kind=row.charge_kind,
        installment_number=row.installment_number,
        installment_count=row.installment_count,
        period_from_date=row.period_from_date,
        period_to_date=row.period_to_date,
        net_minor=row.net_minor,
        tax_minor=row.tax_minor,
        credited_line_number=row.credited_line_number,
        charge_number=row.charge_number,
        charge_code=row.charge_code,
        charge_name=row.charge_name,
        change_number=row.revision,
        whole_net_minor=int(row.whole_net_minor),
    )


def _tax(row: Row[Any]) -> InvoiceTax:
    return InvoiceTax(
        tax_code=row.tax_code,
        category_code=row.category_code,
        rate_ppm=row.rate_ppm,
        base_minor=row.base_minor,
        tax_minor=row.tax_minor,
        exemption_reason=row.exemption_reason,
        amount_minor=row.amount_minor,
    )
