"""One invented invoice with the rows that it rests on: what the examples of explanations work on.

Belongs here: the sample alone. Does not belong here: anything that an invoice of a company is made of.
"""

from dataclasses import replace
from datetime import date

from billing_assets.domain.billing_grids import Calendars, cycle_grid
from billing_assets.domain.invoice_sources import (
    BilledTerm,
    CreditSources,
    InvoiceSources,
    IssueSource,
    LineSource,
    TaxSource,
)
from billing_assets.domain.invoices import (
    CreditedInvoice,
    Creditor,
    DocumentKind,
    Invoice,
    InvoiceLine,
    Payer,
)
from billing_assets.domain.payment_plans import DEFAULT_PLANS
from billing_assets.domain.tax_rule import TaxRule

_TERM = BilledTerm(
    policy_term_id=7,
    policy_term_version_id=9,
    file_name="book.csv",
    line_of_business="motor",
    place_code="ES",
    effective_date=date(2024, 1, 1),
    expiration_date=date(2025, 1, 1),
    anchor_date=date(2024, 1, 1),
    cover_to_date=None,
    premium_minor=480_00,
)
_LINE = InvoiceLine(
    line_number=1,
    policy_number="P-1",
    product_code="motor",
    charge_kind="premium",
    installment_number=1,
    installment_count=12,
    period_from_date=date(2024, 1, 1),
    period_to_date=date(2024, 2, 1),
    net_minor=40_00,
    tax_minor=3_20,
)
_TAX = TaxRule(
    tax_code="ES-IPS",
    place_code="ES",
    line_of_business="*",
    rate_ppm=80_000,
    valid_from=date(2021, 1, 1),
    source="Ley 13/1996 art. 12",
)
_INVOICE = Invoice(
    invoice_id=1,
    document_kind=DocumentKind.INVOICE,
    invoice_number="INV-00000042",
    issue_date=date(2023, 12, 19),
    due_date=date(2024, 1, 2),
    tax_point_date=date(2024, 1, 1),
    currency="EUR",
    net_minor=40_00,
    tax_minor=3_20,
    total_minor=43_20,
    creditor=Creditor(
        company_code="alondra",
        name="Alondra Seguros, S.A.",
        address_lines=("Paseo de las Acacias 118", "28010 Madrid"),
        country_code="ES",
        tax_number="A00000000",
        iban="",
        bic="",
        email="facturas@alondra.example.com",
        phone="",
        website="",
    ),
    payer=Payer(
        payer_key="C-1",
        name="Ana García Ruiz",
        address_lines=("Calle Mayor 7", "28013 Madrid"),
        country_code="ES",
        email="",
        language="es",
    ),
    lines=(_LINE,),
    taxes=(),
    snapshot_sha256="",
)

SAMPLE = InvoiceSources(
    invoice=_INVOICE,
    record_format=3,
    lines=(
        LineSource(
            line=_LINE,
            contained_tax_minor=0,
            term=_TERM,
            payment_plan_id=5,
            plan=next(plan for plan in DEFAULT_PLANS if plan.plan_code == "monthly"),
            charge_net_minor=40_00,
            charge_due_date=date(2024, 1, 2),
            charge_billing_date=date(2023, 12, 19),
        ),
    ),
    taxes=(TaxSource(tax_number=1, tax_rule_id=20, rule=_TAX, base_minor=40_00, tax_minor=3_20),),
    issue=IssueSource(
        prefix="INV-",
        number=42,
        previous_issue_date=date(2023, 12, 18),
        run_id=3,
        run_billing_date=date(2023, 12, 19),
        run_issuing_date=date(2023, 12, 19),
        backdating_reason="",
        approved_by="",
        company_place_code="ES",
    ),
)
"""A premium of 480.00 for 2024 in Spain, billed in twelve parts: the first of them, with a tax of 8 %.

>>> SAMPLE.invoice.total_minor, SAMPLE.lines[0].plan.plan_code
(4320, 'monthly')
"""

_HALF = replace(_LINE, net_minor=10_00, tax_minor=80, credited_line_number=1)

SAMPLE_CREDIT = CreditSources(
    note=replace(
        SAMPLE,
        invoice=replace(
            _INVOICE,
            document_kind=DocumentKind.CREDIT_NOTE,
            invoice_number="CRN-00000007",
            issue_date=date(2024, 1, 15),
            due_date=date(2024, 1, 15),
            net_minor=10_00,
            tax_minor=80,
            total_minor=10_80,
            lines=(_HALF,),
            credited=CreditedInvoice(
                invoice_number="INV-00000042", issue_date=date(2023, 12, 19), reason="a discount"
            ),
        ),
        record_format=4,
        lines=(replace(SAMPLE.lines[0], line=_HALF),),
        taxes=(replace(SAMPLE.taxes[0], base_minor=10_00, tax_minor=80),),
        issue=replace(
            SAMPLE.issue,
            prefix="CRN-",
            number=7,
            previous_issue_date=None,
            run_billing_date=date(2024, 1, 15),
            run_issuing_date=date(2024, 1, 15),
        ),
    ),
    original=SAMPLE,
    net_before={1: 5_00},
)
"""A credit note that gives back 10.00 of that premium, after 5.00 that were given back before.

>>> SAMPLE_CREDIT.note.invoice.total_minor, SAMPLE_CREDIT.is_whole
(1080, False)
"""

ALWAYS_OPEN = Calendars(
    is_due_closed=lambda _place, _day: False,
    is_generate_closed=lambda _place, _day: False,
    pattern_grid=cycle_grid,
)
"""Calendars without a closed day."""
