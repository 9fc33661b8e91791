"""The desk: what the command line's tests do not reach through their commands."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.errors import BillingError
from billing_assets.domain.mail_forms import MailForm
from billing_assets.steps.delivery_ports import Press, PrintedInvoice, PrintJob
from billing_assets.store.connection import Database
from billing_assets.store.invoice_listings import InvoiceFilter
from billing_assets.wiring.desk import Desk
from billing_assets_tests.books import billing_over, fill_book


def prepare(database: Database, home: Path) -> None:
    """Bill four policies."""
    fill_book(database, 4)
    with ExitStack() as stack:
        billing = billing_over(database, home, stack)
        billing.invoice(billing.order(date(2024, 1, 31)))


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[Desk]:
    with ExitStack() as stack:
        yield Desk(billing_over(database, tmp_path, stack))


def test_the_first_look_at_a_pdf_makes_its_document_and_keeps_the_bytes(desk: Desk) -> None:
    number = desk.invoices(InvoiceFilter())[0].invoice_number
    assert desk.invoice_pdf(number) == desk.invoice_pdf(number)
    assert desk.invoice(number).invoice.invoice_number in desk.invoice_html(number)


def test_the_last_run_of_a_date_is_found(desk: Desk) -> None:
    assert desk.last_run_of(date(2024, 1, 31)) == 1
    assert desk.last_run_of(date(2024, 1, 30)) is None


def test_totals_and_the_last_import_are_of_this_company(desk: Desk) -> None:
    assert [(row["currency"], row["count"]) for row in desk.invoice_totals()] == [("EUR", 4)]
    assert desk.last_import().row_count == 4
    assert desk.company().company_code == desk.company_codes()[0] == "alondra"


def test_before_an_import_there_is_none_to_show(desk: Desk) -> None:
    desk.set_company(
        {
            "company_code": "other",
            "name": "O",
            "address_lines": ["x"],
            "country_code": "ES",
            "place_code": "ES",
            "time_zone": "Europe/Madrid",
            "email": "o@example.com",
            "message_domain": "o.example.com",
        }
    )
    desk.billing.settings.company = "other"
    with pytest.raises(BillingError, match="nothing_imported"):
        desk.last_import()


def test_a_page_with_characters_that_no_font_draws_is_shown_and_not_kept(desk: Desk) -> None:
    number = desk.invoices(InvoiceFilter())[0].invoice_number
    desk.billing.tools.press = _Squares(desk.billing.press)  # type: ignore[assignment]
    assert desk.invoice_pdf(number).startswith(b"%PDF")
    assert desk.kept_pdf(number) is None
    with desk.database.transaction() as connection:
        kept = connection.execute(text("select count(*) from document where pdf_sha256 is not null"))
        assert kept.scalar_one() == 0
    desk.billing.tools.press = desk.billing.press.press  # type: ignore[attr-defined]
    assert desk.kept_pdf(number) == desk.kept_pdf(number) == desk.invoice_pdf(number) is not None


class _Squares:
    """A press whose every page has a character that no font can draw."""

    def __init__(self, press: Press) -> None:
        self.press = press

    def print_all(
        self, jobs: Iterable[PrintJob], *, form: MailForm = MailForm.ATTACHED, pdf_limit_bytes: int = 0
    ) -> Iterator[PrintedInvoice]:
        for sheet in self.press.print_all(jobs, form=form, pdf_limit_bytes=pdf_limit_bytes):
            yield replace(sheet, missing_character_count=1)
