"""A held run issues nothing until somebody approves it, and then exactly what was shown, once."""

import threading
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from billing_assets.domain.errors import BillingError
from billing_assets.domain.run_decisions import RunDecision, RunDecisionOrder
from billing_assets.domain.safety_bounds import SafetyBounds
from billing_assets.store.companies import save_company
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import (
    AT,
    COMPANY,
    add_term,
    billing_over,
    change_premium,
    end_cover,
    fill_book,
)

FIRST, FEBRUARY, MARCH, LATER = date(2024, 1, 8), date(2024, 2, 1), date(2024, 3, 1), date(2024, 3, 13)


def prepare(database: Database, home: Path) -> None:
    """60 terms from 1 February, 20 of them monthly, billed since January; a fifth off holds a run."""
    fill_book(database, 60)
    bounded(database, SafetyBounds(minimum_invoices=10, total_percent=0))
    with ExitStack() as stack:
        program = billing_over(database, home, stack)
        for day in (FIRST, FEBRUARY):
            program.invoice(program.order(day))


def bounded(database: Database, bounds: SafetyBounds) -> None:
    with database.transaction() as connection:
        save_company(connection, replace(COMPANY, safety_bounds=bounds), AT)


def new_policies(billing: Billing, count: int) -> None:
    for number in range(count):
        add_term(billing.database, f"NEW-{number}", effective=MARCH, plan="monthly")


def row(billing: Billing, run_id: int) -> Any:
    with billing.database.transaction() as connection:
        return connection.execute(text("select * from billing_run where run_id = :r"), {"r": run_id}).one()


def count(billing: Billing, query: str) -> int:
    with billing.database.transaction() as connection:
        return int(connection.execute(text(query)).scalar_one())


def rehearse(billing: Billing, day: date = MARCH) -> int:
    return int(billing.plan(billing.order(day)).facts["run_id"])


def decide(
    billing: Billing, run_id: int, decision: RunDecision = RunDecision.APPROVE, shown: str = ""
) -> int:
    order = RunDecisionOrder(
        run_id=run_id, decision=decision, reason="seen", decided_by="A. Gil", shown_sha256=shown
    )
    return int(billing.decide(order).facts["is_repeat"])


def code_of(billing: Billing, day: date = MARCH) -> str:
    with pytest.raises(BillingError) as caught:
        billing.invoice(billing.order(day))
    return caught.value.code


def clean(billing: Billing) -> bool:
    """Whether each check of invoices and outcomes passes; a book that is made by hand breaks others."""
    broken = {result.check.check_id for result in billing.audit() if result.offender_count}
    return not broken & {"I01", "I02", "I07", "I08", "I17"}


@pytest.fixture
def held(billing: Billing) -> int:
    """The run of 1 March, held because 5 new policies are due beside the 20."""
    new_policies(billing, 5)
    assert code_of(billing) == "run_held"
    return rehearse(billing)


def test_a_run_that_is_off_by_exactly_a_fifth_issues(billing: Billing) -> None:
    new_policies(billing, 4)
    assert billing.invoice(billing.order(MARCH)).facts["invoice_count"] == 24


def test_a_run_that_comes_to_a_fifth_less_issues_and_one_less_still_is_held(billing: Billing) -> None:
    for policy_id in (3, 6, 9, 12):
        end_cover(billing.database, policy_id=policy_id, cover_to=MARCH)
    run_id = rehearse(billing)
    assert row(billing, run_id).state == "planned"
    end_cover(billing.database, policy_id=15, cover_to=MARCH)
    assert code_of(billing) == "run_held"


def test_a_held_run_shows_its_figures_and_has_written_nothing_else(billing: Billing, held: int) -> None:
    run = row(billing, held)
    assert run.state == "held"
    assert [each["bound"] for each in run.held_reasons] == ["invoice_count"]
    assert run.held_reasons[0]["found"] == "25 installments where there were 20 before, off by more than 20 %"
    assert sum(figure["charge_count"] for figure in run.rehearsal["figures"]) == 25
    assert count(billing, f"select count(*) from due_charge where run_id = {held}") == 0
    assert count(billing, f"select count(*) from invoice where run_id = {held}") == 0
    assert clean(billing)


def test_what_was_approved_is_issued_to_the_cent(billing: Billing, held: int) -> None:
    shown = row(billing, held).rehearsal["figures"]
    assert decide(billing, held) == 0
    assert billing.invoice(billing.order(MARCH)).facts == {
        "run_id": held,
        "due_count": 25,
        "invoice_count": 25,
    }
    sums = "select sum({}) from invoice where run_id = " + str(held)
    for name in ("net_minor", "tax_minor", "total_minor"):
        assert count(billing, sums.format(name)) == sum(figure[name] for figure in shown)
    assert (row(billing, held).decided_by, row(billing, held).decision_reason) == ("A. Gil", "seen")
    assert clean(billing)


def test_an_approval_is_void_after_the_book_moved_and_the_new_figures_wait_for_another(
    billing: Billing, held: int
) -> None:
    before = row(billing, held).plan_sha256
    decide(billing, held)
    add_term(billing.database, "LATE-1", effective=MARCH, plan="monthly")
    assert code_of(billing) == "run_changed_since"
    run = row(billing, held)
    assert (run.state, run.decided_at, run.due_count) == ("held", None, 26)
    assert run.plan_sha256 != before
    assert count(billing, f"select count(*) from invoice where run_id = {held}") == 0
    assert code_of(billing) == "run_changed_since"
    decide(billing, held)
    assert billing.invoice(billing.order(MARCH)).facts["invoice_count"] == 26


def test_an_approval_of_a_run_within_its_bounds_is_void_too_after_the_book_moved(billing: Billing) -> None:
    run_id = rehearse(billing)
    assert row(billing, run_id).state == "planned"
    decide(billing, run_id)
    change_premium(billing.database, policy_id=3, premium_minor=60_000)
    assert code_of(billing) == "run_changed_since"


def test_an_approval_of_what_another_date_has_billed_meanwhile_is_void_and_says_so(billing: Billing) -> None:
    run_id = rehearse(billing)
    issued = billing.invoice(billing.order(MARCH + timedelta(days=3))).facts["invoice_count"]
    decide(billing, run_id)
    assert code_of(billing) == "run_changed_since"
    assert (row(billing, run_id).state, row(billing, run_id).due_count) == ("held", 0)
    assert (issued, billing.invoice(billing.order(MARCH)).facts["invoice_count"]) == (20, 0)


def test_a_rehearsed_run_within_its_bounds_is_approved_and_issued(billing: Billing) -> None:
    run_id = rehearse(billing)
    decide(billing, run_id)
    assert billing.invoice(billing.order(MARCH)).facts["invoice_count"] == 20


def test_a_rehearsal_of_the_same_book_has_the_same_hash_and_keeps_an_approval(
    billing: Billing, held: int
) -> None:
    before = row(billing, held)
    decide(billing, held)
    rehearse(billing)
    assert row(billing, held).plan_sha256 == before.plan_sha256
    assert row(billing, held).decided_at is not None


def test_a_second_approval_changes_nothing_before_and_after_the_run(billing: Billing, held: int) -> None:
    assert decide(billing, held) == 0
    assert decide(billing, held) == 1
    billing.invoice(billing.order(MARCH))
    assert decide(billing, held) == 1
    assert billing.invoice(billing.order(MARCH)).facts["invoice_count"] == 0


def test_approvals_at_the_same_time_bill_once(billing: Billing, held: int) -> None:
    faults: list[Exception] = []

    def approve() -> None:
        try:
            decide(billing, held)
            billing.invoice(billing.order(MARCH))
        except Exception as error:  # noqa: BLE001 - handed to the test
            faults.append(error)

    threads = [threading.Thread(target=approve) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert count(billing, f"select count(*) from invoice where run_id = {held}") == 25


def test_what_dies_after_the_approval_is_taken_up_by_the_same_command(
    billing: Billing, held: int, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(billing, held)

    def die(*_: object, **_named: object) -> None:
        raise KeyboardInterrupt

    for step in ("start", "shard_work", "finalise"):
        monkeypatch.setattr(billing.runs, step, die)
        with pytest.raises(KeyboardInterrupt):
            billing.invoice(billing.order(MARCH))
        monkeypatch.undo()
    with ExitStack() as stack:
        again = billing_over(database, tmp_path, stack)
        again.invoice(again.order(MARCH))
    assert row(billing, held).state == "finalised"
    assert count(billing, f"select count(*) from invoice where run_id = {held}") == 25
    assert clean(billing)


def test_a_held_run_keeps_what_it_holds_and_other_dates_go_on(billing: Billing, held: int) -> None:
    add_term(billing.database, "LATER-1", effective=date(2024, 3, 26), plan="monthly")
    assert billing.invoice(billing.order(LATER)).facts["invoice_count"] == 1
    assert clean(billing)
    decide(billing, held)
    assert billing.invoice(billing.order(MARCH)).facts["invoice_count"] == 25
    assert clean(billing)


def test_a_rejected_plan_is_dropped_and_the_next_run_takes_what_is_due(billing: Billing, held: int) -> None:
    add_term(billing.database, "LATER-1", effective=date(2024, 3, 26), plan="monthly")
    billing.invoice(billing.order(LATER))
    assert decide(billing, held, RunDecision.REJECT) == 0
    assert decide(billing, held, RunDecision.REJECT) == 1
    assert row(billing, held).state == "rejected"
    assert clean(billing)
    for number in range(5):
        end_cover(billing.database, policy_id=61 + number, cover_to=MARCH)
    result = billing.invoice(billing.order(MARCH))
    assert result.facts["run_id"] != held
    assert result.facts["invoice_count"] == 20
    assert clean(billing)


def test_a_run_that_has_begun_or_was_never_there_cannot_be_decided_on(billing: Billing) -> None:
    for run_id, code in ((1, "run_not_open"), (99, "run_unknown")):
        for decision in RunDecision:
            with pytest.raises(BillingError) as caught:
                decide(billing, run_id, decision)
            assert caught.value.code == code


def test_an_approval_of_figures_that_the_run_no_longer_shows_is_refused(billing: Billing, held: int) -> None:
    with pytest.raises(BillingError) as caught:
        decide(billing, held, shown="0000")
    assert caught.value.code == "run_changed_since"
    assert decide(billing, held, shown=row(billing, held).plan_sha256[:8]) == 0


@pytest.mark.parametrize(("premium_minor", "is_held"), [(30_000, False), (30_001, True)])
def test_a_renewal_above_three_times_the_last_bill_holds_the_run_and_names_the_policy(
    billing: Billing, premium_minor: int, *, is_held: bool
) -> None:
    add_term(billing.database, "REN-1", effective=date(2023, 3, 13), premium_minor=10_000)
    billing.invoice(billing.order(date(2024, 2, 2)))
    add_term(billing.database, "REN-1", effective=LATER, premium_minor=premium_minor, is_renewal=True)
    run = row(billing, rehearse(billing, LATER))
    assert run.state == ("held" if is_held else "planned")
    named = [(each["policy_number"], each["last_minor"]) for each in run.rehearsal["outliers"]]
    assert named == ([("REN-1", 10_815)] if is_held else [])


def test_more_than_half_a_percent_of_problems_holds_the_run(billing: Billing) -> None:
    bounded(billing.database, SafetyBounds(minimum_problems=2))
    for number in range(2):
        add_term(billing.database, f"OLD-{number}", effective=date(1998, 2, 1), place="GB", currency="GBP")
    assert code_of(billing) == "run_held"
    assert row(billing, rehearse(billing)).rehearsal["problem_count"] == 2
