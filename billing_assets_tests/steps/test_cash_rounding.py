"""Sums payable from the run to the credit note: rounded where the company says so, exact everywhere else."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.credits import WantedCredit
from billing_assets.domain.invoices import Invoice
from billing_assets.store.checks import run_checks
from billing_assets.store.companies import save_company
from billing_assets.store.connection import Database
from billing_assets.store.invoice_reader import find_invoice
from billing_assets.wiring.build import Billing
from billing_assets.wiring.explanations import read_explanation
from billing_assets_tests.books import AT, COMPANY
from billing_assets_tests.store.intake import book, import_text

FEBRUARY, MARCH = date(2024, 2, 1), date(2024, 3, 1)


def prepare(database: Database, home: Path) -> None:
    """Terms of 108.18 and 108.15 francs and 108.18 euros with taxes, of a company that rounds francs."""
    settle(database, cash_rounding=("CHF",))
    terms = (("A", "100.03", "CHF"), ("B", "100.00", "CHF"), ("C", "100.03", "EUR"))
    rows = [
        {"no": number, "premium": premium, "currency": currency, "plan": "yearly", "from": "2024-02-01"}
        for number, premium, currency in terms
    ]
    import_text(database, home, book(*(row | {"to": "2025-02-01"} for row in rows)))


def invoice(database: Database, number: str) -> Invoice:
    with database.transaction() as connection:
        return find_invoice(connection, 1, number)


def settle(database: Database, **settings: object) -> None:
    with database.transaction() as connection:
        save_company(connection, replace(COMPANY, **settings), AT)  # type: ignore[arg-type]


def credit(billing: Billing, number: str, net_minor: int | None = None) -> tuple[str, ...]:
    line = None if net_minor is None else 1
    wanted = WantedCredit(invoice_number=number, line_number=line, net_minor=net_minor)
    order = billing.credit_order((wanted,), reason="sold", approved_by="ana", billing_date=MARCH)
    return billing.credit(order).numbers


def offenders(database: Database) -> dict[str, tuple[str, ...]]:
    with database.transaction() as connection:
        results = run_checks(connection, at=AT)
    return {result.check.check_id: result.examples for result in results if result.offender_count}


def formats(database: Database) -> list[int]:
    with database.transaction() as connection:
        query = "select record_format from invoice order by invoice_id"
        return list(connection.execute(text(query)).scalars())


def test_a_document_in_the_currency_is_payable_in_cash_and_charges_the_exact_total(
    database: Database, billing: Billing
) -> None:
    billing.invoice(billing.order(FEBRUARY))
    first, second, euro = (invoice(database, f"INV-0000000{number}") for number in (1, 2, 3))
    assert (first.total_minor, first.payable_minor) == (108_18, 108_20)
    assert (second.total_minor, second.payable_minor) == (108_15, 108_15)
    assert (euro.total_minor, euro.payable_minor, euro.rounding) == (108_18, 108_18, None)
    assert formats(database) == [5, 5, 3]
    assert offenders(database) == {}


def test_a_run_reports_what_was_rounded_by_currency(database: Database, billing: Billing) -> None:
    billing.invoice(billing.order(FEBRUARY))
    with database.transaction() as connection:
        report = connection.execute(text("select report from billing_run")).scalar_one()
    assert report["rounding"] == [{"currency": "CHF", "count": 1, "cash_rounding_minor": 2}]
    assert {row["currency"]: row["total_minor"] for row in report["invoices"]} == {
        "CHF": 216_33,
        "EUR": 108_18,
    }


def test_a_company_that_does_not_round_issues_what_it_issued_before(
    database: Database, billing: Billing
) -> None:
    settle(database)
    billing.invoice(billing.order(FEBRUARY))
    assert [invoice(database, f"INV-0000000{number}").rounding for number in (1, 2, 3)] == [None] * 3
    assert formats(database) == [3, 3, 3]
    assert offenders(database) == {}


def test_a_whole_credit_gives_the_rounding_back_whatever_the_company_does_by_now(
    database: Database, billing: Billing
) -> None:
    billing.invoice(billing.order(FEBRUARY))
    settle(database)
    credit(billing, "INV-00000001")
    note = invoice(database, "CRN-00000001")
    assert (note.total_minor, note.payable_minor) == (108_18, 108_20)
    assert formats(database)[-1] == 6
    assert offenders(database) == {}


def test_an_invoice_that_was_not_rounded_is_credited_to_the_cent(
    database: Database, billing: Billing
) -> None:
    settle(database)
    billing.invoice(billing.order(FEBRUARY))
    settle(database, cash_rounding=("CHF",))
    credit(billing, "INV-00000001")
    assert invoice(database, "CRN-00000001").payable_minor == 108_18
    assert formats(database)[-1] == 4
    assert offenders(database) == {}


def test_each_part_is_rounded_by_itself(database: Database, billing: Billing) -> None:
    """108.18 in two parts of 54.08 and 54.10: 54.10 and 54.10 come back of the 108.20 that were payable."""
    billing.invoice(billing.order(FEBRUARY))
    credit(billing, "INV-00000001", 50_00)
    credit(billing, "INV-00000001")
    parts = [invoice(database, f"CRN-0000000{number}") for number in (1, 2)]
    assert [(part.total_minor, part.payable_minor) for part in parts] == [(54_08, 54_10), (54_10, 54_10)]
    assert offenders(database) == {}


def test_a_replay_rounds_as_the_company_did_then(database: Database, billing: Billing) -> None:
    billing.invoice(billing.order(FEBRUARY))
    settle(database)
    assert billing.replay(FEBRUARY, FEBRUARY).differences == ()


@pytest.mark.long
@pytest.mark.parametrize("number", ["INV-00000001", "INV-00000002", "CRN-00000001"])
def test_the_sum_payable_is_explained_with_its_row(database: Database, billing: Billing, number: str) -> None:
    billing.invoice(billing.order(FEBRUARY))
    credit(billing, "INV-00000001")
    with database.transaction() as connection:
        sources, explanation = read_explanation(connection, 1, number)
    assert explanation.differences == ()
    found = {result.subject.value: result for result in explanation.results}
    assert found["payable"].result == sources.invoice.payable_minor
    assert [row.kind for row in found["payable"].rules] == ["cash_unit"]
    assert "941.101" in found["payable"].rules[0].source
    assert found["rounding"].result == sources.invoice.payable_minor - sources.invoice.total_minor


def test_a_plan_that_was_approved_before_the_setting_changed_is_void(
    database: Database, billing: Billing
) -> None:
    billing.plan(billing.order(FEBRUARY))
    with database.transaction() as connection:
        before = connection.execute(text("select plan_sha256 from billing_run")).scalar_one()
    settle(database)
    billing.plan(billing.order(FEBRUARY))
    with database.transaction() as connection:
        after = connection.execute(text("select plan_sha256 from billing_run")).scalar_one()
    assert before != after
