"""What is read of an invoice that is to be replaced, and what the transaction refuses."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database
from billing_assets.store.replacements import SqlReplacementStore
from billing_assets.wiring.build import Billing, utc_now
from billing_assets_tests.books import billing_over, fill_book

FIRST = "INV-00000001"


@pytest.fixture
def billed(database: Database, tmp_path: Path) -> Iterator[Billing]:
    """Three policies, billed once."""
    fill_book(database, 3)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.invoice(billing.order(date(2024, 2, 1)))
        yield billing


def test_an_invoice_is_read_as_it_stands(billed: Billing) -> None:
    store = SqlReplacementStore(billed.database, utc_now)
    company_id = billed.runs.issuer(billed.company_code()).company_id
    with store.replacement(company_id, FIRST) as work:
        work.require_free()
        found, book = work.read_invoice(FIRST), work.read_book()
    assert found.credit.lines.height == 1
    assert (found.replacement_number, found.replaced_by, found.share_policy) == (0, "", "")
    assert not found.is_company_changed
    assert list(found.policy_numbers.values()) == book.book.terms["policy_number"].to_list()


@pytest.mark.parametrize(("state", "code"), [("running", "run_unfinished"), ("held", "run_waiting")])
def test_a_run_that_is_not_done_stands_in_the_way(billed: Billing, state: str, code: str) -> None:
    store = SqlReplacementStore(billed.database, utc_now)
    statement = """
        insert into billing_run (company_id, billing_date, sequence_number, issuing_date, state,
            book_batch_id, shard_count, due_count, plan_totals, planned_at)
        select company_id, '2024-03-01', 1, '2024-03-01', :state, book_batch_id, 0, 0, '[]', planned_at
        from billing_run limit 1
    """
    with billed.database.transaction() as connection:
        connection.execute(text(statement), {"state": state})
    with pytest.raises(BillingError) as refused, store.replacement(1, FIRST) as work:
        work.require_free()
    assert refused.value.code == code
