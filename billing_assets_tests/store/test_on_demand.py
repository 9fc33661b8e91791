"""Where the company stands is read anew for each request, and what rarely changes only when it has."""

from contextlib import suppress
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text

from billing_assets.domain.payment_plans import DEFAULT_PLANS
from billing_assets.store.companies import save_company
from billing_assets.store.connection import Database
from billing_assets.store.locks import LockSpace, hold_in_transaction
from billing_assets.store.on_demand import SqlOnDemandStore
from billing_assets.wiring.build import utc_now
from billing_assets_tests.books import AT, COMPANY, fill_book

POLICY = "POL-00000001"


@pytest.fixture
def store(database: Database) -> SqlOnDemandStore:
    """A store with two policies."""
    fill_book(database, 2)
    return SqlOnDemandStore(database, utc_now)


def test_rules_are_kept_until_a_row_is_added_or_ended(store: SqlOnDemandStore) -> None:
    def rules() -> object:
        with store.on_demand("alondra") as work:
            return work.standing([POLICY]).rules

    first = rules()
    assert rules() is first
    with store.database.transaction() as connection:
        connection.execute(text("reset role"))
        connection.execute(
            text("update payment_plan set valid_to = :day where plan_code = :plan"),
            {"day": date(2030, 1, 1), "plan": DEFAULT_PLANS[0].plan_code},
        )
    ended = rules()
    assert ended is not first
    assert rules() is ended


def test_rules_of_a_transaction_that_failed_are_read_again(store: SqlOnDemandStore) -> None:
    with suppress(RuntimeError), store.on_demand("alondra") as work:
        work.standing([POLICY])
        raise RuntimeError
    with store.on_demand("alondra") as work:
        rule_set_id = work.standing([POLICY]).rule_set_id
    with store.database.transaction() as connection:
        query = text("select count(*) from rule_set where rule_set_id = :id")
        assert connection.execute(query, {"id": rule_set_id}).scalar_one() == 1


def test_new_settings_of_the_company_hold_for_the_next_request(store: SqlOnDemandStore) -> None:
    with store.on_demand("alondra") as work:
        work.standing([POLICY])
    with store.database.transaction() as connection:
        save_company(connection, replace(COMPANY, phone="+34 1"), AT)
    with store.on_demand("alondra") as work:
        assert work.standing([POLICY]).issuer.company.phone == "+34 1"
    assert store.issuer("alondra").company.phone == "+34 1"


def test_policies_are_found_by_number_and_busy_while_a_run_or_an_import_is_on(
    store: SqlOnDemandStore, database: Database
) -> None:
    with store.on_demand("alondra") as work:
        free = work.standing([POLICY, "NONE"])
    assert (dict(free.policy_ids), free.busy_ids) == ({POLICY: 1}, frozenset())
    with database.transaction() as connection:
        hold_in_transaction(connection, LockSpace.RUNS, 1)
        with store.on_demand("alondra") as work:
            assert work.standing([POLICY]).busy_ids == frozenset({1})


def test_no_policy_at_all_reads_no_term(store: SqlOnDemandStore) -> None:
    with store.on_demand("alondra") as work:
        book = work.read_book(work.standing(["NONE"]), ())
    assert book.terms.is_empty()
