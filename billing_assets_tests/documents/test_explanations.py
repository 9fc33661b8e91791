"""An explanation says every result in every language, with no word missing and nothing said twice."""

import re
import tomllib
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from billing_assets.documents.explanations import ExplanationView, Told, languages, record, tell
from billing_assets.documents.templates import default_templates_dir
from billing_assets.domain.apportionment import apportioned_between
from billing_assets.domain.business_days import Roll
from billing_assets.domain.cancellation import CANCELLATION_METHODS
from billing_assets.domain.errors import BillingError
from billing_assets.domain.explained_credits import explain_credit
from billing_assets.domain.explained_documents import explain_invoice
from billing_assets.domain.explained_words import Formula, Subject
from billing_assets.domain.frequencies import FREQUENCIES, OWN_UNITS
from billing_assets.domain.invoice_sources import InvoiceSources, LineSource
from billing_assets.domain.payment_plans import ChangeBilling
from billing_assets.domain.policies import LineOfBusiness
from billing_assets.domain.policy_changes import ChangeKind
from billing_assets.domain.sample_invoice import ALWAYS_OPEN, SAMPLE_CREDIT
from billing_assets.domain.tax_rule import Basis, Category, RoundingScope
from billing_assets.domain.term_days import TermDayCount
from billing_assets_tests.domain.sources import line, sources, tax, term
from billing_assets_tests.domain.test_explained_changes import KNOWN, billed
from billing_assets_tests.domain.test_explained_charges import AMOUNTS, of_charge
from billing_assets_tests.domain.test_explained_cover import change, off
from billing_assets_tests.domain.test_explained_installments import CALENDARS
from billing_assets_tests.domain.test_explained_returns import FLAT, given_of, known, monthly

FOLDER = default_templates_dir() / "explanation"


def two_lines() -> InvoiceSources:
    """Ten days of a month, and a whole term; 8 % rounded once over both, 1.00 for the document."""
    cut = term(cover_to_date=date(2024, 1, 11))
    first = line(term=cut, net_minor=12_90, period=(date(2024, 1, 1), date(2024, 1, 11)), tax_minor=2_03)
    second = line(
        2,
        term=term(policy_term_id=8, effective_date=date(2024, 1, 10)),
        plan="yearly",
        count=1,
        net_minor=480_00,
        period=(date(2024, 1, 10), date(2025, 1, 1)),
        tax_minor=38_40,
    )
    fixed = tax(2, basis=Basis.DOCUMENT, rate_ppm=0, amount_minor=1_00, currency="EUR", tax_minor=1_00)
    return sources([first, second], [tax(base=492_90, tax_minor=39_43), fixed])


def told(given: InvoiceSources, **options: object) -> ExplanationView:
    return tell(explain_invoice(given, CALENDARS), given, **options)  # type: ignore[arg-type]


def test_every_language_has_the_same_keys_and_placeholders() -> None:
    catalogues = {
        path.suffixes[0]: tomllib.loads(path.read_text(encoding="utf-8"))
        for path in FOLDER.glob("labels.*.toml")
    }
    english = catalogues.pop(".en")
    for catalogue in catalogues.values():
        for table in english.keys() - {"locales", "regions"}:
            assert catalogue[table].keys() == english[table].keys()
            for key, words in english[table].items():
                found = sorted(re.findall(r"\{\w+\}", catalogue[table][key]))
                assert found == sorted(re.findall(r"\{\w+\}", words)), key


def test_every_code_that_can_be_said_has_its_words() -> None:
    for path in FOLDER.glob("labels.*.toml"):
        words = tomllib.loads(path.read_text(encoding="utf-8"))
        assert words["subjects"].keys() == {each.value for each in Subject}
        assert {each.value for each in Formula} <= words["formulas"].keys()
        assert words["frequencies"].keys() == {*FREQUENCIES, *OWN_UNITS}
        assert words["rolls"].keys() == {each.value for each in Roll}
        assert words["lines_of_business"].keys() == {each.value for each in LineOfBusiness}
        assert {f"half_up_{scope.value}" for scope in RoundingScope} <= words["roundings"].keys()


@pytest.mark.parametrize("language", ["de", "en", "es", "fr"])
def test_nothing_stays_a_placeholder_and_every_input_has_a_name(language: str) -> None:
    view = told(two_lines(), language=language)
    texts = [
        text
        for section in view.sections
        for each in section.results
        for text in (each.title, each.value, each.figures, each.rounding, *each.reasons, *each.sources)
    ]
    assert [text for text in texts if re.search(r"[{}]", text)] == []
    inputs = {each.name for result in view.explanation.results for each in result.inputs}
    assert inputs <= view.labels.keys()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "How the plan counts days: 30/360 (bond basis), every month has 30 days."),
        ("es", "Así cuenta los días el plan: 30/360 (base de bonos), cada mes tiene 30 días."),
    ],
)
def test_a_day_count_is_named_with_the_days_that_it_comes_to(language: str, words: str) -> None:
    cut = term(cover_to_date=date(2024, 1, 16))
    planned = line(term=cut, net_minor=20_00, period=(date(2024, 1, 1), date(2024, 1, 16)), tax_minor=1_60)
    plan = replace(planned.plan, day_count=TermDayCount.THIRTY_360)
    given = sources([replace(planned, plan=plan)], [tax(base=20_00, tax_minor=1_60)])
    view = told(given, language=language)
    (part,) = (
        each
        for section in view.sections
        for each in section.results
        if each.result.formula is Formula.COVERED_PART
    )
    assert (part.result.result, part.result.is_match, part.reasons[1]) == (20_00, True, words)
    assert "15" in part.reasons[0]
    assert "30" in part.reasons[0]
    found = {row["day_count"] for row in record(view)["results"]}  # type: ignore[attr-defined]
    assert found == {None, "thirty_360"}


def test_the_payers_language_is_spoken_unless_another_is_asked_for() -> None:
    assert told(two_lines()).language == "es"
    assert told(two_lines(), language="en-US").language == "en"
    with pytest.raises(BillingError, match="language_unknown"):
        told(two_lines(), language="pt")
    assert languages() == ["de", "en", "es", "fr"]


def test_a_line_is_explained_with_its_taxes_and_without_the_totals() -> None:
    view = told(two_lines(), line_number=2, language="en")
    assert [section.heading.split(":")[0] for section in view.sections] == ["Line 2", "Taxes"]
    subjects = {each.result.subject for section in view.sections for each in section.results}
    assert Subject.TAX_SHARE in subjects
    assert Subject.TOTAL not in subjects


def test_a_row_is_named_once_where_people_read_and_always_where_programs_do() -> None:
    view = told(two_lines(), language="en")
    named = [text for section in view.sections for each in section.results for text in each.sources]
    assert len(named) == len(set(named))
    results = record(view)["results"]
    assert isinstance(results, list)
    assert sum(bool(each["rules"]) for each in results) > len(view.sections)


def test_every_way_to_keep_or_move_a_date_has_its_sentence() -> None:
    """The nominal day is 1 January, closed; 19 December less a lead is open or not."""
    given = two_lines()
    for plan_roll, words in ((Roll.NONE, "leaves it there"), (Roll.FOLLOWING, "the next open day")):
        moved = [
            replace(source, plan=replace(source.plan, due_roll=plan_roll, minimum_payment_days=0))
            for source in given.lines
        ]
        view = told(replace(given, lines=tuple(moved)), language="en")
        said = [
            reason
            for section in view.sections
            for each in section.results
            for reason in each.reasons
            if each.result.subject is Subject.PLANNED_DUE_DATE
        ]
        assert any(words in reason for reason in said)
    late = replace(given, issue=replace(given.issue, approved_by="A. Gil", backdating_reason="agreed"))
    reasons = [
        reason
        for section in told(late, language="en").sections
        for each in section.results
        for reason in each.reasons
    ]
    assert "The date was approved by A. Gil: agreed." in reasons


@pytest.mark.parametrize("before", [5_00, 30_00])
@pytest.mark.parametrize(("language", "words"), [("en", "Total in your favour"), ("es", "Total a su favor")])
def test_a_credit_note_is_told_without_a_placeholder_and_with_what_it_corrects(
    language: str, words: str, before: int
) -> None:
    given = replace(SAMPLE_CREDIT, net_before={1: before})
    view = tell(explain_credit(given, ALWAYS_OPEN), given.note, language=language)
    texts = [
        text
        for section in view.sections
        for each in section.results
        for text in (each.title, each.value, each.figures, each.rounding, *each.reasons, *each.sources)
    ]
    assert [text for text in texts if re.search(r"[{}]", text)] == []
    assert words in texts
    assert "INV-00000042" in view.recipient
    assert "a discount" in view.recipient
    inputs = {each.name for result in view.explanation.results for each in result.inputs}
    assert inputs <= view.labels.keys()


def test_in_spanish_a_source_is_a_citation_in_quotation_marks() -> None:
    """Titles of laws stay as they are; the words around them are those of the language."""
    cited = [
        text
        for section in told(two_lines(), language="es").sections
        for each in section.results
        for text in each.sources
        if "Act 1" in text
    ]
    assert cited
    assert all(text.endswith("; fuente citada: «Act 1»") for text in cited)


def exempt(given: InvoiceSources) -> InvoiceSources:
    """Return the same document of one line with an exempt tax in the place of its tax."""
    (line_source,), (row,) = given.lines, given.taxes
    free = replace(line_source, line=replace(line_source.line, tax_minor=0))
    rule = replace(row.rule, category_code=Category.EXEMPT, rate_ppm=0, exemption_reason="health")
    invoice = replace(given.invoice, tax_minor=0, total_minor=given.invoice.net_minor, lines=(free.line,))
    return replace(given, invoice=invoice, lines=(free,), taxes=(replace(row, rule=rule, tax_minor=0),))


def test_an_exempt_credit_note_names_line_place_and_day_of_its_tax_row() -> None:
    given = replace(SAMPLE_CREDIT, note=exempt(SAMPLE_CREDIT.note), original=exempt(SAMPLE_CREDIT.original))
    view = tell(explain_credit(given, ALWAYS_OPEN), given.note, language="en")
    texts = [text for section in view.sections for each in section.results for text in each.sources]
    assert texts
    assert [text for text in texts if re.search(r"[{}]|, ,", text)] == []


def three_charges() -> InvoiceSources:
    """The second installment of a term of three charges, one tax on all its lines."""
    nets = apportioned_between(AMOUNTS, 38_20, 38_20)
    lines = [of_charge(number) for number in (1, 2, 3)]
    numbered = [
        replace(each, line=replace(each.line, line_number=number, net_minor=net))
        for number, (each, net) in enumerate(zip(lines, nets, strict=True), start=1)
    ]
    return sources(numbered, [tax(base=38_20, tax_minor=3_06)])


def seen(view: ExplanationView, line: int) -> list[Told]:
    """Return what people read of a line."""
    return [each for each in view.sections[line - 1].results if not each.is_plain]


def test_a_further_charge_of_an_installment_says_only_what_is_its_own() -> None:
    view = told(three_charges(), language="en")
    assert Subject.PERIOD in {each.result.subject for each in seen(view, 1)}
    for line_number in (2, 3):
        own = seen(view, line_number)
        assert [each.result.subject for each in own] == [Subject.NET, Subject.TAX_SHARE, Subject.LINE_TAX][
            : len(own)
        ]
        assert own[0].reasons[0] == "Period, dates and the sum of all charges are those of line 1."
    alone = told(three_charges(), language="en", line_number=2)
    assert Subject.PERIOD in {each.result.subject for each in seen(alone, 1)}


@pytest.mark.parametrize(("language", "last"), [("en", "This charge comes last"), ("es", "es el último")])
def test_the_last_charge_is_said_to_have_what_the_others_leave(language: str, last: str) -> None:
    view = told(three_charges(), language=language)
    nets = [
        next(each for each in seen(view, number) if each.result.subject is Subject.NET)
        for number in (1, 2, 3)
    ]
    assert [any(last in reason for reason in each.reasons) for each in nets] == [False, False, True]
    assert ["×" in each.figures for each in nets] == [True, True, False]


@pytest.mark.parametrize(
    ("language", "words"), [("en", "over lines 1, 2, 3."), ("es", "para las líneas 1, 2, 3.")]
)
def test_a_tax_over_several_lines_says_over_which(language: str, words: str) -> None:
    (share,) = (
        each
        for each in seen(told(three_charges(), language=language), 2)
        if each.result.formula is Formula.RUNNING_SHARE
    )
    assert words in share.reasons[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"installment_fee_minor": 2_00, "currency": "EUR"}, "is divided equally."),
        ({"minimum_bill_minor": 1_00, "currency": "EUR"}, "is divided equally."),
        ({"down_payment_ppm": 100_000}, "is divided equally."),
        ({"blackout_days": 60}, "is divided by periods."),
        ({"maximum_installment_count": 3, "weights": "50 30 20"}, "is divided by the weights of the plan."),
    ],
)
def test_weights_of_the_plan_are_said_only_where_it_has_some(change: dict[str, Any], words: str) -> None:
    planned = line(installment=2)
    plan = replace(planned.plan, **change)
    count = explain_count_of(replace(planned, plan=plan))
    shared = replace(planned, plan=plan, line=replace(planned.line, installment_count=count))
    view = told(sources([shared], [tax(base=40_00, tax_minor=3_20)]), language="en")
    reasons = [reason for each in view.sections[0].results for reason in each.reasons]
    assert any(words in reason for reason in reasons), reasons


def explain_count_of(source: LineSource) -> int:
    """Return how many installments the plan of a line makes of its term."""
    results = explain_invoice(sources([source], [tax()]), CALENDARS).results
    (count,) = (each.result for each in results if each.subject is Subject.COUNT)
    assert isinstance(count, int)
    return count


def cancelled(method: str, *, day: date, count: TermDayCount = TermDayCount.ACTUAL_TERM) -> InvoiceSources:
    """A line of a change of a term with an endorsement and a lapse before it is cancelled by a method."""
    changes = (
        change(1, ChangeKind.ENDORSEMENT, date(2024, 1, 15), premium=900_00),
        off(date(2024, 1, 6), "flat", number=2),
        change(3, ChangeKind.REINSTATEMENT, date(2024, 1, 18)),
        change(5, ChangeKind.ENDORSEMENT, date(2024, 2, 5), premium=300_00),
        *((off(day, method, number=4),) if method else ()),
    )
    known = replace(KNOWN, changes=changes, premium_documented_minor=0, settled_numbers=frozenset())
    source = billed(ChangeBilling.NOW, 1_00, date(2024, 1, 15), date(2025, 1, 1))
    plan = replace(source.plan, day_count=count)
    line_of_change = replace(source, plan=plan, change=known)
    return sources([line_of_change], [tax(base=1_00, tax_minor=8)])


@pytest.mark.parametrize("language", ["de", "en", "es", "fr"])
@pytest.mark.parametrize("count", [TermDayCount.ACTUAL_TERM, TermDayCount.THIRTY_E_360])
@pytest.mark.parametrize("method", ["", *sorted(CANCELLATION_METHODS)])
@pytest.mark.parametrize("day", [date(2024, 1, 18), date(2024, 2, 20), date(2024, 11, 9)])
def test_what_is_owed_of_a_part_is_told_with_every_row_and_no_placeholder(
    language: str, count: TermDayCount, method: str, day: date
) -> None:
    view = told(cancelled(method, day=day, count=count), language=language)
    texts = [
        text
        for section in view.sections
        for each in section.results
        for text in (each.title, each.value, each.figures, each.rounding, *each.reasons, *each.sources)
    ]
    assert [text for text in texts if re.search(r"[{}]", text)] == []
    assert {each.name for result in view.explanation.results for each in result.inputs} <= view.labels.keys()
    if method:
        assert any(CANCELLATION_METHODS[method].source in text for text in texts)


@pytest.mark.parametrize(
    ("language", "words"), [("en", "latest period first"), ("es", "más reciente primero")]
)
@pytest.mark.parametrize("cut_over", [date.min, date(2024, 1, 20)])
def test_a_credit_note_of_a_run_is_told_with_why_so_much_comes_back(
    language: str, words: str, cut_over: date
) -> None:
    lines = tuple(replace(each, invoice_id=1, line_number=each.period_from_date.month) for each in monthly())
    source = given_of(known(120_00, lines, FLAT), 1, 10_00)
    back = replace(source, term=replace(source.term, cut_over_date=cut_over))
    given = replace(SAMPLE_CREDIT, note=replace(SAMPLE_CREDIT.note, lines=(back,)))
    view = tell(explain_credit(given, ALWAYS_OPEN), given.note, language=language)
    texts = [
        text
        for each in view.sections[0].results
        for text in (each.title, each.value, each.figures, each.rounding, *each.reasons, *each.sources)
    ]
    assert [text for text in texts if re.search(r"[{}]", text)] == []
    assert any(words in text for text in texts)
    assert {each.name for result in view.explanation.results for each in result.inputs} <= view.labels.keys()
