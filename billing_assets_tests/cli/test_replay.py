"""`billing replay`: what comes out otherwise, for people and programs."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from billing_assets.store.connection import Database, make_engine
from billing_assets_tests.cli.conftest import Billing, bill_all

DATES = ("--from", "2024-01-01", "--to", "2024-01-31")


pytestmark = [pytest.mark.usefixtures("book"), pytest.mark.prepared(by=bill_all)]


def test_a_period_that_comes_out_as_recorded_ends_well(billing: Billing, ask: Callable[..., Any]) -> None:
    shown = billing("replay", *DATES).stdout
    assert "Everything comes out as it was recorded." in shown
    document = ask("replay", *DATES)
    assert (document["charge_count"], document["difference_count"]) == (30, 0)
    assert document["differences"] == []


def test_differences_are_listed_with_both_values_and_an_exit_code(billing: Billing, store: Database) -> None:
    engine = make_engine(store.engine.url.render_as_string(hide_password=False), "postgres")
    with engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text("update invoice set due_date = '2024-07-07' where invoice_number <= 3"))
    engine.dispose()
    shown = billing("replay", *DATES, "--limit", "2", code=1)
    assert "2024-07-07" in shown.stdout
    assert "the head of the invoice comes out otherwise" in shown.stdout
    assert "2 of 3 are shown" in shown.stderr


def test_a_period_that_ends_before_it_begins_is_refused(billing: Billing) -> None:
    assert "lies before" in billing("replay", "--from", "2024-02-01", "--to", "2024-01-01", code=2).stderr
