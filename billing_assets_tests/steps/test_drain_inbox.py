"""The inbox is answered in batches: each request once, a bad one at its own cost, one run a batch."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from billing_assets.domain.on_demand import InboxEntry
from billing_assets.store.connection import Database
from billing_assets.wiring.on_demand import OnDemandDesk
from billing_assets_tests.books import billing_over, fill_book
from billing_assets_tests.state import business_state

TODAY, FEBRUARY = date(2024, 1, 1), date(2024, 2, 1)


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[OnDemandDesk]:
    """The desk over a book of thirty policies of which nothing is billed."""
    fill_book(database, 30)
    with ExitStack() as stack:
        yield OnDemandDesk(billing_over(database, tmp_path, stack))


def entry(number: int, until: date | None = None, key: str = "") -> InboxEntry:
    policy = f"POL-{number:08d}"
    return InboxEntry(request_key=key or policy, policy_number=policy, until=until)


def test_requests_are_answered_in_batches_with_a_run_each_and_never_again(desk: OnDemandDesk) -> None:
    assert desk.add([entry(number) for number in range(1, 21)]) == 20
    facts = desk.drain(batch_requests=8, billing_date=TODAY).facts
    assert (facts["request_count"], facts["done_count"], facts["run_count"]) == (20, 20, 3)
    assert len(business_state(desk.billing.database)["invoices"]) == 20
    assert desk.drain(billing_date=TODAY).facts["request_count"] == 0
    assert desk.open_count() == 0
    assert all(len(row.invoice_numbers) == 1 for row in desk.requests(limit=30))
    assert [result for result in desk.billing.audit() if result.offender_count] == []
    assert desk.billing.replay(TODAY, FEBRUARY).differences == ()


def test_a_key_that_the_inbox_has_adds_no_second_request(desk: OnDemandDesk) -> None:
    assert desk.add([entry(1), entry(2), entry(1)]) == 2
    assert desk.add([entry(2), entry(3)]) == 1
    assert len(desk.requests()) == 3


def test_a_request_that_fails_costs_only_itself(desk: OnDemandDesk) -> None:
    desk.add([entry(1), InboxEntry(request_key="x", policy_number="NONE"), entry(2)])
    facts = desk.drain(billing_date=TODAY).facts
    assert (facts["done_count"], facts["failed_count"], facts["run_count"]) == (2, 1, 1)
    (failed,) = desk.requests(state="failed")
    assert (failed.policy_number, failed.reason_code, failed.run_id) == ("NONE", "policy_unknown", None)


def test_requests_of_one_policy_in_a_batch_are_answered_by_the_furthest_date(desk: OnDemandDesk) -> None:
    days = (date(2024, 2, 20), date(2024, 1, 20), None)
    desk.add([entry(3, day, key=str(number)) for number, day in enumerate(days)])
    assert desk.drain(billing_date=TODAY).facts["run_count"] == 1
    assert {row.invoice_numbers for row in desk.requests()} == {("OND-00000001", "OND-00000002")}


def test_requests_of_a_batch_have_dates_of_their_own(desk: OnDemandDesk) -> None:
    desk.add([entry(3, date(2024, 3, 20)), entry(6, FEBRUARY), entry(9, date(2023, 12, 1))])
    desk.drain(billing_date=TODAY)
    assert [len(row.invoice_numbers) for row in desk.requests()] == [0, 1, 3]
    assert desk.billing.replay(TODAY, FEBRUARY).differences == ()


def test_what_waits_for_a_run_is_answered_after_it(desk: OnDemandDesk) -> None:
    desk.add([entry(1), entry(2)])
    with desk.billing.runs.lock_runs(1, lambda *_: None):
        assert desk.drain(billing_date=TODAY).facts["waiting_count"] == 2
        assert desk.open_count() == 0
    assert desk.open_count() == 2
    assert desk.drain(billing_date=TODAY).facts["done_count"] == 2
    assert len(business_state(desk.billing.database)["invoices"]) == 2
