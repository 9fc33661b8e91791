"""What was billed is given back exactly once and never beyond, and everything that sums knows it."""

import threading
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from billing_assets.domain.credits import CreditOrder, WantedCredit
from billing_assets.domain.errors import BillingError
from billing_assets.steps.credit_invoices import CreditOutcome
from billing_assets.store.companies import save_company
from billing_assets.wiring.build import Billing
from billing_assets.wiring.desk import Desk
from billing_assets_tests.books import AT, COMPANY, add_term
from billing_assets_tests.state import business_state

FEBRUARY, MARCH, LATER = date(2024, 2, 1), date(2024, 3, 1), date(2024, 3, 11)
FIRST = "INV-00000001"


def order(billing: Billing, *wanted: WantedCredit) -> CreditOrder:
    return billing.credit_order(wanted, reason="the car was sold", approved_by="ana", billing_date=LATER)


def credit(
    billing: Billing, number: str = FIRST, line: int | None = None, net: int | None = None
) -> CreditOutcome:
    wanted = WantedCredit(invoice_number=number, line_number=line, net_minor=net)
    return billing.credit(order(billing, wanted))


def rows(billing: Billing, query: str, **values: Any) -> list[tuple[Any, ...]]:
    with billing.database.transaction() as connection:
        return [tuple(row) for row in connection.execute(text(query), values)]


def broken(billing: Billing) -> dict[str, tuple[str, ...]]:
    """What an audit finds, but for a term that the test put into the book past any import."""
    return {
        result.check.check_id: result.examples
        for result in billing.audit()
        if result.offender_count and result.check.check_id != "I18"
    }


def test_a_full_credit_gives_back_net_tax_and_total_and_names_what_it_credits(billing: Billing) -> None:
    outcome = credit(billing)
    assert outcome.numbers == ("CRN-00000001",)
    invoice, note = (Desk(billing).invoice(number).invoice for number in (FIRST, *outcome.numbers))
    assert (note.net_minor, note.tax_minor, note.total_minor) == (
        invoice.net_minor,
        invoice.tax_minor,
        invoice.total_minor,
    )
    assert note.credited is not None
    assert (note.credited.invoice_number, note.credited.reason) == (FIRST, "the car was sold")
    assert [line.credited_line_number for line in note.lines] == [1]
    assert note.taxes == invoice.taxes
    assert (note.issue_date, note.due_date) == (LATER, LATER)
    assert broken(billing) == {}


def test_the_same_full_credit_again_finds_nothing_left_and_writes_nothing(billing: Billing) -> None:
    credit(billing)
    before = business_state(billing.database)
    again = credit(billing)
    assert (again.numbers, again.result.facts) == ((), {"credit_count": 0})
    assert business_state(billing.database) == before


def test_parts_add_up_to_the_invoice_and_the_last_one_leaves_no_cent(billing: Billing) -> None:
    invoice = Desk(billing).invoice(FIRST).invoice
    for net in (1, 99, 12_345):
        credit(billing, line=1, net=net)
        assert broken(billing) == {}
    credit(billing, line=1)
    sums = "select sum(net_minor), sum(tax_minor), count(*) from invoice where document_kind = 'credit_note'"
    assert rows(billing, sums) == [(invoice.net_minor, invoice.tax_minor, 4)]
    assert broken(billing) == {}


def test_a_fixed_amount_comes_back_with_the_whole_document_and_not_with_a_part(billing: Billing) -> None:
    add_term(billing.database, "IE-1", effective=FEBRUARY, line="motor", place="IE", premium_minor=500_00)
    billing.invoice(billing.order(date(2024, 2, 2)))
    ((number,),) = rows(billing, "select max(invoice_number) from invoice")
    invoice = Desk(billing).invoice(f"INV-{number:08d}").invoice
    assert "IE-STAMP" in {tax.tax_code for tax in invoice.taxes}
    part = Desk(billing).invoice(credit(billing, invoice.invoice_number, 1, 100_00).numbers[0]).invoice
    assert [(tax.tax_code, tax.tax_minor) for tax in part.taxes] == [("IE-ICF", 2_00), ("IE-LEVY", 3_00)]
    rest = Desk(billing).invoice(credit(billing, invoice.invoice_number).numbers[0]).invoice
    assert ("IE-STAMP", 1_00) in [(tax.tax_code, tax.tax_minor) for tax in rest.taxes]
    assert part.total_minor + rest.total_minor == invoice.total_minor
    assert broken(billing) == {}


def test_more_than_is_left_is_refused_with_what_is_left_and_nothing_is_written(billing: Billing) -> None:
    credit(billing, line=1, net=500_00)
    before = business_state(billing.database)
    with pytest.raises(BillingError, match=f"line 1 of {FIRST} has 0.01 EUR net left") as refused:
        credit(billing, line=1, net=2)
    assert refused.value.code == "credit_exceeds_invoice"
    assert business_state(billing.database) == before


@pytest.mark.long
@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ([WantedCredit(invoice_number="INV-00000999")], "invoice_unknown"),
        ([WantedCredit(invoice_number=FIRST, line_number=7)], "credit_line_unknown"),
        ([WantedCredit(invoice_number=FIRST, line_number=1, net_minor=0)], "credit_exceeds_invoice"),
        ([WantedCredit(invoice_number=FIRST, line_number=1, net_minor=-5)], "credit_exceeds_invoice"),
        ([WantedCredit(invoice_number=FIRST), WantedCredit(invoice_number=FIRST)], "credit_doubled"),
        (
            [WantedCredit(invoice_number=FIRST), WantedCredit(invoice_number=FIRST, line_number=1)],
            "credit_doubled",
        ),
        ([WantedCredit(invoice_number="CRN-00000001")], "credit_of_credit"),
    ],
)
def test_what_cannot_be_credited_is_refused(billing: Billing, wanted: list[WantedCredit], code: str) -> None:
    credit(billing, "INV-00000002")
    before = business_state(billing.database)
    with pytest.raises(BillingError) as refused:
        billing.credit(order(billing, *wanted))
    assert refused.value.code == code
    assert business_state(billing.database) == before


def test_a_credit_without_reason_or_approver_is_refused(billing: Billing) -> None:
    wanted = [WantedCredit(invoice_number=FIRST)]
    with pytest.raises(BillingError, match="credit_unapproved"):
        billing.credit(billing.credit_order(wanted, reason=" ", approved_by="ana", billing_date=LATER))


def test_many_invoices_are_credited_in_one_run_each_in_its_own_note(billing: Billing) -> None:
    numbers = [f"INV-{number:08d}" for number in range(1, 6)]
    outcome = billing.credit(order(billing, *(WantedCredit(invoice_number=number) for number in numbers)))
    assert outcome.numbers == tuple(f"CRN-{number:08d}" for number in range(1, 6))
    credited = [Desk(billing).invoice(number).invoice.credited for number in outcome.numbers]
    assert [each.invoice_number for each in credited if each] == numbers
    assert rows(
        billing, "select run_kind, state, due_count from billing_run order by run_id desc limit 1"
    ) == [("correction", "finalised", 0)]
    assert broken(billing) == {}


def test_a_dry_run_prices_and_writes_nothing(billing: Billing) -> None:
    before = business_state(billing.database)
    outcome = billing.credit(order(billing, WantedCredit(invoice_number=FIRST)), is_dry_run=True)
    assert outcome.drafts.invoices["total_minor"].to_list() == [
        Desk(billing).invoice(FIRST).invoice.total_minor
    ]
    assert outcome.numbers == ()
    assert business_state(billing.database) == before


def test_credits_of_one_line_at_the_same_time_never_give_back_more_than_was_charged(billing: Billing) -> None:
    faults: list[BillingError] = []

    def give_back() -> None:
        try:
            credit(billing, line=1, net=300_00)
        except BillingError as error:
            faults.append(error)

    threads = [threading.Thread(target=give_back) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [error.code for error in faults] == ["credit_exceeds_invoice"] * 2
    assert broken(billing) == {}


def test_a_credited_installment_is_not_billed_again_and_the_next_one_is(billing: Billing) -> None:
    monthly = rows(
        billing,
        "select min(invoice_number) from invoice join invoice_line using (invoice_id) "
        "where installment_count = 12",
    )[0][0]
    credit(billing, f"INV-{monthly:08d}")
    assert billing.invoice(billing.order(FEBRUARY)).facts["invoice_count"] == 0
    assert billing.invoice(billing.order(MARCH)).facts["invoice_count"] == 4
    assert broken(billing) == {}


def test_totals_of_the_book_are_invoices_less_credit_notes(billing: Billing) -> None:
    (before,) = Desk(billing).invoice_totals()
    outcome = credit(billing)
    (after,) = Desk(billing).invoice_totals()
    note = Desk(billing).invoice(outcome.numbers[0]).invoice
    assert after["total_minor"] == before["total_minor"] - note.total_minor
    assert (after["count"], after["credit_count"]) == (before["count"], 1)


def test_the_run_of_the_credit_is_reported_and_is_not_the_run_of_its_date(billing: Billing) -> None:
    outcome = credit(billing)
    desk = Desk(billing)
    detail = desk.run(int(outcome.result.facts["run_id"]))
    assert (detail.run_kind, detail.correction_reason, detail.approved_by) == (
        "correction",
        "the car was sold",
        "ana",
    )
    assert detail.report["invoices"] == []
    assert [row["count"] for row in detail.report["credit_notes"]] == [1]
    assert desk.last_run_of(LATER) is None
    assert billing.run_reports(LATER) == ()
    assert billing.invoice(billing.order(LATER)).facts["due_count"] == 4


def test_what_is_given_back_counts_below_zero_in_the_reporting_currency(billing: Billing) -> None:
    with billing.database.transaction() as connection:
        save_company(connection, replace(COMPANY, reporting_currency="EUR"), AT)
    outcome = credit(billing)
    report = Desk(billing).run(int(outcome.result.facts["run_id"])).report
    (row,) = report["credit_notes"]
    assert row["total_minor"] > 0
    assert report["reporting"]["total_minor"] == -row["total_minor"]


def test_a_credit_note_is_never_dated_before_its_invoice(billing: Billing) -> None:
    wanted = [WantedCredit(invoice_number=FIRST)]
    early = billing.credit_order(wanted, reason="why", approved_by="ana", billing_date=date(2024, 1, 15))
    number = billing.credit(early).numbers[0]
    assert Desk(billing).invoice(number).invoice.issue_date == Desk(billing).invoice(FIRST).invoice.issue_date
    assert broken(billing) == {}
