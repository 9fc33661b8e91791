"""An invoice that was replaced says by which, and the other says which one it replaces."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.replacements import regenerate, replacement_order
from billing_assets_tests.books import billing_over, fill_book

FEBRUARY = date(2024, 2, 1)


@pytest.fixture
def billed(database: Database, tmp_path: Path) -> Iterator[Billing]:
    """One policy, billed once."""
    fill_book(database, 1)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.invoice(billing.order(FEBRUARY))
        yield billing


def test_both_invoices_name_each_other(billed: Billing) -> None:
    desk = Desk(billed)
    assert desk.invoice("INV-00000001").replaced_by == ""
    order = replacement_order(
        billed, "INV-00000001", reason="asked", approved_by="ana", billing_date=FEBRUARY, is_forced=True
    )
    outcome = regenerate(billed, order)
    old, new = desk.invoice("INV-00000001"), desk.invoice(outcome.invoice_number)
    assert old.replaced_by == outcome.invoice_number
    assert new.invoice.replaces is not None
    assert new.invoice.replaces.invoice_number == "INV-00000001"
    assert (old.invoice.replaces, new.replaced_by) == (None, "")
    assert outcome.invoice_number in desk.explain(outcome.invoice_number).title
    assert "INV-00000001" in desk.explain(outcome.invoice_number).recipient
