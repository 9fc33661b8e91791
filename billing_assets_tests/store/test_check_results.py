"""A check fails once and recovers once, however often asked; what holds over more ends what lies within."""

from datetime import date, timedelta

import pytest

from billing_assets.store.check_results import KeptResult, list_check_results, run_kept_checks
from billing_assets.store.connection import Database
from billing_assets_tests.books import fill_book
from billing_assets_tests.notified import NOON, keep_check

DAY = date(2025, 3, 12)
LATER, LATEST = NOON + timedelta(hours=1), NOON + timedelta(hours=2)


@pytest.fixture(autouse=True)
def _company(database: Database) -> None:
    fill_book(database, 1)


def results(database: Database, *, with_holding: bool = True) -> list[KeptResult]:
    with database.transaction() as connection:
        return list_check_results(connection, 1, with_holding=with_holding)


def test_a_check_that_holds_never_failed(database: Database) -> None:
    keep_check(database, 0, NOON)
    (kept,) = results(database)
    assert (kept.is_holding, kept.failed_at, kept.recovered_at) == (True, None, None)
    assert results(database, with_holding=False) == []


def test_a_failure_keeps_its_beginning_and_recovers_once(database: Database) -> None:
    keep_check(database, 3, NOON)
    keep_check(database, 5, LATER)
    (kept,) = results(database, with_holding=False)
    assert (kept.offender_count, kept.failed_at) == (5, NOON)
    keep_check(database, 0, LATEST)
    keep_check(database, 0, LATEST + timedelta(hours=1))
    (kept,) = results(database)
    assert (kept.is_holding, kept.failed_at, kept.recovered_at) == (True, NOON, LATEST)


def test_an_older_result_never_replaces_a_newer_one(database: Database) -> None:
    keep_check(database, 0, LATER)
    keep_check(database, 3, NOON)
    assert results(database)[0].is_holding


def test_what_holds_over_every_date_ends_the_failure_of_a_date_but_not_of_the_store(
    database: Database,
) -> None:
    keep_check(database, 1, NOON, day=DAY)
    keep_check(database, 1, NOON, company_id=None)
    keep_check(database, 0, LATER)
    failing = results(database, with_holding=False)
    assert [(row.company_id, row.billing_date) for row in failing] == [(None, None)]


def test_what_holds_over_the_store_ends_the_failures_of_companies_and_dates(database: Database) -> None:
    keep_check(database, 1, NOON, day=DAY)
    keep_check(database, 1, NOON)
    keep_check(database, 0, LATER, company_id=None)
    assert results(database, with_holding=False) == []


def test_what_holds_on_a_date_says_nothing_of_the_rest(database: Database) -> None:
    keep_check(database, 1, NOON)
    keep_check(database, 0, LATER, day=DAY)
    assert len(results(database, with_holding=False)) == 1


def test_an_audit_keeps_the_result_of_every_check(database: Database) -> None:
    with database.transaction() as connection:
        found = run_kept_checks(connection, None, at=NOON, company_id=1, tell=lambda _done, _total: None)
    assert {row.check_id for row in results(database)} == {each.check.check_id for each in found}
