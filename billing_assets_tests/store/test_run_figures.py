"""Figures come back as they were written, of finalised runs alone; the last bill is that of another term."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import text

from billing_assets.frames.columns import FIGURE_SCHEMA, LAST_BILL_SCHEMA
from billing_assets.steps.run_ports import Shard
from billing_assets.store.connection import Database
from billing_assets.store.run_figures import (
    read_figures,
    read_held_until,
    read_last_bills,
    read_run_dates,
    write_figures,
)
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import add_term, billing_over, fill_book

FEBRUARY, MARCH = date(2024, 2, 1), date(2024, 3, 1)
SHARD = Shard(shard_number=0, from_policy_id=1, to_policy_id=1_000)


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    fill_book(database, 9)
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


def test_the_figures_of_a_finalised_run_are_found_by_the_day_their_periods_ended(billing: Billing) -> None:
    billing.plan(billing.order(FEBRUARY))
    with billing.database.transaction() as connection:
        assert read_figures(connection, 1, [MARCH]).height == 0
    billing.invoice(billing.order(FEBRUARY))
    with billing.database.transaction() as connection:
        found = read_figures(connection, 1, [MARCH])
        assert read_figures(connection, 1, []).schema == FIGURE_SCHEMA
    assert found.select("plan_code", "charge_count", "is_last", "period_from_date").rows() == [
        ("monthly", 3, False, FEBRUARY)
    ]


def test_figures_take_the_place_of_those_before(billing: Billing) -> None:
    run_id = int(billing.invoice(billing.order(FEBRUARY)).facts["run_id"])
    with billing.database.transaction() as connection:
        write_figures(connection, 1, run_id, pl.DataFrame(schema=FIGURE_SCHEMA))
        assert connection.execute(text("select count(*) from run_figure")).scalar_one() == 0


def test_the_last_bill_is_that_of_another_term_of_the_policy(billing: Billing) -> None:
    add_term(billing.database, "REN-1", effective=date(2023, 2, 1))
    billing.invoice(billing.order(FEBRUARY))
    add_term(billing.database, "REN-1", effective=FEBRUARY, is_renewal=True)
    with billing.database.transaction() as connection:
        found = read_last_bills(connection, SHARD, pl.Series([1, 10, 11]))
        assert read_last_bills(connection, SHARD, pl.Series([], dtype=pl.Int64)).schema == LAST_BILL_SCHEMA
    assert found.rows() == [(11, "yearly", "EUR", 10_815, 365)]


@pytest.mark.long
def test_the_dates_of_runs_are_those_up_to_a_day(billing: Billing) -> None:
    for day in (FEBRUARY, MARCH):
        billing.invoice(billing.order(day))
    with billing.database.transaction() as connection:
        assert read_run_dates(connection, 1, date(2024, 1, 1)) is None
        assert read_run_dates(connection, 1, MARCH) == (FEBRUARY, MARCH)
        assert read_held_until(connection, 1, MARCH) is None
