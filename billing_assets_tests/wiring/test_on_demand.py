"""The desk of invoices on demand puts what has to wait into the inbox, and tells numbers and requests."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from billing_assets.domain.on_demand import Request, RequestState
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


def test_a_preview_is_what_is_issued_then_and_writes_nothing(desk: OnDemandDesk) -> None:
    until = date(2025, 1, 31)
    asked = [Request(policy_number=number, until=until) for number in ("POL-00000001", "POL-00000002", "X")]
    shown = desk.preview(asked)
    assert [each.answer.reason_code for each in shown] == ["", "", "policy_unknown"]
    totals = "select count(*), coalesce(sum(total_minor), 0)::bigint from invoice"
    acts = "select count(*) from audit_entry where act = 'request_invoices'"
    with desk.billing.database.transaction() as connection:
        assert tuple(connection.exec_driver_sql(totals).one()) == (0, 0)
    answers = desk.invoice_all(asked)
    assert [answer.state for answer in answers] == ["done", "done", "failed"]
    sums = [part for each in shown for part in each.sums]
    expected = (sum(part.document_count for part in sums), sum(part.total_minor for part in sums))
    with desk.billing.database.transaction() as connection:
        assert tuple(connection.exec_driver_sql(totals).one()) == expected
        assert connection.exec_driver_sql(acts).scalar_one() == 1
    assert [each.sums for each in desk.preview(asked)] == [(), (), ()]
