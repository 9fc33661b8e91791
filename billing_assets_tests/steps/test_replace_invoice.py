"""An issued invoice is given back in full and billed anew in one act, exactly once, and every check holds."""

import threading
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from billing_assets.domain.credits import WantedCredit
from billing_assets.domain.errors import BillingError
from billing_assets.domain.holds import HoldClock, HoldTerms
from billing_assets.domain.invoices import DocumentKind
from billing_assets.domain.replacements import Change
from billing_assets.steps.replace_invoice import ReplacementOutcome
from billing_assets.wiring.build import Billing
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.hold_desk import HoldDesk
from billing_assets.wiring.replacements import regenerate, replacement_order
from billing_assets_tests.books import change_premium, seal
from billing_assets_tests.state import business_state

FEBRUARY, MARCH, LATER = date(2024, 2, 1), date(2024, 3, 1), date(2024, 3, 11)
FIRST = "INV-00000001"


def again(
    billing: Billing, number: str = FIRST, *, is_forced: bool = False, is_dry_run: bool = False
) -> ReplacementOutcome:
    order = replacement_order(
        billing,
        number,
        reason="the premium was wrong",
        approved_by="ana",
        billing_date=LATER,
        is_forced=is_forced,
    )
    return regenerate(billing, order, is_dry_run=is_dry_run)


def rows(billing: Billing, query: str, **values: Any) -> list[tuple[Any, ...]]:
    with billing.database.transaction() as connection:
        return [tuple(row) for row in connection.execute(text(query), values)]


def test_under_a_hold_nothing_is_billed_anew_and_after_it_it_is(billing: Billing) -> None:
    terms = HoldTerms(clocks=(HoldClock.BILL,), place_codes=("ES",), from_date=LATER)
    desk = HoldDesk(billing)
    hold_id = desk.set(terms, reason="after the storm", by="ana").hold_id
    before = business_state(billing.database)
    with pytest.raises(BillingError, match="a hold stops billing"):
        again(billing, is_forced=True)
    assert business_state(billing.database) == before
    desk.lift(hold_id, reason="it is over", by="ana")
    assert again(billing, is_forced=True).invoice_number
    assert broken(billing) == {}


def broken(billing: Billing) -> dict[str, tuple[str, ...]]:
    """What an audit finds, but for a term that the test put into the book past any import."""
    return {
        result.check.check_id: result.examples
        for result in billing.audit()
        if result.offender_count and result.check.check_id != "I18"
    }


def policy_of(billing: Billing, number: str) -> int:
    query = """
        select t.policy_id from invoice i join invoice_line l using (invoice_id)
        join policy_term t using (policy_term_id)
        where i.invoice_number = :number and i.document_kind = 'invoice'
    """
    return int(rows(billing, query, number=int(number[-8:]))[0][0])


def correct(billing: Billing, number: str = FIRST, premium_minor: int = 1_200_00) -> None:
    """Let a later import give the policy of an invoice another premium."""
    change_premium(billing.database, policy_of(billing, number), premium_minor)
    seal(billing.database)


def test_a_corrected_premium_is_billed_in_place_of_the_wrong_one(billing: Billing) -> None:
    old = Desk(billing).invoice(FIRST).invoice
    correct(billing)
    outcome = again(billing)
    assert (outcome.note_number, outcome.invoice_number) == ("CRN-00000001", "INV-00000013")
    assert Change.LINES in outcome.changes
    note, new = (
        Desk(billing).invoice(number).invoice for number in (outcome.note_number, outcome.invoice_number)
    )
    assert (note.net_minor, note.tax_minor) == (old.net_minor, old.tax_minor)
    assert [line.policy_number for line in new.lines] == [line.policy_number for line in old.lines]
    assert [line.installment_number for line in new.lines] == [line.installment_number for line in old.lines]
    assert new.net_minor == 1_200_00 // new.lines[0].installment_count
    assert new.issue_date == LATER
    assert broken(billing) == {}


def monthly(billing: Billing) -> str:
    """The first invoice of a policy that is billed month by month."""
    query = "select min(i.invoice_number) from invoice i join invoice_line l using (invoice_id) "
    ((number,),) = rows(billing, query + "where l.installment_count = 12")
    return f"INV-{number:08d}"


def test_once_replaced_the_rest_of_the_term_is_billed_as_the_book_says_now(billing: Billing) -> None:
    number = monthly(billing)
    correct(billing, number)
    billing.invoice(billing.order(MARCH))
    held = "select count(*) from due_charge where outcome = 'held' and reason_code = 'changed_after_billing'"
    problems = "select count(*) filter (where is_open), count(*) from problem"
    assert rows(billing, held) == [(1,)]
    assert rows(billing, problems) == [(1, 1)]
    again(billing, number)
    assert rows(billing, problems) == [(0, 1)]
    assert rows(billing, "select count(*) from policy_term_version where hold_code is not null") == [(0,)]
    for month in range(3, 13):
        billing.invoice(billing.order(date(2024, month, 20)))
    billing.invoice(billing.order(date(2025, 2, 3)))
    standing = """
        select sum(l.net_minor), count(distinct l.installment_number) from invoice_line l
        join policy_term t using (policy_term_id)
        where t.policy_id = :policy and l.charge_kind = 'premium' and l.credited_invoice_id is null
            and not exists (select from invoice r where r.replaced_invoice_id = l.invoice_id)
    """
    ((net_minor, count),) = rows(billing, standing, policy=policy_of(billing, number))
    assert (net_minor, count) == (1_200_00, 12)
    assert broken(billing) == {}
    assert billing.replay(FEBRUARY, date(2025, 2, 3)).differences == ()


def test_all_that_is_replaced_twice_counts_its_replacements(billing: Billing) -> None:
    correct(billing)
    first = again(billing)
    correct(billing, premium_minor=1_500_00)
    second = again(billing, first.invoice_number)
    numbers = (
        "select replacement_number from invoice_line where credited_invoice_id is null and invoice_id in "
    )
    numbers += "(select invoice_id from invoice where replaced_invoice_id is not null) order by invoice_id"
    assert rows(billing, numbers) == [(1,), (2,)]
    assert second.invoice_number == "INV-00000014"
    assert broken(billing) == {}


def test_where_nothing_would_change_nothing_is_written_unless_it_is_asked_for(billing: Billing) -> None:
    before = business_state(billing.database)
    with pytest.raises(BillingError) as refused:
        again(billing)
    assert refused.value.code == "replacement_unchanged"
    assert business_state(billing.database) == before
    outcome = again(billing, is_forced=True)
    assert outcome.changes == ()
    old, new = (Desk(billing).invoice(number).invoice for number in (FIRST, outcome.invoice_number))
    assert (old.lines, old.taxes, old.total_minor) == (new.lines, new.taxes, new.total_minor)
    assert broken(billing) == {}


def test_a_dry_run_works_both_out_and_writes_nothing(billing: Billing) -> None:
    correct(billing)
    before = business_state(billing.database)
    outcome = again(billing, is_dry_run=True)
    assert outcome.invoice_number == ""
    assert business_state(billing.database) == before
    issued = again(billing)
    assert issued.drafts.invoices.equals(outcome.drafts.invoices)
    assert issued.note.invoices.equals(outcome.note.invoices)


def test_what_is_left_is_credited_where_a_part_was_given_back_before(billing: Billing) -> None:
    wanted = [WantedCredit(invoice_number=FIRST, line_number=1, net_minor=5_00)]
    billing.credit(billing.credit_order(wanted, reason="a discount", approved_by="ana", billing_date=LATER))
    old = Desk(billing).invoice(FIRST).invoice
    correct(billing)
    outcome = again(billing)
    note = Desk(billing).invoice(outcome.note_number).invoice
    assert note.net_minor == old.net_minor - 5_00
    assert broken(billing) == {}


def test_an_invoice_of_which_nothing_is_left_is_not_replaced(billing: Billing) -> None:
    correct(billing)
    outcome = again(billing)
    with pytest.raises(BillingError, match=f"{outcome.invoice_number} stands in its place") as refused:
        again(billing, is_forced=True)
    assert refused.value.code == "invoice_reversed"
    with pytest.raises(BillingError) as refused:
        again(billing, outcome.note_number)
    assert refused.value.code == "replacement_of_credit"
    with pytest.raises(BillingError) as refused:
        again(billing, "INV-00000999")
    assert refused.value.code == "invoice_unknown"


def test_asked_twice_at_once_it_is_replaced_once(billing: Billing) -> None:
    correct(billing)
    found: list[str] = []
    # Registered before the race.
    for kind in DocumentKind:
        billing.template_choice(kind, date.max)

    def act() -> None:
        try:
            found.append(again(billing).invoice_number)
        except BillingError as error:
            found.append(error.code)

    threads = [threading.Thread(target=act) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["INV-00000013", "invoice_reversed", "invoice_reversed"]
    assert broken(billing) == {}


def test_the_store_lets_no_invoice_be_replaced_that_still_stands(billing: Billing) -> None:
    plant = """
        insert into invoice (invoice_id, company_id, run_id, number_series_id, invoice_number, document_kind,
            issue_date, due_date, tax_point_date, currency, net_minor, tax_minor, total_minor, payer_id,
            payer_version_id, company_version_id, template_version_id, record_format, snapshot_sha256,
            replaced_invoice_id, replaced_number, replaced_issue_date)
        select 999000, company_id, run_id, number_series_id, 99, document_kind, issue_date, due_date,
            tax_point_date, currency, net_minor, tax_minor, total_minor, payer_id, payer_version_id,
            company_version_id, template_version_id, 11, snapshot_sha256, invoice_id, 'INV-00000001',
            issue_date
        from invoice where invoice_number = 1
    """
    with (
        pytest.raises(Exception, match="was not given back in full"),
        billing.database.transaction() as connection,
    ):
        connection.execute(text(plant))


def test_a_term_of_which_another_invoice_says_something_else_stays_held(billing: Billing) -> None:
    billing.invoice(billing.order(date(2024, 2, 26)))
    name = monthly(billing)
    number = int(name[-8:])
    correct(billing, name)
    billing.invoice(billing.order(date(2024, 3, 26)))
    again(billing, name)
    holds = "select count(*) from policy_term_version where hold_code is not null"
    assert rows(billing, holds) == [(1,)]
    others = """
        select i.invoice_number from invoice i join invoice_line l using (invoice_id)
        join policy_term t using (policy_term_id)
        where t.policy_id = :policy and i.document_kind = 'invoice' and i.replaced_invoice_id is null
            and i.invoice_number <> :number
    """
    for (other,) in rows(billing, others, policy=policy_of(billing, name), number=number):
        again(billing, f"INV-{other:08d}")
    assert rows(billing, holds) == [(0,)]
    assert broken(billing) == {}
