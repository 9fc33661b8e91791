"""Lists of runs: another company's runs never show, pages follow by id."""

from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database
from billing_assets.store.run_listings import RunFilter, last_run_of, list_runs, show_run
from billing_assets_tests.books import billing_over, fill_book

JANUARY = date(2024, 1, 31)
STRANGER = 2


@pytest.fixture
def billed(database: Database, tmp_path: Path) -> Database:
    """Ten terms, billed on three dates; each date is a run."""
    fill_book(database, 10)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        for day in (JANUARY, date(2024, 2, 15), date(2024, 3, 15)):
            billing.invoice(billing.order(day))
    return database


def test_the_newest_stands_first_and_pages_follow_by_id(billed: Database) -> None:
    with billed.transaction() as connection:
        first = [row.run_id for row in list_runs(connection, 1, RunFilter(limit=2))]
        second = [row.run_id for row in list_runs(connection, 1, RunFilter(before_id=first[-1]))]
    assert (first, second) == ([3, 2], [1])


def test_one_run_is_shown_with_its_report(billed: Database) -> None:
    with billed.transaction() as connection:
        detail = show_run(connection, 1, 1)
        assert last_run_of(connection, 1, JANUARY) == 1
    assert (detail.state, detail.report["due_count"]) == ("finalised", 10)


def test_another_company_sees_nothing(billed: Database) -> None:
    with billed.transaction() as connection:
        assert list_runs(connection, STRANGER, RunFilter()) == []
        with pytest.raises(BillingError, match="run_unknown"):
            show_run(connection, STRANGER, 1)
        assert last_run_of(connection, STRANGER, JANUARY) is None
