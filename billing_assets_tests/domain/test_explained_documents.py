"""A document is explained whole, and what differs from the record is named."""

from dataclasses import replace
from datetime import date

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.explained_documents import explain_invoice, require_line, require_match
from billing_assets.domain.explained_words import Formula, Subject
from billing_assets.domain.invoice_sources import InvoiceSources
from billing_assets_tests.domain.sources import line, sources, tax
from billing_assets_tests.domain.test_explained_installments import CALENDARS


def sound() -> InvoiceSources:
    return sources([line(tax_minor=3_20)], [tax(base=40_00, tax_minor=3_20)])


def test_a_sound_invoice_has_no_difference_and_one_result_of_each_kind() -> None:
    explanation = explain_invoice(sound(), CALENDARS)
    assert explanation.differences == ()
    require_match(explanation)
    subjects = [each.subject for each in explanation.results]
    assert len(subjects) == len(set(subjects))
    assert {Subject.TOTAL, Subject.DUE_DATE, Subject.INVOICE_NUMBER} <= set(subjects)


def test_a_difference_is_an_error_that_names_it_in_figures() -> None:
    changed = sound()
    changed = replace(changed, invoice=replace(changed.invoice, total_minor=44_00))
    with pytest.raises(BillingError, match="total is 4400, worked out 4320") as told:
        require_match(explain_invoice(changed, CALENDARS))
    assert told.value.code == "explanation_differs"


def test_the_date_of_issue_never_goes_back_and_a_number_follows_the_one_before() -> None:
    later = sources(
        [line(tax_minor=3_20)],
        [tax(base=40_00, tax_minor=3_20)],
        previous_issue_date=date(2023, 12, 22),
        number=43,
        invoice={"issue_date": date(2023, 12, 22), "due_date": date(2024, 1, 5)},
    )
    explanation = explain_invoice(later, CALENDARS)
    found = {each.subject: each for each in explanation.results}
    assert found[Subject.ISSUE_DATE].result == date(2023, 12, 22)
    assert [each.subject for each in explanation.differences] == [Subject.INVOICE_NUMBER]
    assert (found[Subject.DUE_DATE].formula, found[Subject.DUE_DATE].result) == (
        Formula.TIME_TO_PAY,
        date(2024, 1, 5),
    )


def test_a_line_that_is_not_there_is_told() -> None:
    require_line(sound(), 1)
    with pytest.raises(BillingError, match="line_unknown"):
        require_line(sound(), 2)
    several = sources([line(), line(2, installment=2)], [])
    with pytest.raises(BillingError, match="choose line 1 to 2"):
        require_line(several, 3)
