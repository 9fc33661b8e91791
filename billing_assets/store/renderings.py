"""First renderings in the store: the bytes of each document, and the hash of the mail that carried it first.

Belongs here: keeping them once, and telling what differs from them. Does not belong here: printing
(``documents``), the outbox (``deliveries``).
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text

from billing_assets.steps.delivery_ports import PrintedInvoice
from billing_assets.store.connection import Database

_KEEP = """
update document set pdf_sha256 = decode(:hash, 'hex'), pdf = :pdf, pdf_size = :size,
    rendered_at = coalesce(rendered_at, :at)
where document_id = :document
    and (pdf_sha256 is null or (pdf is null and pdf_sha256 = decode(:hash, 'hex')))
"""
_CHANGED = """
select d.document_id from document d
join unnest(cast(:ids as bigint[]), cast(:hashes as text[])) as p (document_id, hash) using (document_id)
where encode(d.pdf_sha256, 'hex') <> p.hash order by d.document_id
"""
# The last select sees the hashes as they were: those that are kept only now differ from nothing.
_KEEP_MAILS = """
with printed as (
    select * from unnest(cast(:ids as bigint[]), cast(:hashes as text[]), cast(:forms as text[]))
        as p (document_id, hash, form)
), kept as (
    update document d set mail_sha256 = decode(p.hash, 'hex'), mail_form = p.form
    from printed p where d.document_id = p.document_id and d.mail_sha256 is null
)
select p.document_id from printed p join document d using (document_id)
where encode(d.mail_sha256, 'hex') <> p.hash
order by p.document_id
"""


def keep_renderings(database: Database, printed: Sequence[PrintedInvoice], at: datetime) -> Sequence[int]:
    """Keep first renderings; return the documents whose bytes differ from the first ones."""
    rows = [
        {
            "hash": sheet.pdf_sha256,
            "pdf": sheet.pdf,
            "size": len(sheet.pdf),
            "document": sheet.document_id,
            "at": at,
        }
        for sheet in printed
    ]
    if not rows:
        return ()
    with database.transaction() as connection:
        connection.execute(text(_KEEP), rows)
        compared = {"ids": [row["document"] for row in rows], "hashes": [row["hash"] for row in rows]}
        return list(connection.execute(text(_CHANGED), compared).scalars())


def kept_pdf(database: Database, document_id: int) -> bytes:
    """Return the kept bytes of a document's first rendering; empty where none are kept."""
    query = text("select pdf from document where document_id = :document")
    with database.transaction() as connection:
        return bytes(connection.execute(query, {"document": document_id}).scalar_one() or b"")


def keep_mails(database: Database, printed: Sequence[PrintedInvoice]) -> Sequence[int]:
    """Keep hashes and forms of first mails; return the documents whose mail differs from the first one."""
    values = {
        "ids": [sheet.document_id for sheet in printed],
        "hashes": [sheet.mail_sha256 for sheet in printed],
        "forms": [sheet.form.value for sheet in printed],
    }
    with database.transaction() as connection:
        return list(connection.execute(text(_KEEP_MAILS), values).scalars())
