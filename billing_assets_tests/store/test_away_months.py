"""Whoever asks for what lies in a detached month is told so, and how to bring it back."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.credits import WantedCredit
from billing_assets.domain.errors import BillingError
from billing_assets.store.away_months import (
    months_of_number,
    months_of_terms,
    require_date_here,
    require_terms_here,
)
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets.wiring.desk import Desk
from billing_assets_tests.closed_months import FEBRUARY, LAST, MARCH, MONTH, months_of


@pytest.fixture(autouse=True)
def away(closed_store: Database, tmp_path: Path) -> None:
    months_of(closed_store).detach(MONTH, tmp_path / "month")


def refused(act: object, *arguments: object, **named: object) -> str:
    with pytest.raises(BillingError) as caught:
        act(*arguments, **named)  # type: ignore[operator]
    assert caught.value.code == "month_away", caught.value
    assert "billing months attach" in caught.value.todo
    return caught.value.found


def test_an_invoice_that_is_away_is_not_unknown(closed_billing: Billing) -> None:
    desk = Desk(closed_billing)
    said = "invoice INV-00000001 lies in 2020-02, which is detached"
    assert refused(desk.invoice, "INV-00000001") == said
    assert refused(desk.explain, "INV-00000001") == said
    assert refused(desk.ledger.entry, "INV-00000001") == said
    assert refused(desk.invoice, "CRN-00000001") == said.replace("INV", "CRN")
    with pytest.raises(BillingError) as caught:
        desk.invoice("INV-00009999")
    assert caught.value.code == "invoice_unknown"


def test_nothing_of_it_can_be_given_back(closed_billing: Billing) -> None:
    wanted = (WantedCredit(invoice_number="INV-00000001"),)
    order = closed_billing.credit_order(wanted, reason="sold", approved_by="ana", billing_date=LAST)
    assert refused(closed_billing.credit, order) == "invoice INV-00000001 lies in 2020-02, which is detached"


def test_what_is_here_of_its_terms_can_be_given_back_and_explained(closed_billing: Billing) -> None:
    printed = f"INV-{first_number(closed_billing, 'premium'):08d}"
    Desk(closed_billing).explain(printed)
    wanted = (WantedCredit(invoice_number=printed),)
    order = closed_billing.credit_order(wanted, reason="sold", approved_by="ana", billing_date=LAST)
    closed_billing.credit(order)
    assert all(not each.offender_count for each in closed_billing.audit())


def test_a_change_that_rests_on_it_is_not_explained(closed_billing: Billing) -> None:
    printed = f"INV-{first_number(closed_billing, 'premium_change'):08d}"
    assert refused(Desk(closed_billing).explain, printed) == (
        "what the line of a change comes to rests on invoices in 2020-02, which is detached"
    )


def first_number(billing: Billing, charge_kind: str) -> int:
    """The lowest number of an invoice that has premiums and, where the kind is another, that kind too."""
    query = text(
        "select invoice_number from invoice join invoice_line using (invoice_id) "
        "where document_kind = 'invoice' group by invoice_number "
        "having min(charge_kind) = 'premium' and max(charge_kind) = :kind order by 1 limit 1"
    )
    with billing.database.transaction() as connection:
        return int(connection.execute(query, {"kind": charge_kind}).scalar_one())


def test_no_run_may_add_to_it(closed_billing: Billing) -> None:
    day = date(2020, 2, 20)
    said = "billing date 2020-02-20 lies in 2020-02, which is detached"
    assert refused(closed_billing.plan, closed_billing.order(day)) == said
    wanted = (WantedCredit(invoice_number="INV-00000020"),)
    order = closed_billing.credit_order(wanted, reason="sold", approved_by="ana", billing_date=day)
    assert refused(closed_billing.credit, order) == said


@pytest.mark.parametrize("day", [FEBRUARY, MARCH])
def test_runs_that_rest_on_it_are_not_replayed(day: date, closed_billing: Billing) -> None:
    found = refused(closed_billing.replay, day, day)
    assert found == "what these runs recorded, or what it rests on, lies in 2020-02, which is detached"
    assert closed_billing.replay(LAST, LAST).result.problem_count == 0


def test_a_quote_of_a_closed_term_is_refused(closed_billing: Billing) -> None:
    from billing_assets.store.quoted_terms import read_quoted_term

    with closed_billing.database.transaction() as connection:
        assert (
            refused(read_quoted_term, connection, 1, "P2", date(2020, 6, 1))
            == "the quote of policy P2 rests on invoices in 2020-02, which is detached"
        )


def test_totals_and_balances_count_what_is_away(closed_billing: Billing, tmp_path: Path) -> None:
    desk = Desk(closed_billing)
    days = (None, FEBRUARY, MARCH)
    without = [desk.invoice_totals(), *(desk.ledger.balances(day) for day in days)]
    desk.months.attach(tmp_path / "month")
    assert [desk.invoice_totals(), *(desk.ledger.balances(day) for day in days)] == without


def test_months_are_known_by_number_term_and_day(closed_store: Database) -> None:
    with closed_store.transaction() as connection:
        terms = list(connection.execute(text("select policy_term_id from policy_term order by 1")).scalars())
        assert months_of_number(connection, 1, "INV-", 1) == [MONTH]
        assert months_of_number(connection, 1, "INV-", 9999) == []
        assert months_of_terms(connection, terms) == [MONTH]
        assert months_of_terms(connection, terms[-1:]) == []
        require_date_here(connection, 1, MARCH)
        require_date_here(connection, 99, FEBRUARY)
        require_terms_here(connection, terms[-1:], "a quote")
        refused(require_date_here, connection, 1, date(2020, 2, 29))
        refused(require_terms_here, connection, terms[:1], "a quote")
