"""The values of an explanation as people read them: amounts, rates, days, names of codes.

Belongs here: from an input or a result to its text, in the reader's language.
Does not belong here: the sentences in which they stand (``explanations``), numbers and dates as such
(``formats``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from billing_assets.documents import formats
from billing_assets.documents.change_reasons import reason_words
from billing_assets.documents.cleaning import clean
from billing_assets.documents.labels import Catalogue
from billing_assets.domain.explained_words import Formula, Subject, Unit
from billing_assets.domain.explanations import Explained, Input
from billing_assets.domain.invoice_sources import IssueSource, LineSource
from billing_assets.domain.invoices import Invoice
from billing_assets.domain.money import minor_digits
from billing_assets.domain.numbering import document_number
from billing_assets.domain.places import PLACES


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom it is written: the words of explanations, the names of the invoice, locale and currency."""

    words: Catalogue
    names: Catalogue
    locale_code: str
    currency: str

    def money(self, amount_minor: int) -> str:
        """Return an amount with its currency."""
        return formats.money(amount_minor, self.currency, self.locale_code)

    def day(self, day: date) -> str:
        """Return a date with its month in words."""
        return formats.long_date(day, self.locale_code)

    def place(self, place_code: str) -> str:
        """Return the name of a place: its country, with the subdivision where it is one."""
        place = PLACES[place_code]
        name = formats.country(place.country_code, self.locale_code)
        return f"{name} ({place_code})" if "-" in place_code else name

    def exact(self, amount_minor: Fraction) -> str:
        """Return an exact amount in full, or its first digits and the fraction that it is."""
        text = formats.exact_amount(amount_minor, self.currency, self.locale_code)
        if text is not None:
            return text
        fraction = str(amount_minor / 10 ** minor_digits(self.currency))
        decimal = formats.cut_amount(amount_minor, self.currency, self.locale_code)
        return self.words.fill("about", decimal=decimal, fraction=fraction)

    def previous_number(self, issue: IssueSource) -> str:
        """Return the number before that of the invoice."""
        return document_number(issue.prefix, issue.number - 1)

    def recipient(self, invoice: Invoice) -> str:
        """Return whom it is for: of an invoice with its due date, of a credit note with what it corrects."""
        name, credited = clean(invoice.payer.name), invoice.credited
        if credited is None and invoice.replaces:
            return self.words.fill(
                "recipient_replacement",
                name=name,
                date=self.day(invoice.due_date),
                number=clean(invoice.replaces.invoice_number, 40),
                replaced_date=self.day(invoice.replaces.issue_date),
            )
        if credited is None:
            return self.words.fill("recipient", name=name, date=self.day(invoice.due_date))
        return self.words.fill(
            "recipient_credit",
            name=name,
            number=clean(credited.invoice_number, 40),
            date=self.day(credited.issue_date),
            reason=clean(reason_words(credited.reason, self.words, self.locale_code), 300),
        )

    def values_of(self, result: Explained) -> dict[str, str]:
        """Return what stands for the placeholders of a result's sentences."""
        values = {each.name: self.input(each, result) for each in result.inputs}
        values |= {
            f"{each.name}_in_words": formats.days(each.value, self.locale_code)
            for each in result.inputs
            if each.unit is Unit.DAYS and isinstance(each.value, int)
        }
        exact = result.exact
        return (
            values
            | self._shares(result)
            | {
                "tax": clean(self.names.name("taxes", result.code), 80),
                "exact": self.exact(exact) if isinstance(exact, Fraction) else "",
                "result": self.money(result.result) if isinstance(result.result, int) else "",
                "step": self.money(result.rounding_minor),
                "addends": self._addends(result),
            }
        )

    def input(self, given: Input, result: Explained) -> str:
        """Return an input as people read it."""
        value, unit = given.value, given.unit
        if unit is Unit.MINOR and isinstance(value, int):
            return self.money(value)
        if unit is Unit.PPM and isinstance(value, int):
            return formats.percent(value, self.locale_code)
        if unit is Unit.RATE and isinstance(value, Fraction):
            return formats.exact_rate(value, self.locale_code)
        if isinstance(value, date):
            return self.day(value)
        if isinstance(value, tuple):
            return self._closed_days(value, str(result.values["place_code"]))
        named = _TABLES.get(given.name)
        return named(self, str(value)) if named else clean(str(value), 200)

    def _closed_days(self, days: tuple[date, ...], place_code: str) -> str:
        weekend = PLACES[place_code].weekend
        return ", ".join(
            self.words.fill(
                "weekend" if day.isoweekday() in weekend else "holiday",
                day=formats.full_date(day, self.locale_code),
            )
            for day in days
        )

    def _addends(self, result: Explained) -> str:
        is_difference = result.formula in {Formula.PRICE_LESS_TAXES, Formula.PLAN_REST}
        sign = " − " if is_difference else " + "
        amounts = [each for each in result.inputs if each.unit is Unit.MINOR]
        if is_difference:
            amounts = amounts[1:]
        return sign.join(self._addend(each) for each in amounts)

    def _addend(self, given: Input) -> str:
        amount = self.money(given.value) if isinstance(given.value, int) else ""
        if not given.of:
            return amount
        is_line = given.of.replace(",", "").isdecimal()
        named = self.words.fill("line", number=given.of) if is_line else self.names.name("taxes", given.of)
        return self.words.fill("addend", amount=amount, name=clean(named, 80))

    def _shares(self, result: Explained) -> dict[str, str]:
        """Return what a share of several lines is the difference of, and a weight as days out of days."""
        values = result.values
        if result.formula is Formula.WEIGHTED_SHARE and values["weight"] != 1:
            return {"weight": f"{values['first_days']}/{values['first_full_days']}"}
        if result.formula in {Formula.CHARGE_SHARE, Formula.PAYER_SHARE}:
            to, before = result.running_parts
            return {"part_to": self.money(to), "part_before": self.money(before)}
        if result.formula is not Formula.RUNNING_SHARE:
            return {}
        factor = values["factor"]
        return {
            f"{name}_tax": self.money(result.rounded(value * factor))
            for name in ("running", "before")
            if isinstance(value := values[name], int) and isinstance(factor, Fraction)
        }


_TABLES: Mapping[str, Callable[[Reader, str], str]] = {
    "frequency_code": lambda reader, code: reader.words.name("frequencies", code),
    "day_count": lambda reader, code: reader.words.name("day_counts", code),
    "roll": lambda reader, code: reader.words.name("rolls", code),
    "basis": lambda reader, code: reader.words.name("bases", code),
    "line_of_business": lambda reader, codes: ", ".join(
        reader.words.name("lines_of_business", code) for code in codes.split()
    ),
    "place_code": Reader.place,
    "tax_place_code": Reader.place,
}


def shown_value(result: Explained, source: LineSource, reader: Reader) -> str:
    """Return a result as people read it; an installment with the number of all of them."""
    value = result.result
    if result.subject is Subject.COUNT:
        number = str(source.line.installment_number)
        return reader.words.fill("installment", number=number, count=str(value))
    if isinstance(value, tuple):
        return formats.period(value[0], value[1], reader.locale_code)
    if isinstance(value, date):
        return reader.day(value)
    return reader.money(value) if isinstance(value, int) else str(value)
