"""Each kind of event is found in our own records, once, with what it is about and of no policyholder."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from billing_assets.domain.notifications import Event, EventKind, Severity
from billing_assets.steps.collect_notification_events import Patience, moments_of
from billing_assets.store.connection import Database
from billing_assets.store.locks import LockSpace, hold_lock
from billing_assets.store.notification_events import SqlEventStore
from billing_assets.store.notification_facts import since_text
from billing_assets_tests.books import fill_book
from billing_assets_tests.notified import NOON, add_run, keep_check

DAY = date(2025, 3, 12)
EARLIER = NOON - timedelta(hours=2)


@pytest.fixture(autouse=True)
def _company(database: Database) -> None:
    fill_book(database, 1)


def found(database: Database, **patience: object) -> list[Event]:
    """Return what is new, and add it: a second call finds what came since."""
    store = SqlEventStore(database)
    (company,) = store.companies()
    moments = moments_of(company, Patience(**patience), NOON)  # type: ignore[arg-type]
    events = [*store.new_events(company, moments), *store.new_store_events()]
    assert store.add_events(events, NOON) == len(events)
    assert store.add_events(events, NOON) == 0
    assert store.new_events(company, moments) == []
    return events


def kinds(events: list[Event]) -> list[str]:
    return [event.event_kind.value for event in events]


def test_a_final_run_tells_counts_reasons_and_amounts(database: Database) -> None:
    run_id = add_run(database, DAY, counts={"invoiced": 10, "held": 1, "failed": 2})
    (event,) = found(database)
    assert (event.event_kind, event.severity, event.run_id) == (
        EventKind.RUN_FINALISED,
        Severity.WARNING,
        run_id,
    )
    assert (event.item_count, event.amounts) == (13, {"EUR": 1050})
    assert [row["outcome"] for row in event.facts["reasons"]] == ["held", "failed"]
    assert found(database) == []
    add_run(database, date(2025, 3, 11))
    assert kinds(found(database)) == ["run_finalised"]


def test_runs_on_demand_are_not_told_one_by_one(database: Database) -> None:
    add_run(database, DAY)
    with database.transaction() as connection:
        connection.execute(text("reset role"))
        connection.execute(text("update billing_run set run_kind = 'on_demand', sequence_number = 0"))
    assert found(database) == []


def test_a_held_run_is_told_and_its_approval_asked_for_an_hour_later(database: Database) -> None:
    add_run(database, DAY, "held", at=NOON - timedelta(minutes=59))
    (held,) = found(database)
    assert (held.event_kind, held.amounts, held.facts) == (
        EventKind.RUN_HELD,
        {"EUR": 123_456},
        {"bounds": ["problems"]},
    )
    (asked,) = found(database, approval_minutes=59)
    assert (asked.event_kind, asked.occurred_at) == (EventKind.APPROVAL_NEEDED, NOON)


def test_a_held_run_that_was_approved_needs_no_approval(database: Database) -> None:
    add_run(database, DAY, "held", at=EARLIER)
    with database.transaction() as connection:
        approved = "update billing_run set decision_reason = 'x', decided_by = 'ana', decided_at = planned_at"
        connection.execute(text(approved))
    assert kinds(found(database)) == ["run_held"]


def test_each_of_two_held_runs_is_told(database: Database) -> None:
    for day in (10, 11):
        add_run(database, date(2025, 3, day), "held", at=EARLIER)
        assert kinds(found(database)) == ["run_held", "approval_needed"]


def test_a_run_that_is_held_again_by_another_plan_is_told_again(database: Database) -> None:
    run_id = add_run(database, DAY, "held")
    assert kinds(found(database)) == ["run_held"]
    with database.transaction() as connection:
        connection.execute(
            text("update billing_run set plan_sha256 = :hash where run_id = :run"),
            {"hash": "b" * 64, "run": run_id},
        )
    assert kinds(found(database)) == ["run_held"]


def test_a_run_on_which_nobody_works_has_stopped(database: Database) -> None:
    add_run(database, DAY, "running", at=EARLIER)
    with hold_lock(database, LockSpace.RUNS, 1, "waiting", lambda *_: None):
        assert found(database) == []
    (event,) = found(database)
    assert (event.event_kind, event.severity, event.facts["done"]) == (
        EventKind.RUN_FAILED,
        Severity.ERROR,
        0,
    )


def test_a_run_that_paused_for_a_minute_has_not_stopped(database: Database) -> None:
    add_run(database, DAY, "running", at=NOON - timedelta(minutes=1))
    assert found(database) == []


def test_a_run_that_stops_again_further_on_is_told_again(database: Database) -> None:
    run_id = add_run(database, DAY, "running", at=EARLIER)
    found(database)
    shard = (
        "insert into run_shard (run_id, shard_number, from_policy_id, committed_at) values (:run, 1, 1, :at)"
    )
    with database.transaction() as connection:
        connection.execute(text(shard), {"run": run_id, "at": EARLIER})
    (event,) = found(database)
    assert (event.event_kind, event.facts["done"], event.facts["shards"]) == (EventKind.RUN_FAILED, 1, 4)


def test_a_date_that_is_not_final_by_its_deadline_is_late_since_that(database: Database) -> None:
    add_run(database, date(2025, 3, 10))
    assert kinds(found(database)) == ["run_finalised"]
    assert kinds(found(database, run_deadline="12:01")) == ["run_late"]
    (today,) = found(database, run_deadline="12:00")
    assert (today.billing_date, today.occurred_at, today.facts["state"]) == (DAY, NOON, "not_begun")


def test_what_retries_gave_up_is_told_by_the_batch_that_did(database: Database) -> None:
    insert = """
        insert into invoice_retry (policy_term_version_id, installment_number, attempt_number, company_id,
            policy_term_id, until_date, run_id, reason_code, attempted_at, next_attempt_at)
        select policy_term_version_id, number, 1, 1, policy_term_id, :day, run, reason, :at, next
        from policy_term_version cross join (values (1, 3, 'no_tax_rule', null),
            (2, 3, 'no_tax_rule', null), (3, 3, 'no_plan_row', null), (4, 3, null, null),
            (5, 3, 'no_plan_row', cast(:later as timestamptz)), (6, 4, 'no_tax_rule', null)
        ) as r (number, run, reason, next)
    """
    with database.transaction() as connection:
        values = {"day": DAY, "at": EARLIER, "later": NOON}
        connection.execute(text(insert), values)
    event, further = found(database)
    # A further batch of the same firing has its instant: told of by itself, whoever looked between the two.
    assert (further.item_count, further.event_key == event.event_key) == (1, False)
    assert (event.event_kind, event.item_count, event.occurred_at) == (
        EventKind.RETRIES_GIVEN_UP,
        3,
        EARLIER,
    )
    assert event.facts["reasons"] == [
        {"count": 2, "reason_code": "no_tax_rule"},
        {"count": 1, "reason_code": "no_plan_row"},
    ]


def test_problems_are_told_by_the_import_that_found_them(database: Database) -> None:
    insert = """
        insert into problem (company_id, batch_id, record_key, problem_code, field_name, original_value,
            original_row, owner, recorded_at)
        select 1, 1, 'P-1 Jane Roe', code, '', 'Jane Roe', 'Jane Roe', 'intake', :at
        from unnest(array['date_empty', 'date_empty', 'amount_empty']) code
    """
    with database.transaction() as connection:
        connection.execute(text(insert), {"at": EARLIER})
    (event,) = found(database)
    assert (event.event_kind, event.item_count, event.occurred_at) == (EventKind.PROBLEMS_OPENED, 3, EARLIER)
    assert event.facts["reasons"][0] == {"problem_code": "date_empty", "count": 2}
    assert "Roe" not in repr(event)
    with database.transaction() as connection:
        connection.execute(text(insert), {"at": NOON})
    assert kinds(found(database)) == ["problems_opened"]


def test_a_check_that_fails_is_told_once_and_once_more_when_it_recovers(database: Database) -> None:
    keep_check(database, 2, EARLIER, day=DAY)
    (failed,) = found(database)
    assert (failed.event_kind, failed.severity, failed.billing_date) == (
        EventKind.CHECK_FAILED,
        Severity.CRITICAL,
        DAY,
    )
    assert failed.facts == {"check_id": "I08", "examples": ["series 0", "series 1"]}
    keep_check(database, 7, NOON, day=DAY)
    assert found(database) == []
    keep_check(database, 0, NOON, day=DAY)
    assert kinds(found(database)) == ["check_recovered"]
    keep_check(database, 0, NOON, day=DAY)
    assert found(database) == []
    keep_check(database, 1, NOON, day=DAY)
    assert kinds(found(database)) == ["check_failed"]


def test_a_failure_that_ended_before_anybody_looked_is_told_with_its_end(database: Database) -> None:
    keep_check(database, 2, EARLIER)
    keep_check(database, 0, NOON)
    assert kinds(found(database)) == ["check_failed", "check_recovered"]


def test_a_check_of_the_whole_store_belongs_to_no_company(database: Database) -> None:
    keep_check(database, 2, EARLIER, company_id=None)
    (event,) = found(database)
    assert (event.event_kind, event.company_id) == (EventKind.CHECK_FAILED, None)


def test_an_instant_is_told_by_the_companys_clock(database: Database) -> None:
    (company,) = SqlEventStore(database).companies()
    assert since_text(company, NOON) == "2025-03-12 12:00"
