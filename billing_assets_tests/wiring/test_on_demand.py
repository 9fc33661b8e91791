"""The desk of invoices on demand puts what has to wait into the inbox, and tells numbers and requests."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from billing_assets.domain.on_demand import RequestState
from billing_assets.steps.run_ports import silent
from billing_assets.store.connection import Database
from billing_assets.wiring.on_demand import OnDemandDesk
from billing_assets_tests.books import billing_over, fill_book

TODAY = date(2024, 1, 10)


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[OnDemandDesk]:
    """The desk over two policies."""
    fill_book(database, 2)
    with ExitStack() as stack:
        yield OnDemandDesk(billing_over(database, tmp_path, stack))


def test_what_waits_is_put_into_the_inbox_and_what_is_done_is_not(desk: OnDemandDesk) -> None:
    with desk.billing.runs.lock_runs(1, silent):
        waiting = desk.invoice("POL-00000001", billing_date=TODAY)
    assert waiting.state is RequestState.WAITING
    assert desk.numbers_of(waiting) == ()
    (row,) = desk.requests()
    assert (row.policy_number, row.state, row.until_date) == ("POL-00000001", "waiting", waiting.until)
    assert (row.reason_code, row.request_id) == ("run_in_progress", waiting.request.request_id)
    assert desk.request(row.request_id) == row
    done = desk.invoice("POL-00000002", billing_date=TODAY)
    assert desk.numbers_of(done) == ("OND-00000001",)
    assert desk.open_count() == 1
    desk.drain(billing_date=TODAY)
    assert desk.request(row.request_id).invoice_numbers == ("OND-00000002",)


def test_documents_carry_the_day_of_issue_of_the_company(desk: OnDemandDesk) -> None:
    desk.invoice("POL-00000001", billing_date=TODAY)
    with desk.billing.database.transaction() as connection:
        query = "select issue_date, billing_date from invoice join billing_run using (run_id)"
        found = connection.exec_driver_sql(query)
        assert [tuple(row) for row in found] == [(TODAY, TODAY)]
