"""The heading of a block has its numbers and date; heads are written with their ledger entries."""

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text

from billing_assets.frames.document_templates import DocumentTemplates
from billing_assets.frames.numbered import Heading
from billing_assets.steps.issue_documents import heading_of
from billing_assets.steps.issue_ports import NumberBlock
from billing_assets.store.connection import Database
from billing_assets.store.invoices import DocumentTransaction
from billing_assets_tests.posted_books import bill_some


def test_a_heading_takes_each_value_from_where_it_belongs() -> None:
    block = NumberBlock(number_series_id=9, prefix="INV-", first_number=41, issue_date=date(2024, 1, 6))
    issuer: Any = SimpleNamespace(company_id=3, company_sha256="c")
    templates = DocumentTemplates(version_ids=7, hashes="t")
    assert heading_of(block, issuer, templates) == Heading(
        prefix="INV-",
        first_number=41,
        issue_date=date(2024, 1, 6),
        company_id=3,
        company_sha256="c",
        template_sha256="t",
    )


_COUNTS = """
select (select count(*) from invoice), (select count(*) from ledger_entry),
    (select count(*) from ledger_posting)
"""


@pytest.mark.parametrize("method", ["write_postings", "write_entries"])
def test_no_document_is_left_where_its_ledger_entry_cannot_be_written(
    method: str, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise ValueError("full")

    with monkeypatch.context() as patch:
        patch.setattr(DocumentTransaction, method, fail)
        with pytest.raises(ValueError, match="full"):
            bill_some(database, tmp_path)
    with database.transaction() as connection:
        assert tuple(connection.execute(text(_COUNTS)).one()) == (0, 0, 0)
