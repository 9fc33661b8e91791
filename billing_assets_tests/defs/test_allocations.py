"""The asset of allocations: a date lets payments pay, and again finds nothing to do."""

import pytest
from sqlalchemy import text

from billing_assets.definitions import build_definitions
from billing_assets.store.connection import Database
from billing_assets.wiring.settings import Settings
from billing_assets_tests.defs.conftest import FIRST, Run
from billing_assets_tests.paid_books import paid, record

DAY = "2024-03-05"


def test_its_job_is_there() -> None:
    definitions = build_definitions(Settings(_env_file=None))
    assert definitions.resolve_job_def("allocate_date").partitions_def is not None


@pytest.mark.long
def test_a_date_lets_payments_pay_once(run: Run, store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLING_ISSUE_ON", "billing_date")
    assert run(FIRST).success
    record(store, paid("a", 100, payer_key="K1"))
    for count in (1, 0):
        result = run(DAY, "allocate_date")
        [event] = result.asset_materializations_for_node("allocations")
        assert event.metadata["allocation_count"].value == count
    with store.transaction() as connection:
        assert connection.execute(text("select sum(amount_minor) from allocation")).scalar_one() == 100
