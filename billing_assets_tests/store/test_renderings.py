"""A document has one first rendering and one first mail, and another one is told."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.steps.delivery_ports import PrintedInvoice, QueuedDelivery
from billing_assets.store.connection import Database
from billing_assets.store.deliveries import SqlDocumentStore
from billing_assets.store.renderings import keep_mails, keep_renderings, kept_pdf
from billing_assets_tests.books import AT, COMPANY, billing_over, fill_book

FEBRUARY = date(2024, 2, 1)
DOMAIN = COMPANY.message_domain


def prepare(database: Database, home: Path) -> None:
    """Bill four policies and make their documents."""
    fill_book(database, 4)
    with ExitStack() as stack:
        billing = billing_over(database, home, stack)
        billing.invoice(billing.order(FEBRUARY))
        billing.documents.make_documents(1, FEBRUARY)


@pytest.fixture
def store(database: Database, tmp_path: Path) -> Iterator[SqlDocumentStore]:
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack).documents


def rows(store: SqlDocumentStore, query: str) -> list[tuple[object, ...]]:
    with store.database.transaction() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def queued(store: SqlDocumentStore) -> list[QueuedDelivery]:
    store.queue(1, FEBRUARY, DOMAIN)
    return list(store.next_deliveries(1, FEBRUARY, 0, 100))


def printed(document_id: int, content: bytes, words: str = "") -> PrintedInvoice:
    return PrintedInvoice(
        document_id=document_id,
        language="en",
        subject="",
        text=words,
        html="",
        pdf=content,
        pdf_sha256=sha256(content).hexdigest(),
        missing_character_count=0,
    )


def test_the_first_rendering_is_kept_and_another_one_is_named_and_never_kept(store: SqlDocumentStore) -> None:
    row, other = queued(store)[:2]
    assert kept_pdf(store.database, row.job.document_id) == b""
    assert not keep_renderings(store.database, [printed(row.job.document_id, b"first")], AT)
    assert not keep_renderings(store.database, [printed(row.job.document_id, b"first")], AT)
    later = [printed(other.job.document_id, b"x"), printed(row.job.document_id, b"second")]
    assert keep_renderings(store.database, later, AT) == [row.job.document_id]
    assert kept_pdf(store.database, other.job.document_id) == b"x"
    query = f"select pdf, pdf_size from document where document_id = {row.job.document_id}"
    assert rows(store, query) == [(b"first", 5)]
    assert not keep_renderings(store.database, [], AT)
    assert kept_pdf(store.database, row.job.document_id) == b"first"
    assert store.next_deliveries(1, FEBRUARY, 0, 1)[0].job.pdf_sha256 == sha256(b"first").hexdigest()


def test_the_first_mail_is_kept_and_another_one_is_named(store: SqlDocumentStore) -> None:
    row, other = queued(store)[:2]
    first = printed(row.job.document_id, b"", "pay by May")
    assert not keep_mails(store.database, [first])
    assert not keep_mails(store.database, [first])
    later = [printed(other.job.document_id, b""), printed(row.job.document_id, b"", "pay by June")]
    assert keep_mails(store.database, later) == [row.job.document_id]
    query = f"select encode(mail_sha256, 'hex') from document where document_id = {row.job.document_id}"
    assert rows(store, query) == [(first.mail_sha256,)]
    assert not keep_mails(store.database, [])
