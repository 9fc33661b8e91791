"""A line of a change says its part, what is owed of it, what was documented, and its share."""

from dataclasses import replace
from datetime import date

import pytest

from billing_assets.domain.explained_changes import explain_change, explain_change_dates
from billing_assets.domain.explained_words import Subject
from billing_assets.domain.explanations import Explained
from billing_assets.domain.invoice_sources import ChangeSource, LineSource
from billing_assets.domain.payment_plans import ChangeBilling
from billing_assets.domain.policy_changes import ChangeKind, TermChange
from billing_assets.domain.sample_invoice import ALWAYS_OPEN, SAMPLE

JULY = date(2024, 7, 1)
SOURCE = SAMPLE.lines[0]  # 480.00 over 2024, monthly
KNOWN = ChangeSource(
    changes=(
        TermChange(
            policy_term_id=1,
            policy_id=1,
            change_number=1,
            change_kind=ChangeKind.ENDORSEMENT,
            change_date=JULY,
            premium_minor=480_00 + 366_00,
        ),
    ),
    change_number=1,
    documented_minor=0,
    corrected_minor=0,
    premium_documented_minor=240_00,
    settled_numbers=frozenset(range(1, 7)),
)


def billed(how: ChangeBilling, net_minor: int, first: date, last: date) -> LineSource:
    line = replace(
        SOURCE.line,
        charge_kind="premium_change",
        installment_number=1,
        installment_count=1,
        period_from_date=first,
        period_to_date=last,
        net_minor=net_minor,
    )
    due = date(2024, 7, 1) if how is not ChangeBilling.NOW else SOURCE.charge_billing_date
    plan = replace(SOURCE.plan, change_billing=how)
    return replace(SOURCE, line=line, plan=plan, charge_due_date=due, change=KNOWN)


def by_subject(results: tuple[Explained, ...]) -> dict[Subject, Explained]:
    assert all(each.is_match for each in results)
    return {each.subject: each for each in results}


@pytest.mark.parametrize("how", [ChangeBilling.NOW, ChangeBilling.NEXT])
def test_the_whole_difference_is_the_premium_of_the_days_that_are_left(how: ChangeBilling) -> None:
    found = by_subject(explain_change(billed(how, 184_00, JULY, date(2025, 1, 1)), KNOWN, ALWAYS_OPEN))
    assert found[Subject.PART].result == found[Subject.OWED].result == found[Subject.NET].result == 184_00
    assert found[Subject.PART].values["days_left"] == 184


def test_a_share_goes_by_the_planned_amounts_of_the_installments_that_are_left() -> None:
    source = billed(ChangeBilling.SPREAD, 30_67, JULY, date(2024, 8, 1))
    found = by_subject(explain_change(source, KNOWN, ALWAYS_OPEN))
    assert found[Subject.NET].values["still_open"] == 240_00
    assert found[Subject.NET].values["open_to"] == 40_00


def test_what_was_documented_before_is_taken_off() -> None:
    source = billed(ChangeBilling.NOW, 84_00, JULY, date(2025, 1, 1))
    known = replace(KNOWN, documented_minor=100_00)
    assert by_subject(explain_change(source, known, ALWAYS_OPEN))[Subject.DIFFERENCE].result == 84_00


def test_a_line_that_was_billed_at_once_falls_due_with_its_run_before_the_plan_moves_it() -> None:
    source = billed(ChangeBilling.NOW, 184_00, JULY, date(2025, 1, 1))
    (dated,) = explain_change_dates(source, KNOWN, ALWAYS_OPEN, "ES")
    assert (dated.subject, dated.is_match) == (Subject.PLANNED_DUE_DATE, True)


def test_a_line_beside_an_installment_has_the_dates_of_that_one() -> None:
    source = billed(ChangeBilling.NEXT, 184_00, JULY, date(2025, 1, 1))
    dates = by_subject(explain_change_dates(source, KNOWN, ALWAYS_OPEN, "ES")[:2])
    assert dates[Subject.PLANNED_DUE_DATE].result == JULY


def test_a_share_beside_the_first_bill_of_its_term_is_that_of_its_installment() -> None:
    known = replace(
        KNOWN, premium_documented_minor=0, settled_numbers=frozenset(), premium_lines=(), is_begun=False
    )
    # A twelfth of 184.00, of the second installment; all before July fell due on one day.
    source = billed(ChangeBilling.SPREAD, 15_34, JULY, date(2025, 1, 1))
    source = replace(source, charge_due_date=date(2024, 1, 3))
    found = by_subject(explain_change(source, known, ALWAYS_OPEN))
    assert found[Subject.NET].values["open_before"] == 40_00
