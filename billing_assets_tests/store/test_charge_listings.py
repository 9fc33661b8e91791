"""What became of each policy of a run can be looked up, page by page."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.errors import BillingError
from billing_assets.domain.payment_plans import PaymentPlan
from billing_assets.store.charge_listings import ChargeFilter, ChargeRow
from billing_assets.store.connection import Database
from billing_assets.wiring.desk import Desk
from billing_assets_tests.books import add_term, billing_over, change_premium, fill_book
from billing_assets_tests.reference.test_store_agreement import add_plans


def prepare(database: Database, home: Path) -> None:
    """Bill twelve policies, and one that no tax row falls on."""
    fill_book(database, 12)
    add_term(database, "OLD-GB", effective=date(1998, 2, 1), place="GB", currency="GBP")
    with ExitStack() as stack:
        billing = billing_over(database, home, stack)
        billing.invoice(billing.order(date(2024, 2, 1)))


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[Desk]:
    with ExitStack() as stack:
        yield Desk(billing_over(database, tmp_path, stack))


def test_every_charge_of_a_run_is_listed_once_over_pages(desk: Desk) -> None:
    seen: list[ChargeRow] = []
    after = None
    while page := desk.charges(ChargeFilter(run_id=1, limit=5, after=after)):
        seen += page
        after = (page[-1].policy_number, page[-1].installment_number)
    assert len(seen) == 13
    assert [row.policy_number for row in seen] == sorted(row.policy_number for row in seen)
    assert sum(bool(row.invoice_number) for row in seen) == 12


def test_a_page_holds_an_installment_with_its_fee(
    fresh_database: Callable[[], Database], tmp_path: Path
) -> None:
    database = fresh_database()
    fee = PaymentPlan(
        plan_code="with_fee",
        frequency_code="monthly",
        lead_days=14,
        installment_fee_minor=3_50,
        currency="EUR",
        source="board",
    )
    fill_book(database, 3)
    add_plans(database, (fee,))
    with database.transaction() as connection:
        connection.execute(text("set local role none"))
        connection.execute(text("update policy_term_version set plan_code = 'with_fee'"))
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.invoice(billing.order(date(2024, 2, 1)))
        desk = Desk(billing)
        first = desk.charges(ChargeFilter(run_id=1, limit=1))
        rest = desk.charges(ChargeFilter(run_id=1, after=(first[-1].policy_number, 1)))
    assert [row.charge_kind for row in first] == ["premium", "installment_fee"]
    assert [(row.charge_kind, row.outcome) for row in (*first, *rest)] == [
        ("premium", "invoiced"),
        ("installment_fee", "invoiced"),
    ] * 3


def test_a_failed_charge_is_found_by_its_outcome_with_policy_and_reason(desk: Desk) -> None:
    (row,) = desk.charges(ChargeFilter(run_id=1, outcome="failed"))
    found = (row.policy_number, row.reason_code, row.currency, row.net_minor, row.invoice_number)
    assert found == ("OLD-GB", "no_tax_rule", "GBP", 10_000, "")


def test_a_charge_names_the_payer_and_one_payer_can_be_asked_for(desk: Desk) -> None:
    rows = desk.charges(ChargeFilter(run_id=1, payer_key="K3"))
    assert [(row.policy_number, row.payer_key) for row in rows] == [("POL-00000003", "K3")]


def test_one_policy_can_be_asked_for(desk: Desk) -> None:
    rows = desk.charges(ChargeFilter(run_id=1, policy_number="POL-00000003"))
    assert [(row.outcome, row.installment_number) for row in rows] == [("invoiced", 1)]


def test_a_run_that_does_not_exist_is_named(desk: Desk) -> None:
    with pytest.raises(BillingError, match="no run 99"):
        desk.charges(ChargeFilter(run_id=99))


def standing(desk: Desk, day: date) -> list[tuple[str, int, int]]:
    return [(row.outcome, row.charge_count, row.run_id) for row in desk.standing_charges(day)]


@pytest.mark.long
def test_a_failed_charge_stands_on_its_dates_until_it_is_billed(desk: Desk) -> None:
    later = date(2024, 2, 2)
    assert standing(desk, date(2024, 2, 1)) == [("failed", 1, 1)]
    for _ in range(2):
        desk.billing.invoice(desk.billing.order(later))
    assert standing(desk, later) == [("failed", 1, 2)]
    assert standing(desk, date(2024, 2, 3)) == []
    answer = """
        insert into due_charge select 3, policy_term_id, installment_number, revision, company_id,
            policy_term_version_id, payer_id, charge_kind, 'zero', 'zero_premium', billing_date, due_date,
            period_from_date, period_to_date, currency, 0, null
        from due_charge where run_id = 2
    """
    with desk.database.transaction() as connection:
        connection.execute(text(answer))
    assert (standing(desk, date(2024, 2, 1)), standing(desk, later)) == ([], [])


def test_what_stands_is_counted_by_the_run_that_lists_it(desk: Desk) -> None:
    """A number of charges beside the name of another run would send people to a list without them."""
    day = date(2024, 2, 1)
    add_term(desk.database, "OLDER-GB", effective=date(1998, 2, 1), place="GB", currency="GBP")
    desk.billing.invoice(desk.billing.order(day))
    found = standing(desk, day)
    assert len(found) == 2
    for outcome, count, run_id in found:
        assert len(desk.charges(ChargeFilter(run_id=run_id, outcome=outcome))) == count


def test_a_charge_of_a_term_that_the_book_changed_stands_no_more(desk: Desk) -> None:
    with desk.database.transaction() as connection:
        query = text("select policy_id from policy where policy_number = 'OLD-GB'")
        policy_id = connection.execute(query).scalar_one()
    change_premium(desk.database, policy_id, 20_000)
    assert standing(desk, date(2024, 2, 1)) == []
