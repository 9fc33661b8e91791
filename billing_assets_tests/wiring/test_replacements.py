"""The order of a replacement, and what came of it as plain data."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets.wiring.replacements import outcome_record, regenerate, replacement_order
from billing_assets_tests.books import billing_over, change_premium, fill_book, seal

FEBRUARY = date(2024, 2, 1)


@pytest.fixture
def billed(database: Database, tmp_path: Path) -> Iterator[Billing]:
    """One policy, billed once and corrected."""
    fill_book(database, 1)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.invoice(billing.order(FEBRUARY))
        change_premium(database, 1, 1_200_00)
        seal(database)
        yield billing


def test_the_difference_is_what_the_payer_owes_more(billed: Billing) -> None:
    order = replacement_order(
        billed, "INV-00000001", reason="a wrong premium", approved_by="ana", billing_date=FEBRUARY
    )
    found = outcome_record(regenerate(billed, order, is_dry_run=True), is_dry_run=True)
    (old,), (new,) = found["replaced"]["lines"], found["invoice"]["lines"]
    assert found["difference"]["net_minor"] == new["net_minor"] - old["net_minor"] > 0
    assert found["credit_note"]["net_minor"] == old["net_minor"]
    assert (found["invoice"]["number"], found["credit_note"]["number"]) == (None, None)
    assert set(found["changes"]) >= {"lines", "taxes", "policy"}
