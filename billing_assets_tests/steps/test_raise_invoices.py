"""A billing date is invoiced exactly once, whoever asks and however often."""

import threading
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from billing_assets.domain.errors import BillingError
from billing_assets.domain.runs import CatchUp, Outcome
from billing_assets.steps import crews
from billing_assets.steps import plan_due_charges as planning
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import add_term, change_premium, end_cover, fill_book
from billing_assets_tests.state import business_state

FEBRUARY = date(2024, 2, 1)


def prepare(database: Database, home: Path) -> None:
    fill_book(database, 60)


def count(billing: Billing, query: str) -> int:
    with billing.database.transaction() as connection:
        return int(connection.execute(text(query)).scalar_one())


def test_each_due_installment_is_invoiced_with_lines_taxes_and_outcome(billing: Billing) -> None:
    result = billing.invoice(billing.order(FEBRUARY))
    assert result.facts["invoice_count"] == 60
    assert count(billing, "select count(*) from invoice") == 60
    assert count(billing, "select count(*) from invoice_line") == 60
    assert count(billing, "select count(*) from invoice_tax") == 120
    assert count(billing, "select count(*) from due_charge where outcome = 'invoiced'") == 60
    total = sum(total.net_minor for total in result.totals if total.outcome is Outcome.INVOICED)
    assert count(billing, "select sum(net_minor) from invoice") == total


def test_a_yearly_premium_of_500_01_carries_40_00_ips_and_75_cents_levy(billing: Billing) -> None:
    billing.invoice(billing.order(FEBRUARY))
    query = """
        select i.net_minor, i.tax_minor from invoice i join invoice_line l using (invoice_id)
        join policy_term t using (policy_term_id) where t.policy_id = 1
    """
    with billing.database.transaction() as connection:
        assert tuple(connection.execute(text(query)).one()) == (50_001, 4_000 + 75)


def test_a_second_run_of_the_date_writes_nothing(billing: Billing) -> None:
    billing.invoice(billing.order(FEBRUARY))
    before = business_state(billing.database)
    rows = count(billing, "select count(*) from billing_run")
    again = billing.invoice(billing.order(FEBRUARY))
    assert again.facts == {"due_count": 0, "invoice_count": 0}
    assert business_state(billing.database) == before
    assert count(billing, "select count(*) from billing_run") == rows


def test_runs_of_one_date_at_the_same_time_make_one_set_of_invoices(billing: Billing) -> None:
    faults: list[Exception] = []

    def bill() -> None:
        try:
            billing.invoice(billing.order(FEBRUARY))
        except Exception as error:  # noqa: BLE001 - handed to the test
            faults.append(error)

    threads = [threading.Thread(target=bill) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert count(billing, "select count(*) from invoice") == 60
    assert count(billing, "select max(invoice_number) from invoice") == 60


def test_a_missed_date_is_caught_up_by_the_next_run(billing: Billing) -> None:
    billing.invoice(billing.order(date(2024, 4, 15)))
    months = (
        "select count(*) from invoice_line l join policy_term t using (policy_term_id) where t.policy_id = 3"
    )
    assert count(billing, months) == 3
    billing.invoice(billing.order(date(2024, 3, 15)))
    assert count(billing, months) == 3


@pytest.mark.long
def test_what_was_missed_makes_one_invoice_for_each_term_where_that_is_asked_for(billing: Billing) -> None:
    day = date(2024, 4, 15)
    order = billing.order(day, catch_up=CatchUp.ONE_INVOICE)
    preview = billing.preview_catch_up(order)
    result = billing.invoice(order)
    assert result.facts["invoice_count"] == preview.one_invoice_count == 60
    assert preview.per_period_count > 60
    lines = (
        "select count(*) from invoice_line join policy_term using (policy_term_id) where policy_id = 3 "
        "and invoice_id = (select invoice_id from invoice_line join policy_term using (policy_term_id) "
        "where policy_id = 3 limit 1)"
    )
    assert count(billing, lines) == 3
    due = "select count(*) from invoice where due_date < date '2024-04-29'"  # two weeks to pay, by the plans
    assert count(billing, due) == 0
    assert billing.invoice(billing.order(day)).facts["invoice_count"] == 0
    assert billing.replay(day, day).differences == ()
    assert all(not each.offender_count for each in billing.audit())


def test_a_planned_run_keeps_how_it_catches_up_unless_it_is_asked_otherwise(billing: Billing) -> None:
    day = date(2024, 4, 15)
    billing.plan(billing.order(day, catch_up=CatchUp.ONE_INVOICE))
    assert billing.invoice(billing.order(day)).facts["invoice_count"] == 60


def test_a_run_that_has_begun_goes_on_as_it_began(billing: Billing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "SHARD_TERMS", 30)
    order = billing.order(date(2024, 4, 15), catch_up=CatchUp.ONE_INVOICE)
    stop_after_first = iter([None])

    def stop(_stage: str, done: int, _total: int) -> None:
        if _stage == "invoicing" and done == 1 and next(stop_after_first, "") is None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        billing.invoice(order, progress=stop)
    billing.invoice(billing.order(date(2024, 4, 15)))
    assert count(billing, "select count(*) from invoice") == 60


def test_a_closed_day_bills_nothing_and_is_complete(billing: Billing) -> None:
    sunday = date(2024, 2, 4)
    assert billing.invoice(billing.order(sunday)).facts["due_count"] == 0
    assert count(billing, "select count(*) from billing_run where state = 'finalised'") == 1


def test_issue_dates_never_run_backwards_along_the_numbers(billing: Billing) -> None:
    billing.invoice(billing.order(date(2024, 6, 3)))
    add_term(billing.database, "LATE-1", effective=date(2024, 2, 1))
    billing.invoice(billing.order(date(2024, 5, 2)))
    query = "select issue_date, due_date from invoice order by invoice_number desc limit 1"
    with billing.database.transaction() as connection:
        issue_date, due_date = connection.execute(text(query)).one()
    assert issue_date == date(2024, 6, 3)
    assert due_date >= issue_date


def test_shards_give_the_same_business_state_as_one_piece(
    billing: Billing, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "SHARD_TERMS", 7)
    monkeypatch.setattr(crews, "KEPT_CHARGES", 20)
    billing.invoice(billing.order(FEBRUARY))
    assert count(billing, "select count(*) from run_shard where committed_at is not null") == 9
    assert count(billing, "select count(*) from invoice") == 60
    assert count(billing, "select count(distinct invoice_number) from invoice") == 60


def test_a_dry_run_counts_and_writes_nothing(billing: Billing) -> None:
    result = billing.plan(billing.order(FEBRUARY), is_dry_run=True)
    assert result.facts == {"due_count": 60}
    assert count(billing, "select count(*) from billing_run") == 0


def test_a_recorded_plan_is_used_by_the_run_and_rewritten_when_the_book_moves(billing: Billing) -> None:
    planned = billing.plan(billing.order(FEBRUARY))
    assert count(billing, "select count(*) from billing_run where state = 'planned'") == 1
    result = billing.invoice(billing.order(FEBRUARY))
    assert result.facts["run_id"] == planned.facts["run_id"]


def test_a_place_without_a_tax_row_fails_its_charges_with_the_reason(billing: Billing) -> None:
    add_term(billing.database, "OLD-GB", effective=date(1998, 2, 1), place="GB", currency="GBP")
    result = billing.invoice(billing.order(FEBRUARY))
    failed = [total for total in result.totals if total.outcome is Outcome.FAILED]
    assert [(total.currency, total.charge_count, total.net_minor) for total in failed] == [("GBP", 1, 10_000)]
    assert result.facts["invoice_count"] == 60
    query = "select distinct reason_code from due_charge where outcome = 'failed'"
    with billing.database.transaction() as connection:
        assert list(connection.execute(text(query)).scalars()) == ["no_tax_rule"]
    assert billing.invoice(billing.order(FEBRUARY)).facts["due_count"] == 0


def test_the_store_itself_refuses_to_bill_an_installment_twice(billing: Billing) -> None:
    billing.invoice(billing.order(FEBRUARY))
    again = """
        insert into invoice_line select invoice_id, line_number + 1, company_id, policy_term_id,
            policy_term_version_id, payer_id, charge_kind, installment_number, installment_count, revision,
            period_from_date, period_to_date, net_minor, tax_minor from invoice_line limit 1
    """
    with (
        pytest.raises(IntegrityError, match="invoice_line_billed_once"),
        billing.database.transaction() as connection,
    ):
        connection.execute(text(again))


def test_an_unknown_company_is_named(billing: Billing) -> None:
    order = billing.order(FEBRUARY)
    with pytest.raises(BillingError, match="known: alondra"):
        billing.runs.issuer(order.company_code + "x")


def test_a_term_whose_premium_changed_after_it_was_billed_is_held_whenever_the_change_came(
    billing: Billing,
) -> None:
    billing.invoice(billing.order(FEBRUARY))
    change_premium(billing.database, policy_id=3, premium_minor=99_999)
    result = billing.invoice(billing.order(date(2024, 3, 1)))
    held = [total for total in result.totals if total.outcome is Outcome.HELD]
    assert [total.charge_count for total in held] == [1]
    query = "select distinct reason_code from due_charge where outcome = 'held'"
    with billing.database.transaction() as connection:
        assert list(connection.execute(text(query)).scalars()) == ["changed_after_billing"]


def test_a_zero_that_the_book_corrects_is_billed(billing: Billing) -> None:
    add_term(billing.database, "ZERO-1", effective=date(2024, 2, 1), premium_minor=0)
    billing.invoice(billing.order(FEBRUARY))
    assert count(billing, "select count(*) from due_charge where outcome = 'zero'") == 1
    change_premium(billing.database, policy_id=61, premium_minor=12_000)
    assert billing.invoice(billing.order(FEBRUARY)).facts["invoice_count"] == 1
    lines = "select l.net_minor from invoice_line l join policy_term t using (policy_term_id)"
    assert count(billing, f"{lines} where policy_id = 61") == 12_000


def test_cover_that_turns_out_longer_than_a_billed_part_is_held(billing: Billing) -> None:
    end_cover(billing.database, policy_id=3, cover_to=date(2024, 2, 11))
    billing.invoice(billing.order(FEBRUARY))
    end_cover(billing.database, policy_id=3, cover_to=None)
    result = billing.invoice(billing.order(date(2024, 3, 1)))
    held = [total.charge_count for total in result.totals if total.outcome is Outcome.HELD]
    assert held == [1]


def test_an_installment_that_falls_due_after_its_term_ended_before_the_cut_over_is_billed(
    billing: Billing,
) -> None:
    """Of a term that ends on 1 January only the installment of 1 December is due, on 10 January."""
    plan = text(
        "insert into payment_plan (plan_code, frequency_code, lead_days, due_days, due_roll, generate_roll, "
        "valid_from, source) values ('late', 'monthly', 0, 40, 'none', 'none', '1990-01-01', 'a test')"
    )
    with billing.database.transaction() as connection:
        connection.execute(plan)
    add_term(
        billing.database,
        "LATE-1",
        effective=date(2024, 1, 1),
        plan="late",
        cut_over=date(2025, 1, 1),
    )
    billing.invoice(billing.order(date(2025, 1, 10)))
    lines = (
        "select l.installment_number from invoice_line l join policy_term using (policy_term_id) "
        "join policy using (policy_id) where policy_number = 'LATE-1'"
    )
    with billing.database.transaction() as connection:
        assert list(connection.execute(text(lines)).scalars()) == [12]


def test_a_date_too_far_ahead_is_refused_because_numbers_never_go_back_in_time(billing: Billing) -> None:
    with pytest.raises(BillingError, match="more than 60 days ahead"):
        billing.order(date(2099, 1, 31))
