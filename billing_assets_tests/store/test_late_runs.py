"""A billing date is late while it is not final, from the first date that the company ever billed."""

from datetime import date

import pytest

from billing_assets.store.connection import Database
from billing_assets.store.late_runs import list_late_runs
from billing_assets_tests.books import fill_book
from billing_assets_tests.notified import add_run

FIRST, LAST = date(2025, 3, 6), date(2025, 3, 12)


@pytest.fixture(autouse=True)
def _company(database: Database) -> None:
    fill_book(database, 1)


def late(database: Database) -> list[tuple[int, str]]:
    with database.transaction() as connection:
        return [(row.billing_date.day, row.state) for row in list_late_runs(connection, 1, FIRST, LAST)]


def test_a_company_that_never_billed_is_not_late(database: Database) -> None:
    assert late(database) == []


def test_dates_that_are_not_final_are_late_with_the_state_of_their_run(database: Database) -> None:
    add_run(database, date(2025, 3, 8))
    add_run(database, date(2025, 3, 9), "running")
    add_run(database, date(2025, 3, 10), "held")
    add_run(database, date(2025, 3, 11), "planned")
    expected = [(9, "running"), (10, "held"), (11, "planned"), (12, "not_begun")]
    assert late(database) == expected


def test_a_rejected_run_leaves_its_date_not_begun(database: Database) -> None:
    add_run(database, date(2025, 3, 11))
    add_run(database, date(2025, 3, 12), "rejected")
    assert late(database) == [(12, "not_begun")]


def test_dates_before_the_look_back_are_not_asked_about(database: Database) -> None:
    add_run(database, date(2025, 1, 1))
    assert [day for day, _ in late(database)] == [6, 7, 8, 9, 10, 11, 12]
