"""Credit notes as people see them: those of an invoice, what is left of it, what stands in its place.

Belongs here: read models of what was given back and replaced.
Does not belong here: giving back (``credits``), replacing (``replacements``).
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from billing_assets.domain.credits import LineLeft


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNoteRow:
    """A credit note of an invoice; ``total_minor`` is what it gives back."""

    invoice_number: str
    issue_date: date
    reason: str
    approved_by: str
    currency: str
    total_minor: int


_NOTES = """
select document_number(s.prefix, i.invoice_number) as invoice_number, i.issue_date, i.credit_reason as reason,
    r.approved_by, i.currency, i.total_minor
from invoice i join number_series s using (number_series_id) join billing_run r using (run_id)
where i.company_id = :company and i.credited_invoice_id = :invoice order by i.invoice_id
"""
_LEFT = """
select document_number(s.prefix, i.invoice_number) as invoice_number, l.line_number, i.currency,
    l.net_minor - coalesce(sum(c.net_minor), 0)::bigint as net_minor,
    l.tax_minor - coalesce(sum(c.tax_minor), 0)::bigint as tax_minor
from invoice i join number_series s using (number_series_id) join invoice_line l using (invoice_id)
left join invoice_line c on c.credited_invoice_id = l.invoice_id and c.credited_line_number = l.line_number
where i.company_id = :company and i.invoice_id = :invoice and i.document_kind = 'invoice'
group by s.prefix, i.invoice_number, i.currency, l.line_number, l.net_minor, l.tax_minor
order by l.line_number
"""


_REPLACEMENT = """
select document_number(s.prefix, i.invoice_number)
from invoice i join number_series s using (number_series_id)
where i.company_id = :company and i.replaced_invoice_id = :invoice
"""


def credit_notes_of(connection: Connection, company_id: int, invoice_id: int) -> list[CreditNoteRow]:
    """Return the credit notes of an invoice, oldest first."""
    rows = connection.execute(text(_NOTES), {"company": company_id, "invoice": invoice_id})
    return [CreditNoteRow(**row) for row in rows.mappings()]


def replacement_of(connection: Connection, company_id: int, invoice_id: int) -> str:
    """Return the number of the invoice that stands in the place of one; empty where none does."""
    values = {"company": company_id, "invoice": invoice_id}
    return str(connection.execute(text(_REPLACEMENT), values).scalar_one_or_none() or "")


def lines_left(connection: Connection, company_id: int, invoice_id: int) -> list[LineLeft]:
    """Return what is left of each line of an invoice; nothing for a credit note."""
    rows = connection.execute(text(_LEFT), {"company": company_id, "invoice": invoice_id})
    return [LineLeft(**row) for row in rows.mappings()]
