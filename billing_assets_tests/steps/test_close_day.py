"""A company closes days of its own: with a reason, not for too long, and never what was billed before."""

from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.calendar_rule import Purpose
from billing_assets.domain.errors import BillingError
from billing_assets.steps import crews
from billing_assets.steps.calendar_ports import ClosedDayOrder
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import billing_over, fill_book
from billing_assets_tests.state import business_state
from billing_assets_tests.steps.outbox import broken_invariants

FEBRUARY = date(2024, 2, 1)
BILLED_ON = date(2024, 3, 15)
"""A Friday on which a policy with monthly installments has one that is due in April."""
FIRST_DAY = date(2024, 2, 16)
"""The first day after February began on which something is due: a Friday."""
POLICIES = 6


def prepare(database: Database, home: Path) -> None:
    fill_book(database, POLICIES)
    with ExitStack() as stack:
        opened = billing_over(database, home, stack)
        opened.invoice(opened.order(FEBRUARY))


def order(
    day: date, *, is_closed: bool = True, purpose: Purpose | None = None, note: str = "the office moves"
) -> ClosedDayOrder:
    return ClosedDayOrder(day=day, is_closed=is_closed, purpose=purpose, note=note, recorded_by="ana")


def invoice(billing: Billing, day: date) -> int:
    return int(billing.invoice(billing.order(day)).facts["invoice_count"])


def changed(billing: Billing, what: ClosedDayOrder) -> int:
    return int(billing.close_day(what).facts["changed_count"])


def test_a_day_that_is_closed_bills_nothing_and_the_next_open_day_bills_it(billing: Billing) -> None:
    day, following = FIRST_DAY, FIRST_DAY + timedelta(days=3)
    due_count = billing.plan(billing.order(following), is_dry_run=True).facts["due_count"]
    assert changed(billing, order(day)) == 1
    assert (invoice(billing, day), invoice(billing, following)) == (0, due_count)
    assert broken_invariants(billing) == []


@pytest.mark.long
def test_closing_a_day_that_was_billed_changes_nothing_of_it_and_doubles_nothing(billing: Billing) -> None:
    day = FIRST_DAY
    assert invoice(billing, day - timedelta(days=1)) == 0
    assert invoice(billing, day) > 0
    before = business_state(billing.database)
    for is_closed in (True, False):
        billing.close_day(order(day, is_closed=is_closed))
        assert invoice(billing, day) == 0
        assert invoice(billing, day - timedelta(days=1)) == 0
        assert business_state(billing.database) == before
    assert broken_invariants(billing) == []


def test_a_day_that_is_opened_again_bills_what_it_would_have(billing: Billing) -> None:
    day = FIRST_DAY
    due_count = billing.plan(billing.order(day), is_dry_run=True).facts["due_count"]
    billing.close_day(order(day))
    assert invoice(billing, day) == 0
    billing.close_day(order(day, is_closed=False))
    assert invoice(billing, day) == due_count


@pytest.mark.long
def test_days_that_are_closed_and_opened_between_runs_bill_each_installment_once(billing: Billing) -> None:
    """Every other run goes by other closed days; at the end nothing is missing and nothing is double."""
    day, last = date(2024, 2, 20), date(2024, 6, 28)
    while day <= last:
        billing.close_day(order(day + timedelta(days=9)))
        invoice(billing, day)
        billing.close_day(order(day + timedelta(days=9), is_closed=False))
        day += timedelta(days=10)
    invoice(billing, last)
    with billing.database.transaction() as connection:
        query = "select policy_term_id, installment_number from invoice_line order by 1, 2"
        lines = [tuple(row) for row in connection.execute(text(query))]
    assert len(lines) == len(set(lines))
    assert billing.plan(billing.order(last), is_dry_run=True).facts["due_count"] == 0
    counts = {term: sum(1 for found, _ in lines if found == term) for term, _ in lines}
    # Monthly, yearly and quarterly plans in turn; by the end of June that of July has been made.
    assert sorted(set(counts.values())) == [1, 2, 6]
    assert broken_invariants(billing) == []


@pytest.mark.long
@pytest.mark.parametrize("kept_count", [0, 100], ids=["read again", "kept in memory"])
def test_a_run_that_was_begun_keeps_the_days_that_it_saw(
    billing: Billing, monkeypatch: pytest.MonkeyPatch, kept_count: int
) -> None:
    monkeypatch.setattr(crews, "KEPT_CHARGES", kept_count)
    day = FIRST_DAY
    planned = billing.plan(billing.order(day))
    billing.runs.start(int(planned.facts["run_id"]))
    billing.close_day(order(day))
    assert invoice(billing, day) == planned.facts["due_count"]
    assert broken_invariants(billing) == []


def test_a_plan_that_was_not_begun_is_made_anew(billing: Billing) -> None:
    day = FIRST_DAY
    billing.plan(billing.order(day))
    billing.close_day(order(day))
    assert invoice(billing, day) == 0
    assert broken_invariants(billing) == []


def test_closing_twice_keeps_one_record_and_opening_for_one_purpose_leaves_the_others(
    billing: Billing,
) -> None:
    assert [changed(billing, order(BILLED_ON)) for _ in range(2)] == [1, 0]
    assert changed(billing, order(BILLED_ON, is_closed=False, purpose=Purpose.SEND)) == 1
    closed = billing.runs.closed_days(1, 2**62)
    assert [BILLED_ON in closed.of(purpose) for purpose in Purpose] == [True, False, True, True, False]


@pytest.mark.parametrize(
    ("what", "code"),
    [
        (order(BILLED_ON, is_closed=False), "day_not_closed"),
        (order(BILLED_ON, purpose=Purpose.LEGAL), "purpose_not_own"),
        (order(BILLED_ON, note=" "), "note_missing"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_recorded(
    billing: Billing, what: ClosedDayOrder, code: str
) -> None:
    with pytest.raises(BillingError) as caught:
        billing.close_day(what)
    assert caught.value.code == code
    assert not any(billing.runs.closed_days(1, 2**62).of(purpose) for purpose in Purpose)


def test_no_calendar_may_be_closed_for_longer_than_a_run_looks_ahead(billing: Billing) -> None:
    """Two working weeks with the weekends around them are 16 days; the Monday after would be the 17th."""
    monday = date(2024, 10, 14)
    for week in range(2):
        for weekday in range(5):
            day = monday + timedelta(days=7 * week + weekday)
            assert changed(billing, order(day, purpose=Purpose.GENERATE)) == 1
    with pytest.raises(BillingError, match="17 days in a row would be closed") as caught:
        billing.close_day(order(monday + timedelta(days=14), purpose=Purpose.GENERATE))
    assert caught.value.code == "closed_too_long"
    assert changed(billing, order(monday + timedelta(days=15), purpose=Purpose.GENERATE)) == 1


def test_days_for_due_dates_count_together_with_the_closed_days_of_every_place(billing: Billing) -> None:
    """Golden Week of 2019 closed Japan from 27 April to 6 May; four more days and a weekend make 16."""
    for number in range(7, 11):
        assert changed(billing, order(date(2019, 5, number), purpose=Purpose.DUE)) == 1
    with pytest.raises(BillingError, match=r"closed for 'due', 17 days in a row would be closed \(JP\)"):
        billing.close_day(order(date(2019, 5, 13), purpose=Purpose.DUE))
    assert changed(billing, order(date(2019, 5, 13), purpose=Purpose.GENERATE)) == 1
