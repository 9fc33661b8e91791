"""A policy is billed on demand once, as its run would have billed it, whatever runs beside it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from billing_assets.domain.credits import WantedCredit
from billing_assets.domain.on_demand import Answer, InboxEntry, RequestState
from billing_assets.steps import plan_due_charges as planning
from billing_assets.steps.run_ports import Run, Shard, silent
from billing_assets.store.connection import Database
from billing_assets.store.invoices import ShardTransaction
from billing_assets.store.runs import SqlRunStore
from billing_assets.wiring.build import Billing, utc_now
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.on_demand import OnDemandDesk
from billing_assets_tests.books import add_term, billing_over, change_premium, fill_book
from billing_assets_tests.changes import change_row, import_changes
from billing_assets_tests.state import business_state

TODAY, FEBRUARY, MARCH = date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)
YEARLY, QUARTERLY, MONTHLY = "POL-00000001", "POL-00000002", "POL-00000003"


@pytest.fixture
def fresh(database: Database, tmp_path: Path) -> Iterator[Billing]:
    """The program over a book of twelve policies of which nothing is billed."""
    fill_book(database, 12)
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


def ask(billing: Billing, policy: str = MONTHLY, until: date | None = None, day: date = TODAY) -> Answer:
    return OnDemandDesk(billing).invoice(policy, until, billing_date=day)


def lines(billing: Billing) -> list[tuple[Any, ...]]:
    """What is billed, without the numbers of its documents."""
    return sorted(row[2:] for row in business_state(billing.database)["lines"])


def prefixes(billing: Billing) -> list[str]:
    return [str(row[0]) for row in business_state(billing.database)["invoices"]]


def require_sound(billing: Billing) -> None:
    """Every invariant holds, and every run comes out again as it was."""
    assert [result for result in billing.audit() if result.offender_count] == []
    replay = billing.replay(date(2024, 1, 1), date(2025, 12, 31))
    assert replay.differences == ()


def test_the_next_installment_is_billed_though_its_billing_date_lies_ahead(fresh: Billing) -> None:
    answer = ask(fresh)
    assert (answer.state, answer.reason_code, answer.until) == (RequestState.DONE, "", date(2024, 1, 18))
    (number,) = OnDemandDesk(fresh).numbers_of(answer)
    assert number == "OND-00000001"
    assert ask(fresh).until == date(2024, 2, 16)
    assert len(Desk(fresh).invoice(number).invoice.lines) == 1
    require_sound(fresh)


def test_until_a_date_every_installment_is_billed_that_has_its_billing_date_by_then(fresh: Billing) -> None:
    answer = ask(fresh, until=date(2024, 4, 1))
    assert len(OnDemandDesk(fresh).numbers_of(answer)) == 3
    again = ask(fresh, until=date(2024, 4, 1))
    assert (again.state, again.reason_code, again.run_id) == (RequestState.DONE, "nothing_due", None)
    require_sound(fresh)


@pytest.mark.long
def test_it_is_billed_as_the_run_of_the_date_bills_it_and_that_run_bills_the_others(
    fresh: Billing, fresh_database: Callable[[], Database], tmp_path: Path
) -> None:
    for policy in (YEARLY, QUARTERLY, MONTHLY):
        ask(fresh, policy)
    fresh.invoice(fresh.order(FEBRUARY))
    assert sorted(prefixes(fresh)) == ["INV-"] * 9 + ["OND-"] * 3
    other = fresh_database()
    fill_book(other, 12)
    with ExitStack() as stack:
        bulk = billing_over(other, tmp_path, stack)
        bulk.invoice(bulk.order(FEBRUARY))
        assert lines(fresh) == lines(bulk)
    require_sound(fresh)


def test_an_unknown_policy_fails_and_a_held_one_tells_why(fresh: Billing) -> None:
    assert ask(fresh, "NONE").reason_code == "policy_unknown"
    ask(fresh)
    change_premium(fresh.database, 3, 99_900)
    held = ask(fresh, until=MARCH)
    assert (held.state, held.reason_code) == (RequestState.FAILED, "changed_after_billing")
    assert prefixes(fresh) == ["OND-"]


@pytest.mark.parametrize("until", [None, MARCH])
def test_a_held_policy_tells_why_when_all_of_it_is_billed(fresh: Billing, until: date | None) -> None:
    ask(fresh, YEARLY)
    assert ask(fresh, YEARLY, until).reason_code == "nothing_due"
    change_premium(fresh.database, 1, 99_900)
    held = ask(fresh, YEARLY, until)
    assert (held.state, held.reason_code) == (RequestState.FAILED, "changed_after_billing")


def test_a_policy_without_a_plan_row_fails_with_that_reason(fresh: Billing) -> None:
    add_term(fresh.database, "PLANLESS", effective=FEBRUARY, plan="nobody")
    found = ask(fresh, "PLANLESS")
    assert (found.state, found.reason_code) == (RequestState.FAILED, "no_plan_row")
    assert ask(fresh, "PLANLESS", date(2024, 1, 15)).reason_code == "nothing_due"


@pytest.mark.long
def test_changes_of_a_term_are_settled_on_demand_and_what_is_given_back_too(
    billing: Billing, tmp_path: Path
) -> None:
    import_changes(billing, tmp_path, change_row(1, 1, "cancellation", MARCH, method="pro_rata"))
    answer = ask(billing, YEARLY, date(2024, 3, 4), date(2024, 3, 4))
    assert OnDemandDesk(billing).numbers_of(answer) == ("CRN-00000001",)
    assert ask(billing, YEARLY, date(2024, 3, 4), date(2024, 3, 4)).run_id is None
    billing.invoice(billing.order(date(2024, 3, 4)))
    assert sum(prefix == "CRN-" for prefix in prefixes(billing)) == 1
    assert billing.replay(TODAY, date(2024, 3, 5)).differences == ()


def test_an_invoice_on_demand_is_explained_and_listed_as_any_other(fresh: Billing) -> None:
    answer = ask(fresh)
    desk = Desk(fresh)
    (number,) = OnDemandDesk(fresh).numbers_of(answer)
    assert "OND-00000001" in str(desk.explain(number, language="en"))
    assert desk.run(answer.run_id or 0).report["run_kind"] == "on_demand"
    assert [row.run_kind for row in desk.runs(5)] == ["on_demand"]


def test_its_documents_are_printed_and_credited_as_those_of_a_run(fresh: Billing) -> None:
    (number,) = OnDemandDesk(fresh).numbers_of(ask(fresh))
    assert fresh.print(TODAY).facts["document_count"] == 1
    wanted = [WantedCredit(invoice_number=number)]
    order = fresh.credit_order(wanted, reason="sold", approved_by="ana", billing_date=TODAY)
    assert fresh.credit(order).numbers == ("CRN-00000001",)
    require_sound(fresh)


def test_what_a_held_run_bills_is_left_to_it(fresh: Billing) -> None:
    fresh.plan(fresh.order(FEBRUARY))
    with fresh.database.transaction() as connection:
        connection.execute(text("update billing_run set state = 'held'"))
    answer = ask(fresh)
    assert (answer.state, answer.reason_code, answer.run_id) == (RequestState.WAITING, "run_held", 1)
    assert prefixes(fresh) == []


def test_of_several_held_runs_the_first_that_bills_it_is_named(fresh: Billing) -> None:
    for day in (date(2024, 1, 2), FEBRUARY, MARCH):
        fresh.plan(fresh.order(day))
        with fresh.database.transaction() as connection:
            connection.execute(text("update billing_run set state = 'held'"))
    with fresh.database.transaction() as connection:
        rows = connection.execute(text("select run_id, billing_date from billing_run"))
        dates = {row.run_id: row.billing_date for row in rows}
    answer = ask(fresh)
    assert answer.run_id is not None
    assert dates[answer.run_id] == FEBRUARY


class PausedStore(SqlRunStore):
    """A store of runs that stops before its second shard until it is let go."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, utc_now)
        self.is_there, self.may_go = threading.Event(), threading.Event()

    @contextmanager
    def shard_work(self, run: Run, shard: Shard) -> Iterator[ShardTransaction]:
        if shard.shard_number == 1:
            self.is_there.set()
            assert self.may_go.wait(60)
        with super().shard_work(run, shard) as work:
            yield work


@pytest.mark.long
@pytest.mark.parametrize("keeps_drafts", [True, False])
def test_beside_a_run_only_what_it_has_committed_is_billed_and_the_rest_comes_with_it(
    fresh: Billing, monkeypatch: pytest.MonkeyPatch, *, keeps_drafts: bool
) -> None:
    monkeypatch.setattr(planning, "SHARD_TERMS", 8)
    if not keeps_drafts:
        monkeypatch.setattr("billing_assets.steps.crews.KEPT_CHARGES", 0)
    store = PausedStore(fresh.database)
    fresh.runs = store
    run = threading.Thread(target=lambda: fresh.invoice(fresh.order(FEBRUARY)))
    run.start()
    assert store.is_there.wait(60)
    while not prefixes(fresh):
        store.is_there.wait(0.1)
    committed, pending = ask(fresh), ask(fresh, "POL-00000012", FEBRUARY)
    assert (committed.state, committed.until) == (RequestState.DONE, date(2024, 2, 16))
    assert (pending.state, pending.reason_code) == (RequestState.WAITING, "run_in_progress")
    store.may_go.set()
    run.join(60)
    desk = OnDemandDesk(fresh)
    assert desk.drain(billing_date=TODAY).facts["done_count"] == 1
    assert [row.reason_code for row in desk.requests()] == ["nothing_due"]
    assert sorted(prefixes(fresh)) == ["INV-"] * 12 + ["OND-"]
    require_sound(fresh)


def test_while_a_run_plans_a_request_waits_with_the_date_of_its_next_installment(fresh: Billing) -> None:
    with fresh.runs.lock_runs(1, silent):
        answer = ask(fresh)
        assert (answer.state, answer.reason_code) == (RequestState.WAITING, "run_in_progress")
        assert OnDemandDesk(fresh).open_count() == 0
    assert OnDemandDesk(fresh).open_count() == 1
    fresh.invoice(fresh.order(FEBRUARY))
    desk = OnDemandDesk(fresh)
    assert desk.drain(billing_date=TODAY).facts == {
        "request_count": 1,
        "done_count": 1,
        "failed_count": 0,
        "waiting_count": 0,
        "run_count": 0,
    }
    assert desk.requests()[0].until_date == date(2024, 1, 18)
    assert prefixes(fresh) == ["INV-"] * 12


def test_a_run_that_begins_waits_for_the_requests_that_are_being_answered(fresh: Billing) -> None:
    desk = OnDemandDesk(fresh)
    done: list[int] = []
    run = threading.Thread(
        target=lambda: done.append(int(fresh.invoice(fresh.order(FEBRUARY)).facts["invoice_count"]))
    )
    with desk.store.on_demand("alondra") as work:
        assert work.standing([MONTHLY]).busy_ids == frozenset()
        run.start()
        run.join(1)
        assert done == []
        assert business_state(fresh.database)["runs"] == []
    run.join(60)
    assert done == [12]


def test_many_requests_for_one_policy_at_once_bill_it_once(fresh: Billing) -> None:
    ready = threading.Barrier(4)
    answers: list[Answer] = []

    def hurry() -> None:
        desk = OnDemandDesk(fresh)
        ready.wait(30)
        answers.append(desk.invoice(MONTHLY, FEBRUARY, billing_date=TODAY))

    threads = [threading.Thread(target=hurry) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answer.reason_code for answer in answers) == ["", *["nothing_due"] * 3]
    assert prefixes(fresh) == ["OND-"]
    require_sound(fresh)


@pytest.mark.long
def test_a_drain_and_single_requests_at_once_bill_each_policy_once(fresh: Billing) -> None:
    policies = [f"POL-{number:08d}" for number in range(1, 13)]
    OnDemandDesk(fresh).add(
        [InboxEntry(request_key=policy, policy_number=policy, until=FEBRUARY) for policy in policies]
    )
    drain = threading.Thread(target=lambda: OnDemandDesk(fresh).drain(batch_requests=5, billing_date=TODAY))
    drain.start()
    singles = OnDemandDesk(fresh)
    for policy in policies[::-1]:
        singles.invoice(policy, FEBRUARY, billing_date=TODAY)
    drain.join(60)
    assert len(prefixes(fresh)) == 12
    assert {row.state for row in singles.requests()} == {"done"}
    require_sound(fresh)
