"""What finished runs left behind can be read by date, and the book has a stamp."""

from contextlib import ExitStack
from datetime import date
from pathlib import Path

from billing_assets.store.connection import Database
from billing_assets.store.run_history import read_book_stamp, read_run_reports
from billing_assets_tests.books import billing_over, fill_book

FEBRUARY = date(2024, 2, 1)


def test_the_reports_of_a_date_are_those_of_its_finalised_runs(database: Database, tmp_path: Path) -> None:
    fill_book(database, 5)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.plan(billing.order(FEBRUARY))
        assert billing.run_reports(FEBRUARY) == ()
        billing.invoice(billing.order(FEBRUARY))
        [report] = billing.run_reports(FEBRUARY)
    assert (report["billing_date"], report["due_count"]) == ("2024-02-01", 5)


def test_another_company_has_no_reports_of_ours(database: Database, tmp_path: Path) -> None:
    fill_book(database, 5)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.invoice(billing.order(FEBRUARY))
    with database.transaction() as connection:
        assert read_run_reports(connection, "other", FEBRUARY) == ()


def test_the_book_is_stamped_with_its_last_batch_and_what_stands_in_it(database: Database) -> None:
    fill_book(database, 5)
    with database.transaction() as connection:
        stamp = read_book_stamp(connection, "alondra")
    assert (stamp.batch_id, stamp.file_sha256, stamp.policy_count) == (1, b"a".hex(), 5)
    assert stamp.premium_totals == (("EUR", 5, 5 * 50_000 + 1 + 2 + 3 + 4 + 5),)


def test_an_empty_book_has_a_stamp_too(database: Database) -> None:
    with database.transaction() as connection:
        stamp = read_book_stamp(connection, "nobody")
    assert (stamp.version, stamp.policy_count, stamp.premium_totals) == ("0-", 0, ())
