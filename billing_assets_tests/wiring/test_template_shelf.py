"""The shelf gives each document its template, and renders a company's own in an enclosure alone."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from billing_assets.domain.invoices import DocumentKind
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing, utc_now
from billing_assets.wiring.template_shelf import TemplateShelf
from billing_assets_tests.books import billing_over, fill_book
from billing_assets_tests.documents.samples import english, template


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    fill_book(database, 1)
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


def test_the_shipped_template_is_registered_once(billing: Billing) -> None:
    shelf = billing.shelf
    day = date(2027, 1, 1)
    first = shelf.choice_on(1, DocumentKind.INVOICE, day).general
    assert first is shelf.choice_on(1, DocumentKind.INVOICE, day).general
    assert first.template_sha256 == template().sha256
    again = TemplateShelf(billing.database, billing.settings.home, utc_now)
    assert again.choice_on(1, DocumentKind.INVOICE, day).general == first
    assert shelf.archive(first.template_version_id) == template().archive()
    assert shelf.fonts == template().fonts()


def test_pages_and_mails_are_made_by_the_frozen_version(billing: Billing) -> None:
    frozen = billing.shelf.choice_on(1, DocumentKind.INVOICE, date(2027, 1, 1)).general
    page = billing.shelf.web_page(frozen.template_version_id, english())
    assert english().invoice_number in page
    subject, text, html = billing.shelf.mail(frozen.template_version_id, english())
    assert all(english().invoice_number in part for part in (text, html))
    assert subject


@pytest.mark.long
def test_an_enclosure_gives_the_same_words(billing: Billing) -> None:
    frozen = billing.shelf.choice_on(1, DocumentKind.INVOICE, date(2027, 1, 1)).general
    made = billing.shelf.enclosed(template().archive(), english(), ("mail", "html"))
    mail = (made.subject, made.text, made.mail_html)
    assert mail == billing.shelf.mail(frozen.template_version_id, english())
    assert made.html == billing.shelf.web_page(frozen.template_version_id, english())
    assert billing.shelf.kept(template().archive()) == billing.shelf.kept(template().archive())
