"""I30 names what answers a request and is not of whoever asked, or is not what was kept."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from billing_assets.domain.document_requests import DocumentWish, WantedDocument
from billing_assets.store.checks import run_checks
from billing_assets.store.connection import Database
from billing_assets_tests.books import AT
from billing_assets_tests.requested_books import asking, bill_and_pay, desk_over

COPY = WantedDocument(document_kind=DocumentWish.INVOICE_COPY, document_numbers=("INV-00000002",))


def prepare(database: Database, home: Path) -> None:
    """Answer a statement and a copy of one payer."""
    bill_and_pay(database, home)
    with ExitStack() as stack:
        desk = desk_over(database, home, stack)
        desk.ask(asking("statement", payer_key="K2"))
        desk.ask(asking("copy", COPY, "K2"))
        desk.answer()


@pytest.mark.parametrize(
    ("plant", "words"),
    [
        ("update letter set record = record || ' '", "not what its hash says"),
        ("update letter set payer_id = 1", "somebody else"),
        ("update letter set letter_kind = 'payment_receipt'", "of another kind"),
        ("update answered_document set invoice_id = 1 where invoice_id is not null", "of somebody else"),
        ("delete from answered_document where invoice_id is not null", "answered is what has documents"),
        ("update document_request set state = 'asked'", "answered is what has documents"),
        ("delete from answered_document where letter_id is not null; delete from letter", "documents"),
    ],
)
def test_what_is_planted_is_named(database: Database, plant: str, words: str) -> None:
    with database.session() as connection:
        (sound,) = run_checks(connection, at=AT, check_ids=["I30"])
        assert sound.offender_count == 0
        connection.exec_driver_sql("reset role")
        connection.exec_driver_sql("alter table letter drop constraint record_as_hashed")
        connection.exec_driver_sql("set local session_replication_role = replica")
        connection.exec_driver_sql(plant)
        (found,) = run_checks(connection, at=AT, check_ids=["I30"])
        assert found.offender_count
        assert any(words in example for example in found.examples), found.examples
        connection.rollback()
