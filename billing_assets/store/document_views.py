"""The document of one invoice, for someone who wants to see it now.

Belongs here: the document row of a single invoice, made if missing, and what is kept of its first rendering.
Does not belong here: documents by date and the outbox (``deliveries``), printing (``documents``).
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

_MAKE = """
insert into document (company_id, invoice_id, snapshot_sha256, recorded_at)
select company_id, invoice_id, snapshot_sha256, :at from invoice where invoice_id = :invoice
on conflict (invoice_id) do nothing
"""
_READ = """
select d.document_id, i.template_version_id, coalesce(encode(d.pdf_sha256, 'hex'), '') as pdf_hex, d.pdf,
    coalesce(d.mail_form, '') as mail_form
from document d join invoice i using (invoice_id) where i.invoice_id = :invoice
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentView:
    """A document: its frozen template; hash (hex) and bytes of its first rendering, empty before that.

    ``mail_form`` is that of its first e-mail, empty before there was one.
    """

    document_id: int
    template_version_id: int
    pdf_sha256: str
    pdf: bytes
    mail_form: str


def view_document(connection: Connection, invoice_id: int, at: datetime) -> DocumentView:
    """Return the document of an issued invoice, after making its row if there is none."""
    connection.execute(text(_MAKE), {"invoice": invoice_id, "at": at})
    row = connection.execute(text(_READ), {"invoice": invoice_id}).one()
    return DocumentView(
        document_id=row.document_id,
        template_version_id=row.template_version_id,
        pdf_sha256=row.pdf_hex,
        pdf=bytes(row.pdf or b""),
        mail_form=row.mail_form,
    )
