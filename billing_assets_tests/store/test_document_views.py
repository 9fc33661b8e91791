"""The document of one invoice on first and later views."""

from contextlib import ExitStack
from datetime import date
from pathlib import Path

from billing_assets.store.connection import Database
from billing_assets.store.document_views import view_document
from billing_assets_tests.books import AT, billing_over, fill_book


def test_a_document_is_made_once(database: Database, tmp_path: Path) -> None:
    fill_book(database, 1)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.invoice(billing.order(date(2024, 1, 31)))
    with database.transaction() as connection:
        first, second = view_document(connection, 1, AT), view_document(connection, 1, AT)
    assert first == second
    assert (first.pdf_sha256, first.pdf) == ("", b"")
