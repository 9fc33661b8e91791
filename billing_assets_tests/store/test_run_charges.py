"""The charges of a run, page by page: each row once, whatever is asked for."""

import pytest

from billing_assets.store.connection import Database
from billing_assets.store.run_charges import RunChargeFilter, list_run_charges
from billing_assets_tests.billed_store import FAILED_COUNT, POLICY_COUNT, prepare_billed

prepare = prepare_billed


@pytest.fixture
def billed(database: Database) -> Database:
    """A small billed store."""
    return database


@pytest.mark.parametrize(
    ("outcome", "count"),
    [
        ("", POLICY_COUNT),
        ("invoiced", POLICY_COUNT - FAILED_COUNT - 1),
        ("failed", FAILED_COUNT),
        ("held", 1),
    ],
)
def test_pages_hold_each_charge_once(billed: Database, outcome: str, count: int) -> None:
    seen, after = [], None
    with billed.transaction() as connection:
        while True:
            wanted = RunChargeFilter(run_id=1, outcome=outcome, after=after, limit=2)
            page = list_run_charges(connection, 1, wanted)
            if not page:
                break
            seen += [row.policy_number for row in page]
            after = page[-1].place
        assert list_run_charges(connection, 2, RunChargeFilter(run_id=1)) == []
    assert len(seen) == len(set(seen)) == count


def test_a_row_has_its_document_or_its_reason(billed: Database) -> None:
    with billed.transaction() as connection:
        rows = list_run_charges(connection, 1, RunChargeFilter(run_id=1, limit=100))
        wanted = RunChargeFilter(run_id=1, outcome="failed", reason_code="no_tax_rule")
        failed = list_run_charges(connection, 1, wanted)
    assert all(bool(row.invoice_number) != bool(row.reason_code) for row in rows)
    assert len(failed) == FAILED_COUNT
