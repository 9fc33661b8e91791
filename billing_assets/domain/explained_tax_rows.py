"""Which tax rows fall on which lines of an invoice, as it was issued.

Belongs here: the row of each tax that a line has, and how a row is told. Does not belong here: amounts
(``explained_taxes``), the same over columns (``frames.tax_rows``), from which this is written apart.

A line has a tax by its own row of the group (``TaxSource.by_row``), and all lines of the tax are one amount.
Where nobody knows the end that a row had when the invoice was issued, it may have been ended since. Each tax
of an invoice falls on one of its lines, so one that falls on none was, and its last day is left aside.
"""

from datetime import date

from billing_assets.domain.charges import taxed_kind
from billing_assets.domain.explanations import RuleRow
from billing_assets.domain.invoice_sources import InvoiceSources, LineSource, TaxSource
from billing_assets.domain.tax_rule import ANY_LINE, TaxPoint

Falls = list[tuple[LineSource, TaxSource]]
"""Each line with the taxes that fall on it, by the row that does."""


def falls_on_lines(sources: InvoiceSources) -> Falls:
    """Return each line with each tax of the document that falls on it, in order.

    >>> from billing_assets.domain.sample_invoice import SAMPLE
    >>> [(source.line.line_number, tax.tax_rule_id) for source, tax in falls_on_lines(SAMPLE)]
    [(1, 20)]
    """
    strict = _matched(sources, frozenset())
    ended = {tax.tax_number for tax in sources.taxes} - {tax.tax_number for _, tax in strict}
    return _matched(sources, frozenset(ended)) if ended else strict


def contains_tax(sources: InvoiceSources, line: LineSource) -> bool:
    """Tell whether the price of a line contains tax.

    >>> from billing_assets.domain.sample_invoice import SAMPLE
    >>> contains_tax(SAMPLE, SAMPLE.lines[0])
    False
    """
    return any(tax.rule.is_inclusive for source, tax in falls_on_lines(sources) if source is line)


def tax_row(tax: TaxSource) -> RuleRow:
    """Return a tax row as a rule with its source.

    >>> from billing_assets.domain.sample_invoice import SAMPLE
    >>> tax_row(SAMPLE.taxes[0]).row_id
    20
    """
    rule = tax.rule
    return RuleRow(
        kind="tax",
        code=rule.tax_code,
        row_id=tax.tax_rule_id,
        valid_from=rule.valid_from,
        valid_to=rule.valid_to,
        source=rule.source,
        reason=rule.exemption_reason,
    )


def _matched(sources: InvoiceSources, ended: frozenset[int]) -> Falls:
    falls: Falls = []
    for source in sources.lines:
        own = [
            row
            for tax in sources.taxes
            for row in tax.by_row
            if _holds(row, source, is_ended_since=tax.tax_number in ended)
        ]
        named = [tax for tax in own if tax.rule.line_of_business != ANY_LINE]
        falls += [(source, tax) for tax in named or own]
    return falls


def _holds(tax: TaxSource, source: LineSource, *, is_ended_since: bool) -> bool:
    rule, term, line = tax.rule, source.term, source.line
    day = tax_point(tax, source)
    is_valid = rule.valid_from <= day if is_ended_since else rule.is_valid_on(day)
    return (
        is_valid
        and rule.place_code == term.place_code
        and rule.line_of_business in (source.line_of_business, ANY_LINE)
        and taxed_kind(line.charge_kind) in rule.charge_kinds.split()
    )


def tax_point(tax: TaxSource, source: LineSource) -> date:
    """Return the day that decides which row of a tax holds for a line.

    >>> from billing_assets.domain.sample_invoice import SAMPLE
    >>> tax_point(SAMPLE.taxes[0], SAMPLE.lines[0]).isoformat()
    '2024-01-01'
    """
    is_of_term = tax.rule.tax_point is TaxPoint.TERM
    return source.term.effective_date if is_of_term else source.line.period_from_date
