"""An issued invoice is read back complete, and adds up."""

from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import Invoice
from billing_assets.store.connection import Database
from billing_assets.store.invoice_reader import find_invoice, read_invoices
from billing_assets_tests.books import COMPANY, billing_over, fill_book


def prepare(database: Database, home: Path) -> None:
    """Bill twelve policies."""
    fill_book(database, 12)
    with ExitStack() as stack:
        billing = billing_over(database, home, stack)
        billing.invoice(billing.order(date(2024, 2, 1)))


@pytest.fixture
def issued(database: Database) -> Database:
    return database


def find(database: Database, number: str, company_id: int = 1) -> Invoice:
    with database.transaction() as connection:
        return find_invoice(connection, company_id, number)


def test_an_invoice_is_complete_and_adds_up(issued: Database) -> None:
    invoice = find(issued, "INV-00000001")
    assert invoice.total_minor == invoice.net_minor + invoice.tax_minor
    assert invoice.net_minor == sum(line.net_minor for line in invoice.lines)
    assert invoice.tax_minor == sum(tax.tax_minor for tax in invoice.taxes)
    assert invoice.creditor.name == COMPANY.name
    assert invoice.creditor.address_lines == COMPANY.address_lines
    assert (invoice.payer.payer_key, invoice.payer.country_code) == ("K1", "ES")
    assert invoice.lines[0].policy_number == "POL-00000001"
    assert [tax.rate_ppm for tax in invoice.taxes] == sorted(tax.rate_ppm for tax in invoice.taxes)
    assert len(invoice.snapshot_sha256) == 64


def test_invoices_come_in_the_order_that_was_asked_for(issued: Database) -> None:
    ids = [find(issued, f"INV-{number:08d}").invoice_id for number in (5, 2, 9)]
    with issued.transaction() as connection:
        assert [invoice.invoice_id for invoice in read_invoices(connection, ids)] == ids
        assert read_invoices(connection, []) == []


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("INV-00000099", "invoice_unknown"),
        ("XX-00000001", "invoice_unknown"),
        ("12", "number_malformed"),
        ("INV-00000001'; drop table invoice; --", "number_malformed"),
    ],
)
def test_a_number_that_is_not_there_is_told(number: str, code: str, issued: Database) -> None:
    with pytest.raises(BillingError) as caught:
        find(issued, number)
    assert caught.value.code == code


def test_the_number_of_another_company_is_unknown(issued: Database) -> None:
    with pytest.raises(BillingError, match="there is no invoice"):
        find(issued, "INV-00000001", company_id=2)
