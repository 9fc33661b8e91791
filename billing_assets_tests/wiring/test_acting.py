"""The program working for somebody: the same connections, and their name under what they do."""

from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.access import PROGRAM, Actor, ActorKind
from billing_assets.domain.errors import BillingError
from billing_assets.domain.run_decisions import RunDecision, RunDecisionOrder
from billing_assets.store.connection import Database
from billing_assets.wiring.acting import acting_as, acting_for
from billing_assets.wiring.desk import Desk
from billing_assets_tests.books import billing_over, fill_book

ANA = Actor(kind=ActorKind.USER, name="ana@example.com")


def decision(run_id: int, name: str) -> RunDecisionOrder:
    return RunDecisionOrder(run_id=run_id, decision=RunDecision.APPROVE, reason="seen", decided_by=name)


def test_whoever_asked_for_a_run_cannot_approve_it_and_another_person_can(
    database: Database, tmp_path: Path
) -> None:
    fill_book(database, 30)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        hers = acting_as(billing, ANA)
        assert hers.database.engine.pool is billing.database.engine.pool
        hers.plan(hers.order(date(2024, 2, 1)))
        (run,) = Desk(hers).runs(1)
        with pytest.raises(BillingError, match=r"asked for by ana@example\.com") as refusal:
            hers.decide(decision(run.run_id, "Ana@example.com"))
        assert refusal.value.code == "four_eyes"
        acting_as(billing, Actor(kind=ActorKind.USER, name="luis@example.com")).decide(
            decision(run.run_id, "luis@example.com")
        )
    with database.transaction() as connection:
        query = "select actor_name, act from audit_entry where subject_kind = 'run'"
        assert connection.execute(text(query)).all() == [("luis@example.com", "approve_run")]


def test_the_program_itself_stays_as_it_was(database: Database, tmp_path: Path) -> None:
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        acting_as(billing, ANA)
        assert billing.database.actor == PROGRAM


def test_what_is_done_in_an_open_transaction_falls_with_it(database: Database, tmp_path: Path) -> None:
    fill_book(database, 1)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        with database.acting_as(ANA).session() as connection, connection.begin() as transaction:
            twin = acting_for(billing, ANA, "alondra", connection)
            assert twin.company_code() == "alondra"
            assert Desk(twin).company_id == 1
            with twin.database.transaction() as own:
                own.execute(text("insert into payer (company_id, payer_key) values (1, 'K-new')"))
            transaction.rollback()
        with database.transaction() as after:
            assert (
                after.execute(text("select count(*) from payer where payer_key = 'K-new'")).scalar_one() == 0
            )
