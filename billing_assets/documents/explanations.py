"""An explanation in words: each result of an invoice as a clerk reads it aloud, in the customer's language.

Belongs here: which sentence says a result, what stands in it, what is left out because it says nothing.
Does not belong here: the words (``templates/explanation``), the results (``domain.explanations``), how it is
laid out (``cli``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

from billing_assets.documents import formats
from billing_assets.documents.cleaning import clean
from billing_assets.documents.explanation_keys import (
    TOTALS,
    UNMOVED_LEADS,
    figures_key,
    says_nothing,
    sentence_keys,
)
from billing_assets.documents.explanation_values import Reader, shown_value
from billing_assets.documents.labels import Catalogue, choose, fill_in, load_catalogues, region_of
from billing_assets.documents.shared_bills import sharing_words
from billing_assets.documents.templates import Template, default_templates_dir, load_template
from billing_assets.domain.errors import BillingError
from billing_assets.domain.explained_documents import Explanation
from billing_assets.domain.explained_words import DAY_COUNTED, Formula, Rounding, Subject, Unit
from billing_assets.domain.explanations import Explained, RuleRow
from billing_assets.domain.invoice_sources import InvoiceSources, LineSource
from billing_assets.domain.product_names import names_in

_BY_DEFAULT = "actual/actual"
_TAXES = frozenset({Subject.TAX_BASE, Subject.TAX_PART, Subject.TAX})
_TOLD_BY_FIGURES = frozenset({Formula.RUNNING_SHARE, Formula.CHARGE_SHARE, Formula.PAYER_SHARE})
"""Differences of two rounded amounts: their figures say both roundings."""
_OF_LINE = frozenset({Subject.PRICE, Subject.CONTAINED_TAX, Subject.NET, Subject.TAX_SHARE, Subject.LINE_TAX})
"""What is of a line alone, and not of the installment that it is a charge of."""
_DATES = frozenset({Subject.TAX_POINT, Subject.ISSUE_DATE, Subject.INVOICE_NUMBER, Subject.DUE_DATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One result in words: what it is called, what it is, why, the figures, the rounding, the rows."""

    result: Explained
    title: str
    value: str
    reasons: tuple[str, ...]
    figures: str
    rounding: str
    sources: tuple[str, ...]
    is_plain: bool
    """Whether it says nothing that is not said elsewhere: left out where people read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of an explanation, with its heading."""

    heading: str
    results: tuple[Told, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationView:
    """An explanation in one language, ready to be shown or read aloud; it holds personal data.

    ``sharing`` says why several policies stand on the bill; empty where there is one.
    """

    explanation: Explanation
    language: str
    title: str
    recipient: str
    sharing: str
    sections: tuple[Section, ...]
    closing: str
    labels: Mapping[str, str]


@lru_cache(maxsize=4)
def _own_words(kind: str) -> dict[str, Catalogue]:
    return load_catalogues(load_template(default_templates_dir(), kind))


def languages() -> list[str]:
    """Return the languages that an explanation can be given in.

    >>> languages()
    ['de', 'en', 'es', 'fr']
    """
    return sorted(_own_words("explanation"))


def tell(
    explanation: Explanation,
    sources: InvoiceSources,
    *,
    line_number: int | None = None,
    language: str = "",
    template: Template | None = None,
) -> ExplanationView:
    """Return the explanation of an invoice, or of one of its lines, in words.

    ``language`` is a BCP 47 tag, by default the payer's; names of taxes and products come from ``template``,
    the invoice's. Raises ``language_unknown`` for a language that was asked for and is not there.
    """
    invoice = sources.invoice
    if language and language.replace("_", "-").split("-")[0].lower() not in languages():
        raise BillingError(
            "language_unknown",
            f"nothing can be explained in the language '{language[:12]}'",
            f"choose from {', '.join(languages())}",
        )
    tag = language or invoice.payer.language
    region = region_of(tag, invoice.payer.country_code)
    words = choose(_own_words("explanation"), tag).for_region(region)
    invoice_words = load_catalogues(template) if template else _own_words("invoice")
    names = choose(invoice_words, words.language).for_region(region)
    names = names.with_own("products", names_in(invoice.creditor.product_names, names.language))
    reader = Reader(words, names, words.locale_code(region), invoice.currency)
    wanted = explanation.results if line_number is None else explanation.of_line(line_number)
    total = reader.money(invoice.payable_minor)
    number = clean(invoice.invoice_number, 40)
    return ExplanationView(
        explanation=explanation,
        language=words.language,
        title=words.fill("title", title=names.text["title"], number=number, total=total),
        recipient=reader.recipient(invoice),
        sharing=sharing_words(sources, reader),
        sections=tuple(_sections(wanted, sources, reader)),
        closing=words.text["all_match_credit" if invoice.credited else "all_match"],
        labels=words.names["inputs"],
    )


def record(view: ExplanationView) -> dict[str, object]:
    """Return the explanation as data: formula, inputs with names and units, exact and rounded value, rows."""
    return {
        "invoice_number": view.explanation.invoice_number,
        "currency": view.explanation.currency,
        "language": view.language,
        "sharing": view.sharing,
        "is_match": not view.explanation.differences,
        "results": [_record(told, view.labels) for section in view.sections for told in section.results],
    }


def _record(told: Told, labels: Mapping[str, str]) -> dict[str, object]:
    result = told.result
    return {
        "subject": result.subject.value,
        "line_numbers": result.line_numbers,
        "code": result.code,
        "title": told.title,
        "value": told.value,
        "formula": result.formula.value,
        "reasons": told.reasons,
        "figures": told.figures,
        "inputs": [
            {
                "name": each.name,
                "label": labels.get(each.name, each.name),
                "of": each.of,
                "value": _json(each.value),
                "unit": each.unit.value,
            }
            for each in result.inputs
        ],
        "day_count": result.values.get("day_count", _BY_DEFAULT if result.formula in DAY_COUNTED else None),
        "factor": None if result.factor is None else str(result.factor),
        "exact": _json(result.exact),
        "rounding": result.rounding.value,
        "rounding_minor": result.rounding_minor,
        "rounding_words": told.rounding,
        "result": _json(result.result),
        "unit": _unit(result).value,
        "recorded": _json(result.recorded),
        "is_match": result.is_match,
        "rules": result.rules,
    }


def _unit(result: Explained) -> Unit:
    value = result.result
    if isinstance(value, int):
        return Unit.COUNT if result.subject is Subject.COUNT else Unit.MINOR
    if isinstance(value, tuple):
        return Unit.DATES
    return Unit.DATE if isinstance(value, date) else Unit.CODE


def _json(value: object) -> object:
    if isinstance(value, tuple):
        return [_json(each) for each in value]
    return value if value is None or isinstance(value, int) else str(value)


def _sections(results: Iterable[Explained], sources: InvoiceSources, reader: Reader) -> Iterable[Section]:
    wanted = list(results)
    teller = _Teller(sources, reader)
    text = reader.words.text
    document = _TAXES | TOTALS | _DATES
    for source in sources.lines:
        number = source.line.line_number
        own = [each for each in wanted if number in each.line_numbers and each.subject not in document]
        if own:
            yield Section(heading=_heading(source, reader), results=teller.tell_line(own, source))
    parts = (
        (text["taxes_heading"], _TAXES),
        (text["totals_heading"], TOTALS),
        (text["dates_heading"], _DATES),
    )
    for heading, subjects in parts:
        own = [each for each in wanted if each.subject in subjects]
        if own:
            yield Section(heading=heading, results=teller.tell(own))


def _heading(source: LineSource, reader: Reader) -> str:
    line = source.line
    return reader.words.fill(
        "line_heading",
        line=str(line.line_number),
        charge=clean(line.charge_name or reader.names.name("charge_kinds", line.charge_kind), 50),
        product=clean(reader.names.name("products", line.product_code), 50),
        policy=clean(line.policy_number, 40),
    )


class _Teller:
    """Says results in words; a row that many of them rest on is named once."""

    def __init__(self, sources: InvoiceSources, reader: Reader) -> None:
        self.sources = sources
        self.reader = reader
        self.lines = {source.line.line_number: source for source in sources.lines}
        self.named: set[tuple[str, str, int]] = set()
        self.told_lines: dict[tuple[int, int], int] = {}

    def tell(self, results: list[Explained]) -> tuple[Told, ...]:
        return tuple(self._told(result) for result in results)

    def tell_line(self, results: list[Explained], source: LineSource) -> tuple[Told, ...]:
        """Say the results of a line; of a further charge of an installment only what is its own.

        Period and dates are those of the installment, and were said with the first of its charges.
        """
        line = source.line
        if not line.charge_number:
            return self.tell(results)
        key = (source.term.policy_term_id, line.installment_number)
        first = self.told_lines.setdefault(key, line.line_number)
        if first == line.line_number:
            return self.tell(results)
        said = self.reader.words.fill("as_line", number=str(first))
        told = [
            each if each.result.subject in _OF_LINE else replace(each, is_plain=True)
            for each in self.tell(results)
        ]
        place = next(place for place, each in enumerate(told) if not each.is_plain)
        told[place] = replace(told[place], reasons=(said, *told[place].reasons))
        return tuple(told)

    def _told(self, result: Explained) -> Told:
        reader, source = self.reader, self.lines[(result.line_numbers or tuple(self.lines))[0]]
        values = reader.values_of(result) | self._facts(result, source)
        tables = reader.words.names
        reasons = [fill_in(tables["formulas"][key], values) for key in sentence_keys(result, self.sources)]
        figures = tables["figures"].get(figures_key(result), "")
        is_sum = result.formula is Formula.SUM
        is_plain = says_nothing(result, len(self.lines))
        if is_sum and len(result.inputs) == 1:
            figures = ""
        return Told(
            result=result,
            title=fill_in(self._title(result), values),
            value=shown_value(result, source, reader),
            reasons=tuple(reason.strip() for reason in reasons if reason.strip()),
            figures=fill_in(figures, values),
            rounding=self._rounding(result, values),
            sources=() if is_plain else tuple(self._sources(result, values)),
            is_plain=is_plain,
        )

    def _title(self, result: Explained) -> str:
        words, invoice = self.reader.words, self.sources.invoice
        if result.subject is Subject.TOTAL and invoice.rounding:
            return words.text["exact_total"]
        is_credit = result.subject in {Subject.TOTAL, Subject.PAYABLE} and invoice.credited
        return words.text["credit_total"] if is_credit else words.names["subjects"][result.subject.value]

    def _facts(self, result: Explained, source: LineSource) -> dict[str, str]:
        """Return what a sentence says beside the inputs of its result."""
        reader, issue, term = self.reader, self.sources.issue, source.term
        reasons = dict.fromkeys(row.reason for row in result.rules if row.reason)
        period = result.result if result.subject is Subject.PERIOD else ()
        first, last = period if isinstance(period, tuple) and period else (term.effective_date,) * 2
        ends = term.expiration_date if result.subject is Subject.COUNT else (term.cover_end or last)
        return {
            "premium": reader.money(term.premium_minor),
            "installment_count": str(source.line.installment_count),
            "middle_count": str(source.line.installment_count - 2),
            "last_day": reader.day(ends - timedelta(days=1)),
            "days_in_words": formats.days((last - first).days, reader.locale_code),
            "reason": clean(" ".join(reasons), 300).rstrip("."),
            "run_id": str(issue.run_id),
            "run_billing_date": reader.day(issue.run_billing_date),
            "previous": clean(reader.previous_number(issue), 40),
            "approved_by": clean(issue.approved_by, 100),
            "backdating_reason": clean(issue.backdating_reason, 300),
        }

    def _rounding(self, result: Explained, values: Mapping[str, str]) -> str:
        is_exact = result.exact == result.result
        if result.rounding is Rounding.NONE or result.formula in _TOLD_BY_FIGURES:
            return ""
        scope = result.values.get("rounding_scope", "")
        key = f"{result.rounding.value}_{scope}" if scope else result.rounding.value
        return "" if is_exact else fill_in(self.reader.words.names["roundings"][key], values)

    def _sources(self, result: Explained, values: Mapping[str, str]) -> Iterable[str]:
        for row in result.rules:
            key = (row.kind, row.code, row.row_id)
            # What a cycle is, the sentence says; the row of a pattern says which.
            is_said = row.kind == "frequency" and result.formula is Formula.CYCLE_COUNT
            is_unmoved = row.kind == "calendar" and sentence_keys(result, self.sources)[0] in UNMOVED_LEADS
            if key not in self.named and not is_said and not is_unmoved:
                self.named.add(key)
                place = {"place": values.get("tax_place_code", "")}
                yield fill_in(
                    self.reader.words.names["rules"][row.kind], {**values, **place, **self._row(row)}
                )

    def _row(self, row: RuleRow) -> dict[str, str]:
        reader = self.reader
        own = {"place": reader.place(row.code)} if row.kind == "calendar" else {}
        if row.lines_of_business:
            lines = (reader.words.name("lines_of_business", line) for line in row.lines_of_business)
            own["line_of_business"] = ", ".join(lines)
        if row.tax_point_date:
            own["tax_point_date"] = reader.day(row.tax_point_date)
        return own | {
            "code": clean(row.code, 40),
            "row_id": str(row.row_id),
            "valid_from": reader.day(row.valid_from) if row.valid_from else "",
            "source": clean(row.source, 400),
        }
