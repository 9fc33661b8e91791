"""An explanation says why several policies stand on one bill, in each language."""

from dataclasses import replace
from datetime import date

import pytest

from billing_assets.documents.explanations import record, tell
from billing_assets.domain.explained_documents import explain_invoice
from billing_assets.domain.invoice_sources import InvoiceSources
from billing_assets_tests.domain.sources import line, sources, term
from billing_assets_tests.domain.test_explained_installments import CALENDARS


def two_policies(second_due_date: date) -> InvoiceSources:
    first, second = line(charge_due_date=date(2024, 1, 20)), line(2, charge_due_date=second_due_date)
    of_other = replace(second.line, policy_number="P-OTHER")
    return sources([first, replace(second, line=of_other, term=term(policy_term_id=8))], [])


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("The 2 policies", "bills per payer", "EUR", "Spain", "20 January 2024", "days to pay (14)")),
        ("es", ("Las 2 pólizas", "por pagador", "EUR", "España", "20 de enero de 2024", "pagar (14)")),
    ],
)
def test_a_bill_of_several_policies_says_what_they_have_in_common(
    language: str, words: tuple[str, ...]
) -> None:
    given = two_policies(date(2024, 1, 20))
    view = tell(explain_invoice(given, CALENDARS), given, language=language)
    assert [word for word in words if word not in view.sharing] == []
    assert record(view)["sharing"] == view.sharing


def test_a_bill_that_caught_up_names_no_due_day() -> None:
    given = two_policies(date(2024, 2, 20))
    said = tell(explain_invoice(given, CALENDARS), given, language="en").sharing
    assert "due day" not in said
    assert "All that was missed" in said


def test_a_bill_of_one_policy_says_nothing_of_it() -> None:
    given = sources([line(), line(2)], [])
    assert tell(explain_invoice(given, CALENDARS), given, language="en").sharing == ""
