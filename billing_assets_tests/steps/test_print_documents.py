"""Every invoice of a date becomes a document, and proofs show that its template prints."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import fill_book

FEBRUARY = date(2024, 2, 1)

_FOREIGN_SCRIPT = """
insert into payer_version (payer_id, company_id, content, content_sha256, batch_id)
select payer_id, company_id, replace(content, 'Payer 1', 'Payer ' || chr(55216)), 'x', batch_id
from payer_version where payer_id = 1
"""


def prepare(database: Database, home: Path) -> None:
    fill_book(database, 6)


def count(billing: Billing, query: str) -> int:
    with billing.database.transaction() as connection:
        return int(connection.execute(text(query)).scalar_one())


def test_each_invoice_has_one_document_however_often_it_is_asked_for(billing: Billing) -> None:
    billing.invoice(billing.order(FEBRUARY))
    first, second = billing.print(FEBRUARY), billing.print(FEBRUARY)
    assert first.facts == {
        "document_count": 6,
        "proof_count": 2,
        "unprintable_count": 0,
        "print_fault_count": 0,
    }
    assert second.facts["document_count"] == 0
    assert count(billing, "select count(*) from document") == 6


def test_a_proof_is_only_looked_at_and_never_kept(billing: Billing) -> None:
    billing.invoice(billing.order(FEBRUARY))
    billing.print(FEBRUARY)
    assert (
        count(billing, "select count(*) from document where pdf is not null or pdf_sha256 is not null") == 0
    )


def test_other_dates_are_left_alone(billing: Billing) -> None:
    billing.invoice(billing.order(FEBRUARY))
    billing.invoice(billing.order(date(2024, 3, 1)))
    assert billing.print(date(2024, 3, 1)).facts["document_count"] == 2
    assert billing.print(None).facts["document_count"] == 6


def test_a_proof_with_characters_that_no_font_has_is_counted(billing: Billing) -> None:
    with billing.database.transaction() as connection:
        connection.execute(text(_FOREIGN_SCRIPT))
    billing.invoice(billing.order(FEBRUARY))
    assert billing.print(FEBRUARY).facts["unprintable_count"] == 1


def test_an_unknown_company_is_refused(billing: Billing) -> None:
    billing.settings = billing.settings.model_copy(update={"company": "nobody"})
    with pytest.raises(BillingError) as caught:
        billing.print(FEBRUARY)
    assert caught.value.code == "company_unknown"
