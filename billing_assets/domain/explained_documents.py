"""Why an invoice as a whole is what it is: its lines and taxes, totals, dates and number, in one explanation.

Belongs here: putting the results together, totals, and what is wrong with the whole of them.
Does not belong here: the formulas (``explanations``), lines (``explained_installments``), taxes
(``explained_taxes``), dates (``explained_dates``).
"""

from dataclasses import dataclass

from billing_assets.domain.billing_grids import Calendars
from billing_assets.domain.errors import BillingError
from billing_assets.domain.explained_arrangements import bill_number
from billing_assets.domain.explained_changes import explain_change, explain_change_dates
from billing_assets.domain.explained_dates import explain_dates, explain_due_date, explain_issue, of_line
from billing_assets.domain.explained_installments import explain_installment
from billing_assets.domain.explained_rounding import explain_rounding
from billing_assets.domain.explained_tax_rows import contains_tax
from billing_assets.domain.explained_taxes import ExplainedTaxes, explain_taxes
from billing_assets.domain.explained_words import Formula, Subject
from billing_assets.domain.explanations import Explained, amount_of, minor, sum_of
from billing_assets.domain.invoice_sources import InvoiceSources, LineSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Every amount and date of an invoice, explained, in the order in which they come about."""

    invoice_number: str
    currency: str
    results: tuple[Explained, ...]

    @property
    def differences(self) -> tuple[Explained, ...]:
        """The results that are not what was recorded."""
        return tuple(each for each in self.results if not each.is_match)

    def of_line(self, line_number: int) -> tuple[Explained, ...]:
        """Return the results that concern a line."""
        return tuple(each for each in self.results if line_number in each.line_numbers)


def explain_invoice(sources: InvoiceSources, calendars: Calendars) -> Explanation:
    """Return why every amount and date of an issued invoice is what it is, each worked out again.

    What does not come to what was recorded is in ``differences``; it is never corrected.

    >>> from dataclasses import replace
    >>> from datetime import date
    >>> from billing_assets.domain.sample_invoice import ALWAYS_OPEN, SAMPLE
    >>> new_year = date(2024, 1, 1)
    >>> calendars = replace(ALWAYS_OPEN, is_due_closed=lambda place, day: day == new_year)
    >>> explanation = explain_invoice(SAMPLE, calendars)
    >>> len(explanation.results), explanation.differences
    (16, ())
    """
    before_tax: list[Explained] = []
    prices: dict[int, int] = {}
    for source in sources.lines:
        results = (
            explain_change(source, source.change, calendars)
            if source.change
            else explain_installment(source, calendars, price_contains_tax=contains_tax(sources, source))
        )
        before_tax += results
        prices[source.line.line_number] = amount_of(results[-1])
    taxed = explain_taxes(sources, prices)
    invoice = sources.invoice
    return Explanation(
        invoice_number=invoice.invoice_number,
        currency=invoice.currency,
        results=(
            *before_tax,
            *_nets_of_prices(sources, prices, taxed),
            *(
                result
                for source in sources.lines
                for result in _dates(source, calendars, sources.issue.company_place_code)
            ),
            *taxed.taxes,
            *taxed.of_lines,
            *_totals(sources, taxed),
            *explain_issue(sources),
            explain_due_date(sources, calendars),
        ),
    )


def _dates(source: LineSource, calendars: Calendars, company_place_code: str) -> tuple[Explained, ...]:
    if source.change:
        return explain_change_dates(source, source.change, calendars, company_place_code)
    return explain_dates(source, calendars, company_place_code, bill_number(source, calendars))


def require_match(explanation: Explanation) -> None:
    """Raise ``explanation_differs`` where a result is not what was recorded, and name each that is not.

    >>> from billing_assets.domain.explanations import Subject, minor, sum_of
    >>> total = sum_of(Subject.TOTAL, [minor("net", 100), minor("tax", 8)], recorded=109)
    >>> require_match(Explanation(invoice_number="INV-00000001", currency="EUR", results=(total,)))
    Traceback (most recent call last):
    ...
    billing_assets.domain.errors.BillingError: invoice INV-00000001 is not what its rows come to: \
total is 109, worked out 108 (explanation_differs): tell nobody these figures; \
find out with 'billing audit' what was changed
    """
    if explanation.differences:
        raise BillingError(
            "explanation_differs",
            f"invoice {explanation.invoice_number} is not what its rows come to: "
            + "; ".join(map(_difference, explanation.differences)),
            "tell nobody these figures; find out with 'billing audit' what was changed",
        )


def require_line(sources: InvoiceSources, line_number: int) -> None:
    """Raise ``line_unknown`` where the invoice has no such line.

    >>> from billing_assets.domain.sample_invoice import SAMPLE
    >>> require_line(SAMPLE, 2)
    Traceback (most recent call last):
    ...
    billing_assets.domain.errors.BillingError: invoice INV-00000042 has no line 2 (line_unknown): \
choose line 1, or leave the line out
    """
    numbers = [source.line.line_number for source in sources.lines]
    if line_number not in numbers:
        known = str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
        raise BillingError(
            "line_unknown",
            f"invoice {sources.invoice.invoice_number} has no line {line_number}",
            f"choose line {known}, or leave the line out",
        )


def _difference(result: Explained) -> str:
    lines = ", ".join(map(str, result.line_numbers))
    where = f" of line {lines}" if lines else ""
    code = (
        f" {result.code}" if result.subject.value.startswith("tax_") or result.subject is Subject.TAX else ""
    )
    recorded, found = _plain(result.recorded), _plain(result.result)
    return f"{result.subject.value}{code}{where} is {recorded}, worked out {found}"


def _plain(value: object) -> str:
    return " to ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _nets_of_prices(
    sources: InvoiceSources, prices: dict[int, int], taxed: ExplainedTaxes
) -> list[Explained]:
    """Return the net amount of each line whose price contains tax, and the tax that it contains."""
    found: list[Explained] = []
    for source in sources.lines:
        number, price = source.line.line_number, minor("price", prices[source.line.line_number])
        contained = taxed.contained[number]
        if contained:
            recorded = source.contained_tax_minor
            found.append(sum_of(Subject.CONTAINED_TAX, contained, recorded, (number,)))
            inputs, net = (price, *contained), source.line.net_minor
            found.append(of_line(source, Subject.NET, Formula.PRICE_LESS_TAXES, inputs, net))
    return found


def _totals(sources: InvoiceSources, taxed: ExplainedTaxes) -> list[Explained]:
    invoice = sources.invoice
    nets = [minor("line_net", net, str(number)) for number, net in taxed.nets.items()]
    taxes = [minor("tax", amount_of(tax), tax.code) for tax in taxed.taxes if tax.subject is Subject.TAX]
    net = sum_of(Subject.NET_TOTAL, nets, invoice.net_minor)
    tax = sum_of(Subject.TAX_TOTAL, taxes, invoice.tax_minor)
    both = [minor("net_total", amount_of(net)), minor("tax_total", amount_of(tax))]
    total = sum_of(Subject.TOTAL, both, invoice.total_minor)
    return [net, tax, total, *explain_rounding(sources, amount_of(total))]
