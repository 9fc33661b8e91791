"""Intake of payments: each entry once, bad ones as problems, the same file again without effect."""

from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.feeds.payment_lists import PaymentFiles
from billing_assets.steps.record_payments import record_payments
from billing_assets.steps.result import StepResult
from billing_assets.store.connection import Database
from billing_assets.store.payments import SqlPaymentStore
from billing_assets_tests.databases import Prepare
from billing_assets_tests.paid_books import balances, bill_monthly, clock, paid, record, returned, rows
from billing_assets_tests.statements import Booked, statement


@pytest.fixture
def preparation() -> Prepare:
    return bill_monthly


def bring_in(database: Database, path: Path) -> StepResult:
    return record_payments(
        path, "ana", reader=PaymentFiles(), store=SqlPaymentStore(database, 1), clock=clock
    )


def written(tmp_path: Path, *lines: str, name: str = "payments.csv") -> Path:
    path = tmp_path / name
    path.write_text("\n".join(["key,value_date,amount,currency,payer_key,returns", *lines]) + "\n")
    return path


def test_a_file_is_taken_once(database: Database, tmp_path: Path) -> None:
    path = written(tmp_path, "a,2024-03-01,10.00,EUR,K1,", "b,2024-03-01,5.00,EUR,,")
    first = bring_in(database, path)
    assert (first.facts["new_count"], first.facts["is_repeat"]) == (2, 0)
    assert balances(database) == {1000: 1500, 2100: -1000, 2150: -500} | _of_documents(database)
    before = rows(database, "select * from payment order by 1")
    again = bring_in(database, path)
    assert (again.facts["new_count"], again.facts["is_repeat"]) == (0, 1)
    assert rows(database, "select * from payment order by 1") == before
    assert rows(database, "select count(*) from payment_file") == [(1,)]


def _of_documents(database: Database) -> dict[int, int]:
    return {number: sum_ for number, sum_ in balances(database).items() if number in {1200, 2200, 4000}}


def test_an_entry_of_another_file_is_a_repeat_and_of_another_amount_a_problem(
    database: Database, tmp_path: Path
) -> None:
    bring_in(database, written(tmp_path, "a,2024-03-01,10.00,EUR,,"))
    second = written(tmp_path, "a,2024-03-01,10.00,EUR,,", "b,2024-03-01,1.00,EUR,,", name="2.csv")
    result = bring_in(database, second)
    assert (result.facts["new_count"], result.facts["duplicate_count"]) == (1, 1)
    third = bring_in(database, written(tmp_path, "a,2024-03-01,11.00,EUR,,", name="3.csv"))
    assert third.problem_count == 1
    assert rows(database, "select problem_code from problem") == [("payment_key_conflict",)]


def test_of_a_key_that_is_told_twice_in_one_file_no_copy_is_taken(database: Database, tmp_path: Path) -> None:
    path = written(
        tmp_path, "a,2024-03-01,10.00,EUR,,", "a,2024-03-01,11.00,EUR,,", "a,2024-03-01,10.00,EUR,,"
    )
    result = bring_in(database, path)
    assert (result.facts["new_count"], result.problem_count) == (0, 3)


def test_an_unknown_payer_is_a_problem_and_the_file_adds_up(database: Database, tmp_path: Path) -> None:
    result = bring_in(database, written(tmp_path, "a,2024-03-01,10.00,EUR,NOBODY,", "b,2024-03-01,x,EUR,,"))
    assert result.problem_count == 2
    found = rows(database, "select problem_code, field_name, original_value from problem order by problem_id")
    assert set(found) == {
        ("payment_payer_unknown", "payer_key", "NOBODY"),
        ("payment_amount_not_a_number", "amount", "x"),
    }
    assert rows(database, "select entry_count, new_count, problem_count from payment_file") == [(2, 0, 2)]


def test_a_statement_is_taken_with_its_returns(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "statement.xml"
    entries = [
        Booked(amount="10.00", reference="R1", end_to_end="E1"),
        Booked(amount="10.00", is_credit=False, reference="R2", reason="AM04", end_to_end="E1"),
    ]
    path.write_bytes(statement(entries))
    assert bring_in(database, path).facts["new_count"] == 2
    assert rows(database, "select reason_code, original_key from payment_return") == [("AM04", "E1")]


def test_an_entry_by_hand_is_taken_once_and_never_changed(database: Database) -> None:
    assert record(database, paid("a", 5), paid("a", 5), returned("r", "a", 5), returned("r", "a", 5)) == [
        True,
        False,
        True,
        False,
    ]
    with pytest.raises(BillingError, match="payment_key_conflict"):
        record(database, paid("a", 6))
    with pytest.raises(BillingError, match="payment_payer_unknown"):
        record(database, paid("b", 6, payer_key="NOBODY"))


def test_intake_stands_in_the_audit_log(database: Database) -> None:
    record(database, paid("a", 5))
    assert rows(database, "select act, signed_by from audit_entry where act = 'record_payments'") == [
        ("record_payments", "ana")
    ]
