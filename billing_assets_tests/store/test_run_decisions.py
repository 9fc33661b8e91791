"""A decision is a row's change under its lock, taken once."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from billing_assets.domain.errors import BillingError
from billing_assets.domain.run_decisions import RunDecision, RunDecisionOrder
from billing_assets.store.connection import Database
from billing_assets.store.run_decisions import SqlRunDecisionStore
from billing_assets_tests.books import AT, billing_over, fill_book

APPROVE = RunDecisionOrder(run_id=1, decision=RunDecision.APPROVE, reason="seen", decided_by="A. Gil")


@pytest.fixture
def store(database: Database, tmp_path: Path) -> Iterator[SqlRunDecisionStore]:
    fill_book(database, 3)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.plan(billing.order(date(2024, 2, 1)))
        yield SqlRunDecisionStore(database, lambda: AT)


def test_a_decision_is_kept_with_why_who_and_when_and_is_taken_once(store: SqlRunDecisionStore) -> None:
    assert store.decide(1, APPROVE)
    assert not store.decide(1, replace(APPROVE, reason="again"))
    query = text("select decision_reason, decided_by, decided_at, state from billing_run")
    with store.database.transaction() as connection:
        assert tuple(connection.execute(query).one()) == ("seen", "A. Gil", AT, "planned")


def test_a_run_of_another_company_is_not_there(store: SqlRunDecisionStore) -> None:
    with pytest.raises(BillingError, match="run_unknown"):
        store.decide(2, APPROVE)


def test_an_approved_run_can_still_be_rejected_until_it_begins(store: SqlRunDecisionStore) -> None:
    store.decide(1, APPROVE)
    assert store.decide(1, replace(APPROVE, decision=RunDecision.REJECT))
    assert store.open_run(1, date(2024, 2, 1)) is None


def test_a_run_that_was_planned_by_an_older_program_shows_nothing_to_approve(
    store: SqlRunDecisionStore,
) -> None:
    with store.database.transaction() as connection:
        connection.execute(text("update billing_run set plan_sha256 = ''"))
    with pytest.raises(BillingError, match="planned without figures"):
        store.decide(1, APPROVE)


def test_the_store_itself_refuses_a_rejected_run_without_a_decision(store: SqlRunDecisionStore) -> None:
    with pytest.raises(IntegrityError), store.database.transaction() as connection:
        connection.execute(text("update billing_run set state = 'rejected'"))
