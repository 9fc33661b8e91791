"""A selection of a date is billed by itself; with the run of the date it comes to what one run would be."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.run_decisions import RunDecision, RunDecisionOrder
from billing_assets.domain.runs import RunOrder
from billing_assets.domain.selections import EVERYTHING, Selection
from billing_assets.steps import plan_due_charges as planning
from billing_assets.store.certificates import read_certificate
from billing_assets.store.connection import Database
from billing_assets.store.late_runs import list_late_runs
from billing_assets.store.run_listings import last_run_of, last_runs_of
from billing_assets.wiring.build import Billing
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.on_demand import OnDemandDesk
from billing_assets_tests.books import billing_over
from billing_assets_tests.changes import broken, queried
from billing_assets_tests.selected import MIXTURES, billed_lines, fill_mixed_book, import_rows, rows

JANUARY, FEBRUARY, MARCH = date(2025, 1, 2), date(2025, 2, 3), date(2025, 3, 3)
MOTOR = Selection(product_codes=("motor",))
BROKER = Selection(payer_groups=("broker",))
SPANISH_MOTOR = Selection(product_codes=("motor",), place_codes=("ES",), plan_codes=("monthly", "yearly"))


def prepare(database: Database, home: Path) -> None:
    fill_mixed_book(database, home)


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "SHARD_TERMS", 10)


@pytest.fixture
def at_once(
    fresh_database: Callable[[], Database], billing: Billing, tmp_path: Path
) -> Callable[..., list[tuple[object, ...]]]:
    """What one run of the whole book bills on each of some dates, in a store of its own."""

    def lines(*days: date) -> list[tuple[object, ...]]:
        database = fresh_database()
        fill_mixed_book(database, tmp_path)
        with ExitStack() as stack:
            other = billing_over(database, tmp_path, stack)
            for day in days:
                bill(other, day)
            return billed_lines(other)

    return lines


def order(billing: Billing, day: date, selection: Selection = EVERYTHING) -> RunOrder:
    return replace(billing.order(day), selection=selection)


def bill(billing: Billing, day: date, selection: Selection = EVERYTHING) -> int:
    """Bill; return how many charges were due."""
    return int(billing.invoice(order(billing, day, selection)).facts["due_count"])


def differing(billing: Billing, first: date, last: date) -> int:
    return int(billing.replay(first, last).result.facts["difference_count"])


def refusal(act: Callable[[], object]) -> BillingError:
    with pytest.raises(BillingError) as caught:
        act()
    return caught.value


@pytest.mark.parametrize(
    ("selection", "count"),
    [
        (MOTOR, len(MIXTURES) // 2),
        (BROKER, len(MIXTURES) // 3),
        (SPANISH_MOTOR, len(MIXTURES) // 6),
        (Selection(plan_codes=("fleet",), payer_groups=("broker", "partner")), len(MIXTURES) * 2 // 9),
    ],
)
@pytest.mark.long
def test_a_selection_and_the_rest_are_what_one_run_is(
    billing: Billing, at_once: Callable[..., list[tuple[object, ...]]], selection: Selection, count: int
) -> None:
    assert bill(billing, JANUARY, selection) == count
    assert bill(billing, JANUARY, selection) == 0
    assert bill(billing, JANUARY) == len(MIXTURES) - count
    assert bill(billing, JANUARY) == bill(billing, JANUARY, selection) == 0
    assert billed_lines(billing) == at_once(JANUARY)
    assert broken(billing) == {}
    assert differing(billing, JANUARY, JANUARY) == 0


@pytest.mark.long
def test_after_the_run_of_the_date_a_selection_has_nothing_left(
    billing: Billing, at_once: Callable[..., list[tuple[object, ...]]]
) -> None:
    assert bill(billing, JANUARY) == len(MIXTURES)
    assert bill(billing, JANUARY, MOTOR) == 0
    assert queried(billing, "select count(*) from billing_run") == [(1,)]
    assert bill(billing, FEBRUARY, BROKER) > 0
    assert bill(billing, FEBRUARY) > 0
    assert billed_lines(billing) == at_once(JANUARY, FEBRUARY)
    assert broken(billing) == {}
    assert differing(billing, JANUARY, FEBRUARY) == 0


def test_a_date_is_not_settled_by_a_selection_however_much_it_billed(billing: Billing) -> None:
    bill(billing, JANUARY, Selection(product_codes=("home", "motor")))
    assert late(billing) == []
    assert billing.runs.run_dates(1, JANUARY) is None
    assert not billing.runs.has_finalised_run(1, JANUARY, EVERYTHING)
    # The run of the date finds nothing left, and is there all the same: the date is final by it.
    assert billing.invoice(order(billing, JANUARY)).facts["due_count"] == 0
    assert queried(billing, "select selection, due_count from billing_run order by run_id") == [
        ({"product_codes": ["home", "motor"]}, len(MIXTURES)),
        ({}, 0),
    ]
    assert billing.runs.has_finalised_run(1, JANUARY, MOTOR)
    bill(billing, FEBRUARY, MOTOR)
    assert late(billing) == [(FEBRUARY, "not_begun")]
    bill(billing, FEBRUARY)
    assert late(billing) == []


def late(billing: Billing) -> list[tuple[date, str]]:
    with billing.database.transaction() as connection:
        found = list_late_runs(connection, 1, date(2025, 1, 1), FEBRUARY)
    return [(each.billing_date, each.state) for each in found if each.billing_date in {JANUARY, FEBRUARY}]


def test_of_a_date_one_selection_is_open_at_a_time(billing: Billing) -> None:
    run_id = billing.plan(order(billing, JANUARY, MOTOR)).facts["run_id"]
    for other in (EVERYTHING, BROKER):
        error = refusal(lambda other=other: bill(billing, JANUARY, other))  # type: ignore[misc]
        assert error.code == "run_of_other_selection"
        assert error.found == f"run {run_id} of 2025-01-02 is planned; it bills product motor"
        assert "'billing run 2025-01-02 --product motor' finishes it" in error.todo
        assert f"'billing runs reject {run_id}' drops it" in error.todo
    assert refusal(lambda: billing.plan(order(billing, JANUARY))).code == "run_of_other_selection"
    assert bill(billing, FEBRUARY, BROKER) > 0
    billing.decide(
        RunDecisionOrder(run_id=int(run_id), decision=RunDecision.REJECT, reason="no", decided_by="ana")
    )
    assert bill(billing, JANUARY) > 0


def test_a_run_of_the_whole_book_stands_in_the_way_of_a_selection_too(billing: Billing) -> None:
    billing.plan(order(billing, JANUARY))
    error = refusal(lambda: bill(billing, JANUARY, MOTOR))
    assert error.found == "run 1 of 2025-01-02 is planned; it bills every policy"
    assert "'billing run 2025-01-02' finishes it" in error.todo


@pytest.mark.long
def test_an_interrupted_selection_is_finished_by_its_own_command_alone(billing: Billing) -> None:
    def stop(stage: str, done: int, _total: int) -> None:
        if stage == "invoicing" and done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        billing.invoice(order(billing, JANUARY, MOTOR), progress=stop)
    error = refusal(lambda: bill(billing, JANUARY))
    assert "is running" in error.found
    assert "reject" not in error.todo
    assert refusal(lambda: billing.plan(order(billing, JANUARY), is_dry_run=True)).code == error.code
    assert bill(billing, JANUARY, MOTOR) == len(MIXTURES) // 2
    assert bill(billing, JANUARY) == len(MIXTURES) // 2
    assert broken(billing) == {}
    assert differing(billing, JANUARY, JANUARY) == 0


def test_the_certificate_counts_what_was_selected_and_ties(billing: Billing) -> None:
    bill(billing, JANUARY, BROKER)
    bill(billing, JANUARY)
    with billing.database.transaction() as connection:
        selected, whole = (read_certificate(connection, 1, run_id).record for run_id in (1, 2))
    assert selected["is_complete"]
    assert selected["run"]["selection"] == {"payer_groups": ["broker"]}
    assert sum(row["term_count"] for row in selected["book"]["terms"]) == len(MIXTURES) // 3
    assert whole["is_complete"]
    assert "selection" not in whole["run"]
    assert sum(row["term_count"] for row in whole["book"]["terms"]) == len(MIXTURES)
    [earlier] = whole["earlier_runs"]
    assert (earlier["run_id"], earlier["selection"]) == (1, {"payer_groups": ["broker"]})


@pytest.mark.long
def test_a_payer_is_of_the_group_that_the_book_of_the_run_gave(billing: Billing, tmp_path: Path) -> None:
    before = bill(billing, JANUARY, BROKER)
    moved = [{**row, "group": "broker"} if row["group"] == "partner" else row for row in rows()]
    import_rows(billing.database, tmp_path, moved)
    assert bill(billing, JANUARY, BROKER) == before
    assert bill(billing, JANUARY) == len(MIXTURES) // 3
    assert broken(billing) == {}
    assert differing(billing, JANUARY, JANUARY) == 0


@pytest.mark.long
def test_a_selection_is_compared_with_the_like_and_the_rest_with_all_of_it(billing: Billing) -> None:
    bill(billing, JANUARY)
    bill(billing, FEBRUARY)
    counts = []
    for selection in (MOTOR, EVERYTHING):
        planned = billing.plan(order(billing, MARCH, selection))
        rehearsal = Desk(billing).run(int(planned.facts["run_id"])).rehearsal
        assert rehearsal is not None
        counts.append(
            {
                (row["charge_count"], row["before_count"])
                for row in rehearsal["comparisons"]
                if row["before_count"]
            }
        )
        bill(billing, MARCH, selection)
    monthly = len(MIXTURES) * 2 // 3
    assert counts == [{(monthly // 4, monthly // 4)}, {(monthly // 2, monthly // 2)}]
    assert broken(billing) == {}


def test_a_dry_run_counts_the_selection_and_writes_nothing(billing: Billing) -> None:
    found = billing.plan(order(billing, JANUARY, BROKER), is_dry_run=True)
    assert found.facts == {"due_count": len(MIXTURES) // 3}
    assert queried(billing, "select count(*) from billing_run") == [(0,)]
    preview = billing.preview_catch_up(order(billing, MARCH, BROKER))
    assert 0 < preview.per_period_count < billing.preview_catch_up(order(billing, MARCH)).per_period_count


def test_an_approved_selection_bills_what_was_shown(billing: Billing) -> None:
    run_id = int(billing.plan(order(billing, JANUARY, MOTOR)).facts["run_id"])
    billing.decide(
        RunDecisionOrder(run_id=run_id, decision=RunDecision.APPROVE, reason="right", decided_by="ana")
    )
    again = billing.order_of_run(run_id)
    assert again.selection == MOTOR
    assert billing.invoice(again).facts["due_count"] == len(MIXTURES) // 2
    detail = Desk(billing).run(run_id)
    assert detail.report["selection"] == {"product_codes": ["motor"]}
    assert [row.selection for row in Desk(billing).runs(5)] == [MOTOR]


def test_a_shard_that_takes_another_selection_than_its_run_is_found(billing: Billing) -> None:
    bill(billing, JANUARY, MOTOR)
    with billing.database.transaction() as connection:
        connection.exec_driver_sql("reset role")
        connection.exec_driver_sql("set local session_replication_role = replica")
        change = "update billing.run_shard set product_codes = '{home}' where shard_number = 0"
        connection.exec_driver_sql(change)
        connection.exec_driver_sql("set role billing_app")
    [(check_id, examples)] = broken(billing).items()
    assert check_id == "I17"
    assert "run 1: shard 0 takes another selection than its run" in examples


def test_a_month_is_not_closed_by_a_selection(billing: Billing) -> None:
    bill(billing, JANUARY, MOTOR)
    obstacles = "select obstacle_count from month_obstacles(1::smallint, '2025-01-01', 0) "
    of_code = f"{obstacles} where obstacle_code = 'no_finished_run'"
    assert queried(billing, of_code) == [(1,)]
    bill(billing, JANUARY)
    assert queried(billing, of_code) == []


def test_the_last_run_of_a_date_is_told_by_its_selection(billing: Billing) -> None:
    bill(billing, JANUARY, MOTOR)
    bill(billing, JANUARY, BROKER)
    bill(billing, JANUARY)
    with billing.database.transaction() as connection:
        found = last_runs_of(connection, 1, [JANUARY, FEBRUARY])
        assert last_run_of(connection, 1, JANUARY) == 3
    assert found == {(JANUARY, MOTOR): 1, (JANUARY, BROKER): 2, (JANUARY, EVERYTHING): 3}


@pytest.mark.long
def test_what_fails_in_a_selection_is_tried_again_and_told_once_on_its_date(
    billing: Billing, tmp_path: Path
) -> None:
    untaxed = {"line": "surplus_lines", "place": "US-IL", "currency": "USD", "no": "U1", "payer": "KU"}
    import_rows(billing.database, tmp_path, [*rows(), {**rows()[0], **untaxed}])
    assert bill(billing, JANUARY, Selection(place_codes=("US-IL",))) == 1
    [failed] = OnDemandDesk(billing).failed_charges()
    assert bill(billing, JANUARY) == len(MIXTURES)
    assert [each.policy_term_id for each in OnDemandDesk(billing).failed_charges()] == [failed.policy_term_id]
    assert broken(billing) == {}
    assert differing(billing, JANUARY, JANUARY) == 0


def test_a_code_that_nothing_in_the_book_has_bills_nothing_and_says_so(billing: Billing) -> None:
    with pytest.raises(BillingError, match="its products are home, motor"):
        bill(billing, JANUARY, Selection(product_codes=("caravan",)))
    assert queried(billing, "select count(*) from billing_run") == [(0,)]
