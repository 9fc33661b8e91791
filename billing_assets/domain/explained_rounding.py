"""Why the sum payable of a document is what it is, where it goes by what can be paid in cash.

Belongs here: the results that explain the sum payable and its rounding, each worked out again.
Does not belong here: the formulas (``explanations``), the same over columns (``frames.cash_rounding``), from
which this is written apart.
"""

from billing_assets.domain.explained_words import Formula, Rounding, Subject
from billing_assets.domain.explanations import Explained, RuleRow, amount_of, minor
from billing_assets.domain.invoice_sources import InvoiceSources


def explain_rounding(sources: InvoiceSources, total_minor: int) -> tuple[Explained, ...]:
    """Return the sum payable and its rounding, of a ``total_minor`` worked out before; nothing without a row.

    >>> from dataclasses import replace
    >>> from billing_assets.domain.cash_rounding import CASH_CURRENCIES, CashRounding
    >>> from billing_assets.domain.invoice_sources import CashUnitSource
    >>> from billing_assets.domain.sample_invoice import SAMPLE
    >>> rounding = CashRounding(cash_unit_minor=5, cash_rounding_minor=-2)
    >>> invoice = replace(SAMPLE.invoice, total_minor=43_22, rounding=rounding)
    >>> row = CashUnitSource(cash_unit_id=1, row=CASH_CURRENCIES["CHF"])
    >>> results = explain_rounding(replace(SAMPLE, invoice=invoice, cash_unit=row), 43_22)
    >>> [(each.result, each.is_match) for each in results]
    [(4320, True), (-2, True)]
    """
    unit, invoice = sources.cash_unit, sources.invoice
    if unit is None:
        return ()
    row = RuleRow(
        kind="cash_unit",
        code=unit.row.currency,
        row_id=unit.cash_unit_id,
        valid_from=unit.row.valid_from,
        valid_to=unit.row.valid_to,
        source=unit.row.source,
        reason=unit.row.tie_rule,
    )
    total = minor("total", total_minor)
    payable = Explained(
        subject=Subject.PAYABLE,
        formula=Formula.NEAREST_CASH,
        inputs=(total, minor("cash_unit", unit.row.cash_unit_minor)),
        recorded=invoice.payable_minor,
        rounding=Rounding.HALF_UP,
        rounding_minor=unit.row.cash_unit_minor,
        rules=(row,),
    )
    rounding = Explained(
        subject=Subject.ROUNDING,
        formula=Formula.BEYOND_TOTAL,
        inputs=(minor("payable", amount_of(payable)), total),
        recorded=invoice.payable_minor - invoice.total_minor,
    )
    return payable, rounding
