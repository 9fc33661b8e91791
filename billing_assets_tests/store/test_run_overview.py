"""Runs at a glance: progress, comparable dates, what was billed on demand."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from billing_assets.store.connection import Database
from billing_assets.store.run_overview import billed_on_demand, runs_in_progress, volumes_of
from billing_assets.wiring.build import Billing
from billing_assets.wiring.on_demand import OnDemandDesk
from billing_assets_tests.billed_store import (
    BILLING_DATE,
    FAILED_COUNT,
    POLICY_COUNT,
    as_owner,
    prepare_billed,
)
from billing_assets_tests.books import billing_over

prepare = prepare_billed


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    """The program over a small billed store."""
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


def test_a_run_under_way_tells_parts_charges_and_speed(billing: Billing) -> None:
    as_owner(
        billing,
        "update billing_run set state = 'running', finalised_at = null, due_count = 90",
        "update run_shard set due_count = 30, committed_at = '2024-01-31 05:00:00Z'",
        "insert into run_shard (run_id, shard_number, from_policy_id, due_count, committed_at) "
        "values (1, 8, 900, 20, '2024-01-31 05:00:10Z'), (1, 9, 950, null, null)",
    )
    with billing.database.transaction() as connection:
        (progress,) = runs_in_progress(connection, 1)
        assert runs_in_progress(connection, 2) == []
    assert (progress.committed_shard_count, progress.shard_count) == (2, 3)
    assert (progress.committed_charge_count, progress.charges_a_second) == (50, 2)
    assert progress.last_at is not None
    assert progress.seconds_left(progress.last_at) == 20
    assert progress.seconds_left(progress.last_at + timedelta(minutes=1)) == 0


def test_a_date_is_what_its_finished_runs_came_to(billing: Billing) -> None:
    with billing.database.transaction() as connection:
        (volume,) = volumes_of(connection, 1, [BILLING_DATE, BILLING_DATE - timedelta(days=1)])
        assert volumes_of(connection, 2, [BILLING_DATE]) == []
    assert volume.invoice_count == POLICY_COUNT - FAILED_COUNT - 1
    assert volume.total_minor > 0


def test_what_is_billed_on_demand_is_added_up_by_day(billing: Billing) -> None:
    desk = OnDemandDesk(billing)
    desk.invoice("POL-00000006", billing_date=BILLING_DATE)
    desk.invoice("POL-00000003", billing_date=BILLING_DATE)
    with billing.database.transaction() as connection:
        (day,) = billed_on_demand(connection, 1, [BILLING_DATE])
    assert (day.run_count, day.invoice_count, day.currency) == (2, 2, "EUR")
