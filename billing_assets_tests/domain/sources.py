"""Rows that an invoice rests on, written down short, as changes of the sample invoice.

Belongs here: what the tests of explanations share. Does not belong here: any rule.
"""

from dataclasses import replace
from datetime import date
from typing import Any

from billing_assets.domain.invoice_sources import BilledTerm, InvoiceSources, LineSource, TaxSource
from billing_assets.domain.payment_plans import DEFAULT_PLANS
from billing_assets.domain.sample_invoice import SAMPLE
from billing_assets.domain.tax_rule import TaxRule

PLANS = {plan.plan_code: plan for plan in DEFAULT_PLANS}


def term(**values: Any) -> BilledTerm:
    """A term of 2024-01-01 to 2025-01-01 in Spain with a premium of 480.00; its anchor is its first day."""
    anchor = values.get("effective_date", date(2024, 1, 1))
    return replace(SAMPLE.lines[0].term, **{"anchor_date": anchor, **values})


def line(number: int = 1, *, plan: str = "monthly", installment: int = 1, **values: Any) -> LineSource:
    """A line as a run would have recorded it; amounts are what the test says, or those of 12 equal parts."""
    usual, net_minor = SAMPLE.lines[0], values.pop("net_minor", 40_00)
    period = values.pop("period", (date(2024, 1, 1), date(2024, 2, 1)))
    contained = values.get("contained_tax_minor", 0)
    recorded = replace(
        usual.line,
        line_number=number,
        installment_number=installment,
        installment_count=values.pop("count", 12),
        period_from_date=period[0],
        period_to_date=period[1],
        net_minor=net_minor,
        tax_minor=values.pop("tax_minor", 0),
    )
    shared = {"line": recorded, "plan": PLANS[plan], "charge_net_minor": net_minor + contained}
    return replace(usual, **{**shared, **values})


def tax(number: int = 1, *, base: int = 0, tax_minor: int = 0, **values: Any) -> TaxSource:
    """A tax of 8 % in Spain, whatever is insured."""
    shared: dict[str, Any] = {
        "tax_code": f"XX-{number}",
        "place_code": "ES",
        "line_of_business": "*",
        "rate_ppm": 80_000,
        "valid_from": date(2020, 1, 1),
        "source": "Act 1",
        **values,
    }
    rule = TaxRule(**shared)
    return TaxSource(
        tax_number=number, tax_rule_id=100 + number, rule=rule, base_minor=base, tax_minor=tax_minor
    )


def sources(lines: list[LineSource], taxes: list[TaxSource], **values: Any) -> InvoiceSources:
    """An invoice of these lines and taxes; totals are their sums."""
    net = sum(source.line.net_minor for source in lines)
    tax_sum = sum(each.tax_minor for each in taxes)
    invoice = replace(
        SAMPLE.invoice,
        tax_point_date=min(source.line.period_from_date for source in lines),
        net_minor=net,
        tax_minor=tax_sum,
        total_minor=net + tax_sum,
        lines=tuple(source.line for source in lines),
    )
    return replace(
        SAMPLE,
        invoice=replace(invoice, **values.pop("invoice", {})),
        lines=tuple(lines),
        taxes=tuple(taxes),
        issue=replace(SAMPLE.issue, **values),
    )
