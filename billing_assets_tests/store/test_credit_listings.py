"""What was given back of an invoice, and what is left, is listed for its own company alone."""

from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from billing_assets.domain.credits import WantedCredit
from billing_assets.store.connection import Database
from billing_assets.store.credit_listings import credit_notes_of, lines_left
from billing_assets.store.invoice_reader import find_invoice
from billing_assets_tests.books import billing_over, fill_book

STRANGER = 2


@pytest.mark.long
def test_credit_notes_and_what_is_left_stand_with_their_invoice(database: Database, tmp_path: Path) -> None:
    fill_book(database, 2)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.invoice(billing.order(date(2024, 2, 1)))
        for reason, net in (("first", 10_00), ("second", 5_00)):
            wanted = [WantedCredit(invoice_number="INV-00000001", line_number=1, net_minor=net)]
            order = billing.credit_order(
                wanted, reason=reason, approved_by="ana", billing_date=date(2024, 2, 5)
            )
            billing.credit(order)
    with database.transaction() as connection:
        invoice, other, note = (
            find_invoice(connection, 1, number) for number in ("INV-00000001", "INV-00000002", "CRN-00000001")
        )
        notes = credit_notes_of(connection, 1, invoice.invoice_id)
        (line,) = lines_left(connection, 1, invoice.invoice_id)
        (untouched,) = lines_left(connection, 1, other.invoice_id)
        assert credit_notes_of(connection, 1, other.invoice_id) == []
        assert lines_left(connection, 1, note.invoice_id) == []
        assert credit_notes_of(connection, STRANGER, invoice.invoice_id) == []
        assert lines_left(connection, STRANGER, invoice.invoice_id) == []
    assert [(row.invoice_number, row.reason, row.approved_by) for row in notes] == [
        ("CRN-00000001", "first", "ana"),
        ("CRN-00000002", "second", "ana"),
    ]
    assert sum(row.total_minor for row in notes) == invoice.total_minor - line.net_minor - line.tax_minor
    assert line.net_minor == invoice.net_minor - 15_00
    assert (untouched.net_minor, untouched.tax_minor) == (other.net_minor, other.tax_minor)
