"""Plans, checkpoints and reports of runs, and what becomes of a run that another program has touched."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.errors import BillingError
from billing_assets.domain.runs import CurrencyTotal, Outcome, RunOrder, RunState
from billing_assets.domain.selections import EVERYTHING
from billing_assets.steps.run_ports import Run, RunBasis, Shard, silent
from billing_assets.store.connection import Database
from billing_assets.store.runs import SqlRunStore
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import billing_over, fill_book, plan_of
from billing_assets_tests.databases import run_sql

FEBRUARY = date(2024, 2, 1)
ORDER = RunOrder(company_code="alondra", billing_date=FEBRUARY, issuing_date=FEBRUARY)
TOTALS = (CurrencyTotal(outcome=Outcome.INVOICED, currency="EUR", charge_count=3, net_minor=150_006),)
SHARDS = (Shard(shard_number=0, from_policy_id=1, to_policy_id=4),)


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    fill_book(database, 20)
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


@pytest.fixture
def store(billing: Billing) -> SqlRunStore:
    return billing.runs


def plan(store: SqlRunStore, issuing_date: date = FEBRUARY) -> Run:
    order = replace(ORDER, issuing_date=issuing_date)
    return store.record_plan(1, order, RunBasis(batch_id=1), SHARDS, plan_of(TOTALS))


def accept(_totals: tuple[CurrencyTotal, ...]) -> None:
    """Prove nothing: these runs have no rows."""


def test_a_plan_comes_back_as_recorded_and_can_be_rewritten(store: SqlRunStore) -> None:
    first = plan(store)
    assert (first.state, first.due_count, first.plan_totals) == (RunState.PLANNED, 3, TOTALS)
    again = plan(store, date(2024, 3, 1))
    assert again.run_id == first.run_id
    assert again.issuing_date == date(2024, 3, 1)
    assert store.open_run(1, FEBRUARY) == again
    assert store.pending_shards(first.run_id) == SHARDS


def test_a_begun_run_keeps_its_plan_whoever_comes(store: SqlRunStore) -> None:
    run = plan(store)
    store.start(run.run_id)
    with pytest.raises(BillingError) as caught:
        plan(store, date(2024, 3, 1))
    assert caught.value.code == "run_taken"
    found = store.open_run(1, FEBRUARY)
    assert found is not None
    assert (found.issuing_date, found.state) == (FEBRUARY, RunState.RUNNING)


def test_shards_hold_about_the_same_number_of_terms_however_ids_are_spread(
    store: SqlRunStore, database: Database
) -> None:
    spread = """
        insert into policy (policy_id, company_id, policy_number) overriding system value
            select 1000000 + g * 5000, 1, 'FAR-' || g from generate_series(1, 10) g;
        insert into policy_term (policy_id, effective_date)
            select policy_id, '2024-02-01' from policy where policy_id > 1000000;
        insert into policy_term_version (policy_term_id, policy_id, company_id, payer_id, product_code,
            line_of_business, place_code, currency, plan_code, effective_date, expiration_date, anchor_date,
            cut_over_date, premium_minor, content_sha256, batch_id)
        select t.policy_term_id, t.policy_id, 1, 1, 'x', 'motor', 'ES', 'EUR', 'yearly', '2024-02-01',
            '2025-02-01', '2024-02-01', '1950-01-01', 1, 'x', 1
        from policy_term t where policy_id > 1000000
    """
    run_sql(database.engine.url.render_as_string(hide_password=False), f"set search_path = billing; {spread}")
    position = store.book_position(1, 5)
    assert position.batch_id == 1
    far = [1_010_000 + 5_000 * number for number in range(9)]
    assert position.policy_borders == (1, 4, 9, 14, 19, far[2], far[7], 1_050_001)


@pytest.mark.parametrize(("size", "borders"), [(1, 21), (2, 12), (8, 4), (40, 2), (50, 2)])
def test_the_first_shard_is_half_as_large_and_no_shard_is_empty(
    store: SqlRunStore, size: int, borders: int
) -> None:
    found = store.book_position(1, size).policy_borders
    assert len(found) == borders
    assert (found[0], found[-1]) == (1, 21)
    sizes = [following - first for first, following in pairwise(found)]
    assert sizes[0] == max(min(size // 2, 20), 1)
    assert all(0 < each <= size for each in sizes)


def test_an_empty_book_has_no_borders_to_speak_of(store: SqlRunStore) -> None:
    position = store.book_position(99, 5)
    assert (position.batch_id, position.policy_borders) == (0, (1,))


def test_a_shard_is_claimed_once_and_seen_as_done_by_the_next(store: SqlRunStore) -> None:
    run = plan(store)
    with store.shard_work(run, SHARDS[0]) as work:
        assert not work.is_done
        work.checkpoint(3, 3, {"write": 0.5})
    assert store.pending_shards(run.run_id) == ()
    with store.shard_work(run, SHARDS[0]) as work:
        assert work.is_done


def test_an_error_in_a_shard_leaves_it_pending(store: SqlRunStore) -> None:
    run = plan(store)

    def fail() -> None:
        with store.shard_work(run, SHARDS[0]) as work:
            work.checkpoint(3, 3, {})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert store.pending_shards(run.run_id) == SHARDS


def test_the_report_adds_up_the_seconds_of_all_shards_whoever_did_them(store: SqlRunStore) -> None:
    shards = tuple(Shard(shard_number=n, from_policy_id=n, to_policy_id=n + 1) for n in range(2))
    run = store.record_plan(1, ORDER, RunBasis(batch_id=1), shards, plan_of())
    for shard in shards:
        with store.shard_work(run, shard) as work:
            work.checkpoint(0, 0, {"read": 0.25, "write": 1.5})
    store.finalise(run.run_id, {"plan": 0.125}, prove=accept)
    with store.database.transaction() as connection:
        report = connection.execute(text("select report from billing_run")).scalar_one()
    assert report["seconds"] == {"plan": "0.125", "read": "0.500", "write": "3.000"}
    assert store.has_finalised_run(1, FEBRUARY, EVERYTHING)


def test_a_finalised_run_keeps_its_first_report(store: SqlRunStore) -> None:
    run = plan(store)
    for seconds in (1.0, 2.0):
        store.finalise(run.run_id, {"plan": seconds}, prove=accept)
    with store.database.transaction() as connection:
        report = connection.execute(text("select report from billing_run")).scalar_one()
    assert report["seconds"] == {"plan": "1.000"}


def test_a_run_whose_totals_are_not_accepted_is_not_finalised(store: SqlRunStore) -> None:
    run = plan(store)

    def refuse(totals: tuple[CurrencyTotal, ...]) -> None:
        assert totals == ()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.finalise(run.run_id, {}, prove=refuse)
    assert store.open_run(1, FEBRUARY) is not None


def test_rule_rows_and_issuer_come_from_the_store(store: SqlRunStore) -> None:
    assert store.issuer("alondra").company_id == 1
    rules = store.rule_rows()
    assert rules.tax_rules.height > 5
    assert "monthly" in rules.plans["plan_code"].to_list()


def test_one_company_runs_at_a_time(store: SqlRunStore) -> None:
    told: list[str] = []

    def give_up(stage: str, _done: int, _total: int) -> None:
        told.append(stage)
        raise TimeoutError

    def second() -> None:
        with store.lock_runs(1, give_up):
            pytest.fail("two programs hold the run lock")

    with store.lock_runs(1, silent), pytest.raises(TimeoutError):
        second()
    assert told == ["waiting for another run of this company"]
