"""What failed is tried again at its time, once, up to its own date; after the last time a person has it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest

from billing_assets.domain.retries import FailedCharge, RetryState, due_retries
from billing_assets.steps import retry_failed_invoices as retrying
from billing_assets.steps.invoice_on_demand import answer_requests
from billing_assets.store.failures import FailureFilter, FailureRow, list_failures
from billing_assets.wiring.build import utc_now
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.on_demand import OnDemandDesk
from billing_assets.wiring.worklists import WorklistDesk
from billing_assets_tests.billed_store import BILLING_DATE, FAILED_COUNT, as_owner, fill_billed
from billing_assets_tests.books import billing_over
from billing_assets_tests.databases import copied_database
from billing_assets_tests.state import business_state

HOUR = timedelta(hours=1)
TAXED = "update policy_term_version set place_code = 'ES' where policy_id % 10 = 0"
LATER = BILLING_DATE + timedelta(days=60)
"""A business date by which a further installment of each policy is due."""


@pytest.fixture(scope="module")
def failed_store(
    server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Name of a store in which three policies failed; billed once, the tests get copies of it."""
    name = f"failed_{uuid4().hex}"
    with copied_database(server_url, template_database, name) as original:
        with ExitStack() as stack:
            fill_billed(billing_over(original, tmp_path_factory.mktemp("home"), stack))
        original.close()
        yield name


@pytest.fixture
def desk(server_url: str, failed_store: str, tmp_path: Path) -> Iterator[OnDemandDesk]:
    """Invoices on demand, over a copy."""
    copied = copied_database(server_url, failed_store, f"test_{uuid4().hex}")
    with copied as database, ExitStack() as stack:
        yield OnDemandDesk(billing_over(database, tmp_path, stack, retry_wait_hours="1,4,24"))


@pytest.fixture
def now() -> datetime:
    return utc_now()


def counts(desk: OnDemandDesk, at: datetime, **options: object) -> tuple[int, ...]:
    """Retry; return how many were retried, cleared, failed again, given up, and left to a run."""
    facts = desk.retry(at, billing_date=LATER, **options).facts  # type: ignore[arg-type]
    names = ("retried", "cleared", "failed", "given_up", "waiting")
    return tuple(int(facts[f"{name}_count"]) for name in names)


def rows(desk: OnDemandDesk) -> list[FailureRow]:
    with desk.billing.database.transaction() as connection:
        return list_failures(connection, 1, FailureFilter(outcome="failed"))


def states(desk: OnDemandDesk, at: datetime) -> set[RetryState]:
    rule = desk.billing.settings.retry_rule
    return {charge.state(rule, at) for charge in desk.failed_charges()}


def test_what_failed_is_tried_after_each_wait_until_a_person_has_it(
    desk: OnDemandDesk, now: datetime
) -> None:
    before = business_state(desk.billing.database)["invoices"]
    assert counts(desk, now) == (0, 0, 0, 0, 0)
    first = now + HOUR
    assert counts(desk, first, batch_policies=2) == (3, 0, 3, 0, 0)
    assert counts(desk, first) == (0, 0, 0, 0, 0)
    assert counts(desk, first + 4 * HOUR) == (3, 0, 3, 0, 0)
    assert counts(desk, first + 27 * HOUR) == (0, 0, 0, 0, 0)
    assert counts(desk, first + 28 * HOUR) == (3, 0, 3, 3, 0)
    assert counts(desk, first + 9999 * HOUR) == (0, 0, 0, 0, 0)
    assert {(row.attempt_count, row.is_given_up, row.owner) for row in rows(desk)} == {
        (3, True, "billing operations")
    }
    assert states(desk, first) == {RetryState.GIVEN_UP}
    assert business_state(desk.billing.database)["invoices"] == before


def test_a_retry_bills_what_failed_up_to_its_own_date_and_nothing_beyond(
    desk: OnDemandDesk, now: datetime
) -> None:
    """However often it was told of since, and though more of the policy is due by the day of the retry."""
    assert counts(desk, now + HOUR) == (3, 0, 3, 0, 0)
    assert {row.billing_date for row in rows(desk)} == {LATER}
    before = len(business_state(desk.billing.database)["invoices"])
    as_owner(desk.billing, TAXED)
    assert counts(desk, now + 6 * HOUR) == (3, 3, 0, 0, 0)
    assert len(business_state(desk.billing.database)["invoices"]) == before + FAILED_COUNT
    assert rows(desk) == []
    # The store of these tests has rows that were put past the program; what is asked here is what counts.
    held = {"I01", "I06", "I07", "I08", "I17", "I26"}
    broken = {result.check.check_id for result in desk.billing.audit() if result.offender_count}
    assert not broken & held


@pytest.mark.parametrize("is_lost", [False, True])
def test_two_firings_at_once_try_each_thing_once(
    desk: OnDemandDesk, now: datetime, is_lost: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the lock on which they take turns is lost: then the key of the attempts holds."""
    if is_lost:
        monkeypatch.setattr(type(desk.store), "hold_inbox", lambda *_: ExitStack())
        both, answer = Barrier(2, timeout=20), answer_requests

        def answer_beside_the_other(*arguments: Any) -> object:
            both.wait()
            return answer(*arguments)

        monkeypatch.setattr(retrying, "answer_requests", answer_beside_the_other)
    desks = [OnDemandDesk(desk.billing) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda each: counts(each, now + HOUR), desks))
    assert sorted(found) == [(0, 0, 0, 0, 0), (3, 0, 3, 0, 0)]
    assert {row.attempt_count for row in rows(desk)} == {1}
    assert len(business_state(desk.billing.database)["runs"]) == 2


Meanwhile = Callable[[OnDemandDesk], object]


def by_a_run(desk: OnDemandDesk) -> None:
    desk.billing.invoice(desk.billing.order(BILLING_DATE + timedelta(days=1)))


def by_hand(desk: OnDemandDesk) -> None:
    worklist = WorklistDesk(Desk(desk.billing))
    assert worklist.retry_charges(["10-1", "20-1", "30-1"], "ana").done_count == 3
    assert states(desk, utc_now() + HOUR) == {RetryState.REQUESTED}
    desk.drain(billing_date=BILLING_DATE)


@pytest.mark.long
@pytest.mark.parametrize("meanwhile", [by_a_run, by_hand])
def test_what_was_billed_between_looking_and_trying_is_left_alone(
    desk: OnDemandDesk, now: datetime, meanwhile: Meanwhile, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_owner(desk.billing, TAXED)
    planned = due_retries(desk.failed_charges(), desk.billing.settings.retry_rule, now + HOUR)
    assert len(planned) == FAILED_COUNT
    meanwhile(desk)
    before = business_state(desk.billing.database)
    looked: list[object] = []

    def first_as_before(charges: list[FailedCharge], *rest: object) -> object:
        looked.append(charges)
        return planned if len(looked) == 1 else due_retries(charges, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(retrying, "due_retries", first_as_before)
    assert counts(desk, now + HOUR) == (0, 0, 0, 0, 0)
    assert business_state(desk.billing.database) == before


def test_what_a_person_has_asked_for_or_taken_is_left_to_them_and_a_run_keeps_its_own(
    desk: OnDemandDesk, now: datetime
) -> None:
    worklist = WorklistDesk(Desk(desk.billing))
    worklist.assign_charges(["10-1"], "tax team", "ana")
    worklist.retry_charges(["20-1"], "ana")
    with desk.billing.runs.lock_runs(1, lambda *_: None):
        assert counts(desk, now + HOUR) == (0, 0, 0, 0, 1)
    assert counts(desk, now + HOUR) == (1, 0, 1, 0, 0)
    desk.drain(billing_date=BILLING_DATE)
    found = {row.policy_number[-2:]: row.attempt_count for row in rows(desk)}
    assert found == {"10": 0, "20": 0, "30": 1}, "what a person asks for is no attempt"
