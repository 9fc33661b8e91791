"""A preview of what would be caught up says what the run then does, and writes nothing."""

from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from billing_assets.domain.runs import CatchUp, Outcome
from billing_assets.steps import preview_catch_up as previewing
from billing_assets.store.connection import Database
from billing_assets_tests.books import add_term, billing_over, fill_book
from billing_assets_tests.state import business_state

DAY = date(2024, 5, 2)


@pytest.mark.long
@pytest.mark.parametrize("catch_up", CatchUp)
def test_the_run_makes_as_many_invoices_as_the_preview_says(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, catch_up: CatchUp
) -> None:
    monkeypatch.setattr(previewing, "SHARD_TERMS", 7)
    fill_book(database, 20)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        before = business_state(database)
        order = billing.order(DAY, catch_up=catch_up)
        preview = billing.preview_catch_up(order)
        assert business_state(database) == before
        result = billing.invoice(order)
    count = preview.one_invoice_count if catch_up is CatchUp.ONE_INVOICE else preview.per_period_count
    assert result.facts["invoice_count"] == count
    months = {row.month for row in preview.months}
    assert min(months) == date(2024, 1, 1)
    late = sum(row.charge_count for row in preview.months)
    assert 0 < late <= int(result.facts["due_count"])


@pytest.mark.long
@pytest.mark.parametrize("catch_up", CatchUp)
def test_what_cannot_be_priced_makes_no_invoice(
    database: Database, tmp_path: Path, catch_up: CatchUp
) -> None:
    """A line without a tax row takes its document with it: of the term, or of the due date."""
    fill_book(database, 3)
    add_term(database, "OLD-GB", effective=date(1998, 2, 1), place="GB", currency="GBP")
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        order = billing.order(DAY, catch_up=catch_up)
        preview = billing.preview_catch_up(order)
        result = billing.invoice(order)
    failed = {(row.outcome, row.charge_count) for row in preview.months if row.currency == "GBP"}
    assert failed == {(Outcome.FAILED, 1)}
    count = preview.one_invoice_count if catch_up is CatchUp.ONE_INVOICE else preview.per_period_count
    assert result.facts["invoice_count"] == count


def test_nothing_late_is_no_month(database: Database, tmp_path: Path) -> None:
    fill_book(database, 3)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        assert billing.preview_catch_up(billing.order(date(2023, 1, 2))).months == ()
