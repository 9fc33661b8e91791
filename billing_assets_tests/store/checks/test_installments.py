"""An installment that planning and issuing skip alike is found in the book, and nothing else is."""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import asdict, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Connection, text

from billing_assets.domain.frequencies import FREQUENCIES
from billing_assets.domain.payment_plans import DEFAULT_PLANS, PaymentPlan
from billing_assets.frames.due_charges import due_charges
from billing_assets.steps import calculation
from billing_assets.store.checks import installments, runs
from billing_assets.store.connection import Database
from billing_assets_tests.books import AT, billing_over, change_premium, end_cover, fill_book
from billing_assets_tests.reference.generate import random_policies
from billing_assets_tests.reference.installments import installments as reference_installments
from billing_assets_tests.reference.periods import plan_of
from billing_assets_tests.reference.policy import ReferencePolicy
from billing_assets_tests.reference.test_store_agreement import add_plans
from billing_assets_tests.store.checks.conftest import APRIL, FEBRUARY, broken

JULY = date(2024, 7, 1)
REACH_DAYS = 16


def unanswered(connection: Connection, run_ids: list[int] | None = None) -> set[str]:
    values = {**installments.PARAMETERS, "is_everything": run_ids is None, "runs": run_ids or []}
    return set(connection.execute(text(installments.UNANSWERED), values).scalars())


def recorded_faults(connection: Connection) -> list[str]:
    """Return what the other half of I17 finds, which compares runs with their own plans."""
    return list(connection.execute(text(runs.OUTCOMES), {"is_everything": True, "runs": []}).scalars())


def name_of(policy_id: int, number: int) -> str:
    return f"policy {policy_id}: installment {number} of term {policy_id} was due and has no outcome"


def add_run(database: Database, day: date, *, due_count: int = 1, batch_id: int = 1) -> None:
    """Record a finalised run that answered for nothing."""
    statement = """
        insert into billing_run (company_id, billing_date, sequence_number, issuing_date, state,
            book_batch_id, shard_count, due_count, plan_totals, planned_at, finalised_at)
        values (1, :day, 1, :day, 'finalised', :batch, 1, :due, '[]', :at, :at)
    """
    with database.transaction() as connection:
        values = {"day": day, "due": due_count, "batch": batch_id, "at": AT}
        connection.execute(text(statement), values)


def bill(database: Database, home: Path, *days: date) -> None:
    with ExitStack() as stack:
        billing = billing_over(database, home, stack)
        for day in days:
            billing.invoice(billing.order(day))


@pytest.mark.long
def test_a_term_that_planning_and_issuing_skip_alike_is_named_by_the_book_alone(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_term_4(terms: pl.DataFrame, *rest: Any) -> pl.DataFrame:
        return due_charges(terms.filter(pl.col("policy_term_id") != 4), *rest)

    fill_book(database, 12)
    monkeypatch.setattr(calculation, "due_charges", without_term_4)
    bill(database, tmp_path, FEBRUARY, APRIL, JULY)
    with database.transaction() as connection:
        assert recorded_faults(connection) == []
        # Term 4 is yearly, from 1 February 2024.
        assert unanswered(connection) == {name_of(4, 1)}
        assert broken(connection)["I17"].examples == (name_of(4, 1),)


@pytest.mark.long
def test_one_installment_that_is_skipped_is_named_and_the_others_are_not(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_one(*arguments: Any) -> pl.DataFrame:
        is_skipped = (pl.col("policy_term_id") == 3) & (pl.col("installment_number") == 2)
        return due_charges(*arguments).filter(~is_skipped)

    fill_book(database, 12)
    monkeypatch.setattr(calculation, "due_charges", without_one)
    bill(database, tmp_path, FEBRUARY, APRIL)
    with database.transaction() as connection:
        assert recorded_faults(connection) == []
        assert unanswered(connection) == {name_of(3, 2)}


@pytest.mark.long
def test_a_book_that_was_billed_late_early_changed_and_held_has_an_outcome_for_everything(
    database: Database, tmp_path: Path
) -> None:
    fill_book(database, 12)
    bill(database, tmp_path, APRIL, FEBRUARY)
    change_premium(database, 3, 70_000)
    end_cover(database, 6, date(2024, 5, 15))
    end_cover(database, 4, date(2024, 2, 1))
    bill(database, tmp_path, JULY, date(2024, 12, 2))
    with database.transaction() as connection:
        assert unanswered(connection) == set()


@pytest.fixture
def skipped(database: Database) -> Database:
    """Three terms from 1 February 2024 (yearly, quarterly, monthly) that no run has ever answered for."""
    fill_book(database, 3)
    return database


def test_a_run_that_found_nothing_may_have_been_on_a_closed_day_and_proves_nothing(skipped: Database) -> None:
    add_run(skipped, JULY, due_count=0)
    with skipped.transaction() as connection:
        assert unanswered(connection) == set()


def test_of_seventeen_dates_in_a_row_one_was_open(skipped: Database) -> None:
    for number in range(17):
        add_run(skipped, FEBRUARY + timedelta(days=number), due_count=0)
        with skipped.transaction() as connection:
            # By 1 February the yearly term (from 2 January) and the quarterly one (from the 11th) were due.
            assert unanswered(connection) == ({name_of(1, 1), name_of(2, 1)} if number == 16 else set())


def test_an_installment_is_asked_for_only_after_the_longest_roll(skipped: Database) -> None:
    """Term 1 is billed 30 days before 1 February, on 2 January."""
    add_run(skipped, date(2024, 1, 17))
    with skipped.transaction() as connection:
        assert unanswered(connection) == set()
    add_run(skipped, date(2024, 1, 18))
    with skipped.transaction() as connection:
        assert unanswered(connection) == {name_of(1, 1)}


def test_a_run_answers_only_for_the_book_that_it_read(skipped: Database) -> None:
    change_premium(skipped, 1, 10_000)
    add_run(skipped, FEBRUARY, batch_id=1)
    with skipped.transaction() as connection:
        assert unanswered(connection) == {name_of(1, 1), name_of(2, 1)}
        connection.execute(text("update billing_run set book_batch_id = 0"))
        assert unanswered(connection) == set()


def test_the_check_of_a_date_looks_back_sixty_days_and_the_audit_at_everything(skipped: Database) -> None:
    add_run(skipped, JULY)
    with skipped.transaction() as connection:
        everything, window = unanswered(connection), unanswered(connection, [1])
        assert unanswered(connection, [77]) == set()
    assert {name_of(1, 1), name_of(2, 1), name_of(3, 1)} <= everything
    # Monthly: periods that begin up to 29 June (14 days after 15 June) and after 29 April.
    assert window == {name_of(3, 4), name_of(3, 5)}
    assert window < everything


def test_a_term_without_a_plan_row_is_named_until_it_has_an_outcome(
    skipped: Database, tmp_path: Path
) -> None:
    with skipped.transaction() as connection:
        connection.execute(text("update policy_term_version set hold_code = null"))
        connection.execute(text("set local role none"))
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text("update payment_plan set valid_from = '2025-01-01'"))
    add_run(skipped, FEBRUARY)
    with skipped.transaction() as connection:
        assert unanswered(connection) == {
            f"policy {number}: term {number} has no plan row and no outcome" for number in (1, 2, 3)
        }
    bill(skipped, tmp_path, APRIL)
    with skipped.transaction() as connection:
        assert unanswered(connection) == set()


def test_a_term_that_ended_before_the_cut_over_is_billed_what_was_due_after_it(
    database: Database, tmp_path: Path
) -> None:
    """60 days to pay: the yearly term of 2024 is due on 1 April; the book was taken over on 15 March."""
    own_plan = """
        insert into payment_plan (plan_code, frequency_code, lead_days, due_days, due_roll, generate_roll,
            valid_from, source)
        values ('late', 'yearly', 30, 60, 'following', 'preceding', '1990-01-01', 'board decision')
    """
    taken_over = """
        update policy_term_version set plan_code = 'late', cut_over_date = '2024-03-15',
            expiration_date = '2024-03-10' where policy_id = 1
    """
    fill_book(database, 1)
    with database.transaction() as connection:
        connection.execute(text(own_plan))
        connection.execute(text("set local role none"))
        connection.execute(text(taken_over))
    bill(database, tmp_path, APRIL)
    with database.transaction() as connection:
        assert connection.execute(text("select count(*) from invoice_line")).scalar_one() == 1
        assert unanswered(connection) == set()
    add_run(database, JULY)
    with database.transaction() as connection:
        assert unanswered(connection) == set()


def put(connection: Connection, policies: Iterable[ReferencePolicy]) -> None:
    rows = [{**asdict(policy), "id": number} for number, policy in enumerate(policies, start=1)]
    statements = (
        "insert into policy (company_id, policy_number) values (1, :policy_number)",
        "insert into policy_term (policy_id, effective_date) values (:id, :effective_date)",
        """
        insert into policy_term_version (policy_term_id, policy_id, company_id, payer_id, product_code,
            line_of_business, place_code, currency, plan_code, effective_date, expiration_date, anchor_date,
            cover_to_date, cut_over_date, premium_minor, content_sha256, batch_id)
        values (:id, :id, 1, 1, 'p', :line_of_business, :place_code, :currency, :plan_code, :effective_date,
            :expiration_date, :anchor_date, :cover_to_date, :cut_over_date, :premium_minor, '', 1)
        """,
    )
    for statement in statements:
        connection.execute(text(statement), rows)


def arranged_plans() -> tuple[PaymentPlan, ...]:
    """Return each shipped plan with a blackout, ten days to pay and, two of three times, five parts."""
    return tuple(
        replace(
            plan,
            plan_code=f"a_{plan.plan_code}",
            due_days=10,
            blackout_days=45,
            maximum_installment_count=5 * (number % 3 > 0),
        )
        for number, plan in enumerate(DEFAULT_PLANS)
    )


def is_cycle(policy: ReferencePolicy) -> bool:
    """Whether the policy is billed by days or months; the query knows no rules of RFC 5545."""
    return FREQUENCIES[plan_of(policy).frequency_code].unit in {"day", "month"}


def test_what_the_query_derives_from_the_book_is_what_the_slow_reference_derives(database: Database) -> None:
    """Every shipped plan rolls its due date forward and its billing date back; half are arranged too."""
    run_date = date(2024, 10, 15)
    policies = [policy for policy in random_policies(4711, 900) if is_cycle(policy)]
    policies[1::2] = [replace(policy, plan_code=f"a_{policy.plan_code}") for policy in policies[1::2]]
    plans = (*DEFAULT_PLANS, *arranged_plans())
    fill_book(database, 1)
    with database.transaction() as connection:
        connection.execute(text("set local role none"))
        for table in ("policy_term_version", "policy_term", "policy"):
            connection.execute(text(f"delete from {table}"))
            if table != "policy_term_version":
                connection.execute(text(f"alter table {table} alter column {table}_id restart"))
        put(connection, policies)
    add_plans(database, arranged_plans())
    add_run(database, run_date)
    expected = {
        name_of(number, item.number)
        for number, policy in enumerate(policies, start=1)
        for item in reference_installments(policy, "ES", plans=plans)
        if item.nominal_due_date - timedelta(days=plan_of(policy, plans).lead_days - REACH_DAYS) <= run_date
    }
    assert len(expected) > 2_500
    with database.transaction() as connection:
        assert unanswered(connection) == expected
