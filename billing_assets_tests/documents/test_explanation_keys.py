"""Every way in which a formula is said has its words, in every language."""

from dataclasses import replace
from datetime import date

import pytest

from billing_assets.documents.explanation_keys import figures_key, says_nothing, sentence_keys
from billing_assets.documents.explanations import languages
from billing_assets.domain.explained_documents import explain_invoice
from billing_assets.domain.explained_words import Subject
from billing_assets.domain.sample_invoice import ALWAYS_OPEN, SAMPLE


def test_a_lead_that_was_past_when_the_run_billed_is_said_to_be_caught_up() -> None:
    results = explain_invoice(SAMPLE, ALWAYS_OPEN).results
    (lead,) = (each for each in results if each.subject is Subject.BILLING_DATE)
    in_time, late = (
        replace(SAMPLE, issue=replace(SAMPLE.issue, run_billing_date=day))
        for day in (date.fromisoformat(str(lead.result)), SAMPLE.invoice.due_date)
    )
    assert sentence_keys(lead, in_time) == ["lead"]
    assert sentence_keys(lead, late) == ["lead", "caught_up"]


def test_a_result_that_people_know_already_is_left_out() -> None:
    results = explain_invoice(SAMPLE, ALWAYS_OPEN).results
    (line_tax,) = (each for each in results if each.subject is Subject.LINE_TAX)
    assert says_nothing(line_tax, 1)
    assert not says_nothing(line_tax, 2)


@pytest.mark.parametrize("result", explain_invoice(SAMPLE, ALWAYS_OPEN).results)
def test_a_key_of_figures_is_a_word(result: object) -> None:
    assert figures_key(result).isidentifier()  # type: ignore[arg-type]


def test_there_are_words_in_two_languages() -> None:
    assert languages() == ["en", "es"]
