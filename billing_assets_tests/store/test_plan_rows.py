"""Plans of your own: added and ended with who and why, never edited, never overwritten by an upgrade."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from billing_assets.domain.errors import BillingError
from billing_assets.domain.payment_plans import DEFAULT_PLANS, PaymentPlan
from billing_assets.steps.plan_ports import KeptPlans, PlacedPlan, PlanFile
from billing_assets.store import rule_rows
from billing_assets.store.checks import run_checks
from billing_assets.store.connection import Database
from billing_assets.store.plan_rows import PlanRow, SqlPlanStore, list_plans
from billing_assets.store.rule_rows import count_missing_rules, seed_rules
from billing_assets_tests.store.intake import with_company

AT = datetime(2025, 1, 16, 8, tzinfo=UTC)
OWN = PaymentPlan(
    plan_code="monthly_10",
    frequency_code="monthly",
    lead_days=10,
    valid_from=date(2024, 1, 1),
    source="board decision 12",
)
LATER = replace(OWN, lead_days=20, valid_from=date(2025, 1, 1))


@pytest.fixture
def store(database: Database) -> SqlPlanStore:
    return SqlPlanStore(with_company(database), lambda: AT)


def file_of(*plans: PaymentPlan) -> PlanFile:
    placed = [PlacedPlan(place=f"row {number}", plan=plan) for number, plan in enumerate(plans, 2)]
    return PlanFile(name="plans.csv", plans=tuple(placed))


def keep(store: SqlPlanStore, *plans: PaymentPlan) -> tuple[int, int, int]:
    kept: KeptPlans = store.keep(file_of(*plans), "a test", "ana")
    return kept.new_count, kept.ended_count, kept.unchanged_count


def rows_of(store: SqlPlanStore, plan_code: str) -> list[PlanRow]:
    with store.database.transaction() as connection:
        return list_plans(connection, plan_code)


def refused(store: SqlPlanStore, *plans: PaymentPlan) -> str:
    with pytest.raises(BillingError) as caught:
        keep(store, *plans)
    assert caught.value.code == "plans_invalid"
    return caught.value.found


def acts(store: SqlPlanStore) -> list[tuple[object, ...]]:
    query = """
        select plan_code, n.valid_from, act, c.valid_to, note, recorded_by, recorded_at
        from payment_plan_change c join payment_plan n using (payment_plan_id)
        order by payment_plan_change_id
    """
    with store.database.transaction() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_a_row_is_added_once_and_kept_with_who_why_and_when(store: SqlPlanStore) -> None:
    assert [keep(store, OWN), keep(store, OWN)] == [(1, 0, 0), (0, 0, 1)]
    (row,) = rows_of(store, "monthly_10")
    assert (row.plan, row.note, row.recorded_by, row.recorded_at) == (OWN, "a test", "ana", AT)
    assert acts(store) == [("monthly_10", OWN.valid_from, "added", None, "a test", "ana", AT)]


def test_a_row_is_replaced_by_its_end_and_a_successor_in_one_file(store: SqlPlanStore) -> None:
    keep(store, OWN)
    ended = replace(OWN, valid_to=LATER.valid_from)
    assert keep(store, ended, LATER) == (1, 1, 0)
    assert [row.plan for row in rows_of(store, "monthly_10")] == [ended, LATER]
    assert [(act, day) for _, _, act, day, *_ in acts(store)] == [
        ("added", None),
        ("ended", LATER.valid_from),
        ("added", None),
    ]
    assert keep(store, OWN) == (0, 0, 1)  # the first file again says nothing of the end


def test_what_differs_from_a_row_that_is_there_is_refused_field_by_field(store: SqlPlanStore) -> None:
    keep(store, OWN)
    found = refused(store, replace(OWN, lead_days=3, due_days=2), replace(OWN, plan_code="other"))
    assert "row 2, lead_days: the store has another row" in found
    assert "row 2, due_days" in found
    assert rows_of(store, "other") == []  # nothing of the file was taken


def test_rows_that_overlap_in_the_store_or_in_the_file_are_refused(store: SqlPlanStore) -> None:
    assert "row 3, valid_from: plan monthly_10 has a row from 2024-01-01 until it is ended" in refused(
        store, OWN, LATER
    )
    assert "row 3, valid_from: plan monthly_10 begins on 2024-01-01 in row 2 too" in refused(store, OWN, OWN)
    early = replace(DEFAULT_PLANS[0], valid_from=date(1980, 1, 1))
    assert "row 2, valid_from: plan one_off" in refused(store, early)
    assert keep(store, replace(early, valid_to=date(1990, 1, 1))) == (1, 0, 0)


@pytest.mark.parametrize(
    ("frequency_code", "pattern", "words"),
    [
        ("own_rule", "FREQ=HOURLY", "FREQ is none of"),
        ("own_rule", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "it names no day"),
        ("own_dates", "2025-02-30", "is no list of dates"),
    ],
)
def test_a_pattern_that_bills_nothing_is_refused(
    store: SqlPlanStore, frequency_code: str, pattern: str, words: str
) -> None:
    bad = replace(OWN, frequency_code=frequency_code, pattern=pattern)
    found = refused(store, bad)
    assert "row 2, pattern: " in found
    assert words in found


def test_a_pattern_of_its_own_is_kept_and_hashed(store: SqlPlanStore) -> None:
    own = replace(OWN, frequency_code="own_rule", pattern="FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1")
    assert [keep(store, own), keep(store, own)] == [(1, 0, 0), (0, 0, 1)]
    with store.database.transaction() as connection:
        checks = run_checks(connection, None, at=AT, check_ids=["I09"])
    assert [result.offender_count for result in checks] == [0]


def test_a_plan_ends_once_and_the_same_end_again_changes_nothing(store: SqlPlanStore) -> None:
    keep(store, OWN)
    day = date(2026, 1, 1)
    assert [store.end("monthly_10", day, "gone", "ben") for _ in range(2)] == [True, False]
    assert acts(store)[-1] == ("monthly_10", OWN.valid_from, "ended", day, "gone", "ben", AT)
    codes = []
    for plan_code, wrong in (
        ("monthly_10", date(2027, 1, 1)),
        ("nothing", day),
        ("yearly", date(1990, 1, 1)),
    ):
        with pytest.raises(BillingError) as caught:
            store.end(plan_code, wrong, "gone", "ben")
        codes.append(caught.value.code)
    assert codes == ["plan_ended", "plan_unknown", "plan_not_begun"]
    assert "row 2, valid_to: the row of the store ends on 2026-01-01 already" in refused(
        store, replace(OWN, valid_to=date(2027, 1, 1))
    )


def test_a_row_is_never_edited_by_the_application_and_its_record_never_changed(store: SqlPlanStore) -> None:
    keep(store, OWN)
    for statement in (
        "update payment_plan set lead_days = 1",
        "update payment_plan set valid_to = null",
        "update payment_plan_change set note = 'x'",
        "delete from payment_plan_change",
    ):
        with pytest.raises(DBAPIError), store.database.transaction() as connection:
            connection.execute(text(statement))


def test_an_upgrade_leaves_a_plan_alone_that_a_person_has_touched(
    store: SqlPlanStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later program ships a row for a code of one's own, and ends and replaces a plan that one ended."""
    keep(store, OWN)
    store.end("yearly", date(2026, 1, 1), "gone", "ben")
    yearly = next(plan for plan in DEFAULT_PLANS if plan.plan_code == "yearly")
    shipped = (
        replace(OWN, lead_days=5, valid_to=date(2024, 6, 1)),
        replace(OWN, lead_days=5, valid_from=date(2024, 6, 1)),
        replace(yearly, valid_to=date(2025, 6, 1)),
        replace(yearly, lead_days=20, valid_from=date(2025, 6, 1)),
    )
    before = [*rows_of(store, "monthly_10"), *rows_of(store, "yearly")]
    monkeypatch.setattr(rule_rows, "DEFAULT_PLANS", shipped)
    with store.database.transaction() as connection:
        assert count_missing_rules(connection) == 0
        connection.execute(text("set local role billing_owner"))
        seed_rules(connection)
    assert [*rows_of(store, "monthly_10"), *rows_of(store, "yearly")] == before


def test_no_plan_changes_while_a_run_is_unfinished(store: SqlPlanStore) -> None:
    begin = """
        insert into billing_run (company_id, billing_date, sequence_number, issuing_date, state,
            book_batch_id, shard_count, due_count, plan_totals, planned_at)
        values (1, '2025-01-15', 1, '2025-01-15', 'running', 0, 0, 0, '[]', now())
    """
    with store.database.transaction() as connection:
        connection.execute(text(begin))
    with pytest.raises(BillingError) as caught:
        keep(store, OWN)
    assert caught.value.code == "run_unfinished"


def test_the_rows_of_a_plan_or_a_day_are_listed(store: SqlPlanStore) -> None:
    keep(store, replace(OWN, valid_to=LATER.valid_from), LATER)
    with store.database.transaction() as connection:
        assert [row.plan.lead_days for row in list_plans(connection, "monthly_10")] == [10, 20]
        (row,) = list_plans(connection, "monthly_10", date(2025, 1, 1))
        assert row.plan == LATER
        shipped = [row for row in list_plans(connection) if row.recorded_by is None]
    assert sorted(row.plan.plan_code for row in shipped) == sorted(plan.plan_code for plan in DEFAULT_PLANS)
