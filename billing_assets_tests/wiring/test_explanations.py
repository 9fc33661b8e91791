"""An issued invoice is explained from what it froze, and every amount comes to what was recorded."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from billing_assets.domain.errors import BillingError
from billing_assets.domain.explained_documents import Explanation
from billing_assets.domain.explained_words import Formula, Rounding, Subject
from billing_assets.domain.explanations import Explained
from billing_assets.domain.frequencies import FREQUENCIES
from billing_assets.domain.payment_plans import DEFAULT_PLANS
from billing_assets.store.connection import Database, make_engine
from billing_assets.wiring.build import Billing
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.explanations import pattern_grid, read_explanation
from billing_assets_tests.books import add_term, billing_over, change_premium, end_cover, fill_book
from billing_assets_tests.databases import url_of
from billing_assets_tests.domain.sources import term
from billing_assets_tests.store.checks.test_taxes import billed

__all__ = ["billed"]

START = date(2024, 2, 1)


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    """Three terms of the made book: yearly, quarterly and monthly."""
    fill_book(database, 3)
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


def numbers(database: Database, policy: str = "%") -> list[str]:
    query = """
        select distinct document_number(s.prefix, i.invoice_number) from invoice i
        join number_series s using (number_series_id) join invoice_line l using (invoice_id)
        join policy_term using (policy_term_id) join policy p using (policy_id)
        where p.policy_number like :policy order by 1
    """
    with database.transaction() as connection:
        return list(connection.execute(text(query), {"policy": policy}).scalars())


def explained(database: Database, number: str) -> Explanation:
    with database.transaction() as connection:
        return read_explanation(connection, 1, number)[1]


def result(explanation: Explanation, subject: Subject) -> Explained:
    return next(each for each in explanation.results if each.subject is subject)


def past_triggers(database: Database, server_url: str, statement: str) -> None:
    """Change a record as a superuser can, whom no trigger stops."""
    engine: Engine = make_engine(url_of(server_url, database.engine.url.database or ""), "postgres")
    with engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        assert connection.execute(text(statement)).rowcount == 1
    engine.dispose()


@pytest.mark.parametrize("currency", [pytest.param("JPY", marks=pytest.mark.slow), "KWD"])
def test_a_term_of_every_shipped_plan_is_explained_in_a_currency_without_or_with_three_decimals(
    billing: Billing, currency: str
) -> None:
    for plan in DEFAULT_PLANS:
        values: dict[str, Any] = {"premium_minor": 100_003, "place": currency[:2], "currency": currency}
        add_term(billing.database, f"X-{plan.plan_code}", effective=START, plan=plan.plan_code, **values)
    for day in (START, date(2024, 3, 15), date(2025, 2, 3)):
        billing.invoice(billing.order(day))
    found = {number: explained(billing.database, number) for number in numbers(billing.database, "X-%")}
    assert [number for number, each in found.items() if each.differences] == []
    formulas = {each.formula for explanation in found.values() for each in explanation.results}
    assert formulas >= {
        Formula.WHOLE_PREMIUM,
        Formula.EQUAL_SHARE,
        Formula.WEIGHTED_SHARE,
        Formula.REST,
        Formula.PATTERN_COUNT,
        Formula.EXEMPT,
    }


@pytest.mark.long
def test_taxes_of_every_kind_are_explained(billed: Billing) -> None:
    """In the price, on another tax, fixed, rounded by line, by policy and to multiples, by the term's day."""
    found = [explained(billed.database, number) for number in numbers(billed.database, "KW-%")]
    assert [each.invoice_number for each in found if each.differences] == []
    by_code = {
        (each.code, each.formula) for explanation in found for each in explanation.results if each.code
    }
    assert {code for code, formula in by_code if formula is Formula.PART_OF_PRICE} == {"A-1", "A-2"}
    assert {code for code, formula in by_code if formula is Formula.FIXED} == {"A-3", "B-4"}
    assert {code for code, formula in by_code if formula is Formula.RATE} == {"B-1", "B-2", "B-3", "C-1"}
    assert ("B-1", Formula.RUNNING_SHARE) in by_code
    assert any(each.subject is Subject.CONTAINED_TAX for one in found for each in one.results)


def test_cover_that_ended_early_is_explained_by_its_days(billing: Billing) -> None:
    end_cover(billing.database, 1, date(2024, 2, 11))
    end_cover(billing.database, 2, date(2024, 2, 11))
    end_cover(billing.database, 3, date(2024, 2, 11))
    billing.invoice(billing.order(START))
    for number in numbers(billing.database):
        explanation = explained(billing.database, number)
        net = result(explanation, Subject.NET)
        assert (net.formula, net.values["covered_days"], explanation.differences) == (
            Formula.COVERED_PART,
            10,
            (),
        )


def test_a_tiny_premium_over_many_days_is_explained_as_rounded_down(billing: Billing) -> None:
    add_term(billing.database, "TINY", effective=START, plan="daily", premium_minor=200)
    billing.invoice(billing.order(date(2025, 2, 3)))
    found = [explained(billing.database, number) for number in numbers(billing.database, "TINY")]
    assert found
    assert all(not each.differences for each in found)
    shares = [each for explanation in found for each in explanation.results if each.formula is Formula.REST]
    assert shares[0].result == 200
    first = next(each for each in found[-1].results if each.subject is Subject.FIRST_SHARE)
    assert first.rounding is Rounding.DOWN


def test_an_invoice_is_explained_by_the_rows_of_its_issue_whatever_changed_since(
    billing: Billing, server_url: str
) -> None:
    billing.invoice(billing.order(START))
    (number,) = numbers(billing.database, "POL-00000001")
    before = explained(billing.database, number)
    change_premium(billing.database, 1, 99_999)
    ended = "update tax_rule set valid_to = date '2024-01-01' where tax_code = '{}' and valid_to is null"
    for code in ("ES-IPS", "ES-CCS"):
        statement = ended.format(code) + " and place_code = 'ES' and line_of_business = '*'"
        past_triggers(billing.database, server_url, statement)
    plan = "update payment_plan set valid_to = date '2024-01-01' where plan_code = 'yearly'"
    past_triggers(billing.database, server_url, plan)
    after = explained(billing.database, number)
    assert after.differences == ()
    assert [each.inputs for each in after.results] == [each.inputs for each in before.results]


def test_a_late_invoice_says_why_it_is_due_later_than_planned(billing: Billing) -> None:
    billing.invoice(billing.order(date(2024, 3, 8)))
    explanation = explained(billing.database, numbers(billing.database, "POL-00000001")[0])
    due = result(explanation, Subject.DUE_DATE)
    assert explanation.differences == ()
    assert (due.values["planned_due_date"], due.result) == (START, date(2024, 3, 22))


@pytest.mark.long
def test_a_date_of_issue_that_was_moved_forward_names_the_date_before_it(billing: Billing) -> None:
    billing.invoice(billing.order(date(2024, 2, 20)))
    add_term(billing.database, "OLD", effective=START)
    billing.invoice(billing.order(date(2024, 2, 6)))
    explanation = explained(billing.database, numbers(billing.database, "OLD")[0])
    issued = result(explanation, Subject.ISSUE_DATE)
    assert explanation.differences == ()
    assert (issued.values["issuing_date"], issued.result) == (date(2024, 2, 6), date(2024, 2, 20))


TAMPERED = {
    "net": "update invoice_line set net_minor = net_minor + 1",
    "line_tax": "update invoice_line set tax_minor = tax_minor - 1",
    "period": "update invoice_line set period_to_date = period_to_date - 1",
    "installment_count": "update invoice_line set installment_count = 13",
    "tax": "update invoice_tax set tax_minor = tax_minor + 1",
    "tax_base": "update invoice_tax set base_minor = base_minor + 1",
    "total": "update invoice set net_minor = net_minor + 1, total_minor = total_minor + 1",
    "due_date": "update invoice set due_date = due_date + 1",
    "issue_date": "update invoice set issue_date = issue_date - 1",
    "tax_point": "update invoice set tax_point_date = tax_point_date + 1",
    "planned_due_date": "update due_charge set due_date = due_date + 1",
    "billing_date": "update due_charge set billing_date = billing_date - 1",
}


@pytest.mark.long
@pytest.mark.parametrize("subject", list(TAMPERED))
def test_what_a_superuser_changed_is_named_and_never_explained_away(
    billing: Billing, server_url: str, subject: str
) -> None:
    billing.invoice(billing.order(START))
    (number,) = numbers(billing.database, "POL-00000002")
    id_of = "select invoice_id from invoice_line join policy_term using (policy_term_id) where policy_id = 2"
    one_row = " and tax_number = 1" if "invoice_tax" in TAMPERED[subject] else ""
    past_triggers(billing.database, server_url, f"{TAMPERED[subject]} where invoice_id = ({id_of}){one_row}")
    with pytest.raises(BillingError, match="explanation_differs") as told:
        Desk(billing).explain(number)
    assert f"{subject} " in told.value.found
    shown = Desk(billing).explain(number, is_checked=False).explanation.differences
    assert subject in {each.subject.value for each in shown}


def test_a_row_that_is_gone_is_told(billing: Billing, server_url: str) -> None:
    billing.invoice(billing.order(START))
    (number,) = numbers(billing.database, "POL-00000002")
    gone = """
        delete from due_charge where invoice_id = (select invoice_id from invoice_line
            join policy_term using (policy_term_id) where policy_id = 2)
    """
    past_triggers(billing.database, server_url, gone)
    with pytest.raises(BillingError, match="record_incomplete"):
        Desk(billing).explain(number)


def test_the_grid_of_a_rule_begins_before_the_term() -> None:
    values = {"effective_date": date(2024, 1, 16), "expiration_date": date(2024, 3, 16)}
    grid = pattern_grid(FREQUENCIES["first_of_month"], term(**values), 3)
    assert asdict(grid) == {
        "installment_count": 3,
        "first_from": date(2024, 1, 1),
        "first_to": date(2024, 2, 1),
        "last_from": date(2024, 3, 1),
        "last_to": date(2024, 4, 1),
        "period_from": date(2024, 3, 1),
        "period_end": date(2024, 3, 16),
        "due_from": date(2024, 3, 1),
    }
