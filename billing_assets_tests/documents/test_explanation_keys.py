"""Every way in which a formula is said has its words, in every language."""

from dataclasses import replace
from datetime import date

import pytest

from billing_assets.documents.explanation_keys import figures_key, says_nothing, sentence_keys
from billing_assets.documents.explanations import languages
from billing_assets.domain.explained_documents import explain_invoice
from billing_assets.domain.explained_owed import explain_owed
from billing_assets.domain.explained_returns import explain_return
from billing_assets.domain.explained_words import Subject
from billing_assets.domain.explanations import Explained
from billing_assets.domain.sample_invoice import ALWAYS_OPEN, SAMPLE
from billing_assets.domain.term_days import TermDayCount
from billing_assets_tests.domain.test_explained_cover import off, parts_of, source_of
from billing_assets_tests.domain.test_explained_returns import FLAT, given_of, known, monthly


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


def test_there_are_words_in_four_languages() -> None:
    assert languages() == ["de", "en", "es", "fr"]


def of_cancelled(method: str, day: date, count: TermDayCount = TermDayCount.ACTUAL_TERM) -> Explained:
    """Return the first result that the cancellation of two years of 100.00 brings."""
    changes = [off(day, method)]
    source = source_of(100_00, end=date(2026, 1, 1), count=count)
    (part,) = parts_of(source, changes)
    return explain_owed(source, part, changes)[1]


@pytest.mark.parametrize(
    ("method", "day", "sentences", "figures"),
    [
        ("pro_rata", date(2024, 4, 1), ["earned_by_days"], "earned_by_days"),
        ("minimum_earned_25", date(2024, 4, 1), ["earned_by_days", "at_least"], "at_least"),
        ("minimum_earned_25", date(2025, 4, 1), ["earned_by_days", "above_least"], "earned_by_days"),
        ("short_rate_table", date(2024, 1, 9), ["earned_by_day_scale", "at_least"], "at_least"),
        ("recoverable_scale", date(2024, 4, 1), ["earned_by_month_scale"], "earned_by_month_scale"),
        ("recoverable_scale", date(2025, 4, 1), ["earned_by_month_scale_beyond"], "earned_by_month_scale"),
        (
            "pro_rata_30_360",
            date(2024, 4, 1),
            ["earned_by_months_of_30", "counted_by_method"],
            "earned_by_months_of_30",
        ),
        ("short_rate_90", date(2024, 4, 1), ["part_of_return"], "part_of_return"),
        ("flat", date(2024, 4, 1), ["flat"], "flat"),
    ],
)
def test_each_method_of_cancellation_is_said_by_what_it_measures(
    method: str, day: date, sentences: list[str], figures: str
) -> None:
    result = of_cancelled(method, day)
    assert sentence_keys(result, SAMPLE) == sentences
    assert figures_key(result) == figures


def test_the_count_of_the_plan_is_named_where_a_method_goes_by_it() -> None:
    counted = of_cancelled("pro_rata", date(2024, 4, 1), TermDayCount.THIRTY_360)
    assert sentence_keys(counted, SAMPLE) == ["earned_by_days", "counted_by"]
    by_scale = of_cancelled("short_rate_table", date(2025, 4, 1), TermDayCount.THIRTY_360)
    assert sentence_keys(by_scale, SAMPLE) == ["earned_by_day_scale", "above_least"]


@pytest.mark.parametrize(
    ("month", "net_minor", "cut_over", "keys"),
    [
        (3, 40_00, date.min, ["given_back", "given_of_invoice_latest", "whole_line_given"]),
        (2, 1_31, date.min, ["given_back", "given_of_invoice", "given_of_line"]),
        (2, 40_00, date(2024, 1, 20), ["given_back_elsewhere", "given_of_invoice", "whole_line_given"]),
    ],
)
def test_a_return_is_said_with_what_was_billed_elsewhere_and_what_later_invoices_give(
    month: int, net_minor: int, cut_over: date, keys: list[str]
) -> None:
    source = given_of(known(120_00, monthly(), FLAT), 1, net_minor)
    source = replace(source, term=replace(source.term, cut_over_date=cut_over))
    returned = explain_return(source, month, ALWAYS_OPEN)[-3:]
    assert [sentence_keys(each, SAMPLE)[0] for each in returned] == keys
    assert [figures_key(each) for each in returned[:2]] == keys[:2]


def test_a_line_that_gives_all_that_its_invoice_gives_says_nothing_beside_it() -> None:
    apart = known(120_00, monthly(), FLAT)
    lines = [replace(each, invoice_id=1, line_number=each.invoice_id) for each in monthly()]
    on_one = replace(apart, part_lines=tuple(lines))
    alone = explain_return(given_of(apart, 1, 1_31), 2, ALWAYS_OPEN)[-1]
    among = explain_return(given_of(on_one, 2, 1_31), 1, ALWAYS_OPEN)[-1]
    assert (alone.result, among.result) == (1_31, 1_31)
    assert (says_nothing(alone, 1), says_nothing(among, 1)) == (True, False)
