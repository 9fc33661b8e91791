"""Rows that an invoice rests on, written down short: a term, a line with its plan, a tax, an invoice.

Belongs here: what the tests of explanations share. Does not belong here: any rule.
"""

from dataclasses import replace
from datetime import date
from typing import Any

from billing_assets.domain.invoice_sources import (
    BilledTerm,
    InvoiceSources,
    IssueSource,
    LineSource,
    TaxSource,
)
from billing_assets.domain.invoices import Creditor, DocumentKind, Invoice, InvoiceLine, Payer
from billing_assets.domain.payment_plans import DEFAULT_PLANS
from billing_assets.domain.tax_rule import TaxRule

PLANS = {plan.plan_code: plan for plan in DEFAULT_PLANS}
NO_ADDRESS: dict[str, Any] = {"address_lines": ("Calle Mayor 7", "28013 Madrid"), "country_code": "ES"}


def term(**values: Any) -> BilledTerm:
    """A term of 2024-01-01 to 2025-01-01 in Spain with a premium of 480.00."""
    usual = BilledTerm(
        policy_term_id=7,
        policy_term_version_id=9,
        file_name="book.csv",
        line_of_business="motor",
        place_code="ES",
        effective_date=date(2024, 1, 1),
        expiration_date=date(2025, 1, 1),
        anchor_date=values.get("effective_date", date(2024, 1, 1)),
        cover_to_date=None,
        premium_minor=480_00,
    )
    return replace(usual, **values)


def line(number: int = 1, *, plan: str = "monthly", installment: int = 1, **values: Any) -> LineSource:
    """A line as a run would have recorded it; amounts are what the test says, or those of 12 equal parts."""
    billed = values.pop("term", term())
    count, net_minor = values.pop("count", 12), values.pop("net_minor", 40_00)
    period = values.pop("period", (date(2024, 1, 1), date(2024, 2, 1)))
    contained = values.pop("contained_tax_minor", 0)
    recorded = InvoiceLine(
        line_number=number,
        policy_number="P-1",
        product_code="motor",
        charge_kind="premium",
        installment_number=installment,
        installment_count=count,
        period_from_date=period[0],
        period_to_date=period[1],
        net_minor=net_minor,
        tax_minor=values.pop("tax_minor", 0),
    )
    usual = LineSource(
        line=recorded,
        contained_tax_minor=contained,
        term=billed,
        payment_plan_id=5,
        plan=PLANS[plan],
        charge_net_minor=net_minor + contained,
        charge_due_date=date(2024, 1, 2),
        charge_billing_date=date(2023, 12, 19),
    )
    return replace(usual, **values)


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
    invoice = Invoice(
        invoice_id=1,
        document_kind=DocumentKind.INVOICE,
        invoice_number="INV-00000042",
        issue_date=date(2023, 12, 19),
        due_date=date(2024, 1, 2),
        tax_point_date=min(source.line.period_from_date for source in lines),
        currency="EUR",
        net_minor=net,
        tax_minor=tax_sum,
        total_minor=net + tax_sum,
        creditor=Creditor(
            company_code="alondra",
            name="Alondra Seguros",
            **NO_ADDRESS,
            tax_number="",
            iban="",
            bic="",
            email="a@example.com",
            phone="",
            website="",
        ),
        payer=Payer(payer_key="C-1", name="Ana García", **NO_ADDRESS, email="", language="es"),
        lines=tuple(source.line for source in lines),
        taxes=(),
        snapshot_sha256="",
    )
    issue = IssueSource(
        prefix="INV-",
        number=42,
        previous_issue_date=date(2023, 12, 18),
        run_id=3,
        run_billing_date=date(2023, 12, 19),
        run_issuing_date=date(2023, 12, 19),
        backdating_reason="",
        approved_by="",
        company_place_code="ES",
    )
    return InvoiceSources(
        invoice=replace(invoice, **values.pop("invoice", {})),
        record_format=3,
        lines=tuple(lines),
        taxes=tuple(taxes),
        issue=replace(issue, **values),
    )
