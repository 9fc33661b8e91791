"""The form of one document and of its explanation.

Belongs here: the forms, and making them from records. Does not belong here: the calls (``invoices``).
"""

from datetime import date

from pydantic import ConfigDict, Field

from billing_assets.documents.explanations import ExplanationView
from billing_assets.portal.api.shapes import Told, example, formed
from billing_assets.wiring.invoice_details import InvoiceDetail


class InvoicePayer(Told):
    """Who pays, as the document says it."""

    payer_key: str
    name: str
    address_lines: list[str]
    country_code: str
    email: str
    language: str


class InvoiceLine(Told):
    """One charge of one policy for one billing period, half-open."""

    line_number: int
    policy_number: str
    product_code: str
    charge_kind: str
    charge_code: str
    charge_name: str
    installment_number: int
    installment_count: int
    period_from_date: date
    period_to_date: date
    net_minor: int
    tax_minor: int


class InvoiceTax(Told):
    """One tax of the document; a rate is in parts per million (80000 is 8 %), 0 of a fixed amount."""

    tax_code: str
    category_code: str
    rate_ppm: int
    amount_minor: int
    base_minor: int
    tax_minor: int
    exemption_reason: str


class Invoice(Told):
    """A document; amounts of a credit note are in favour of the payer.

    ``credited_invoice_number`` is what a credit note gives back; ``credit_note_numbers`` gave back of this.
    ``payable_minor`` is the total with its cash rounding.
    """

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra=example(
            {
                "invoice_number": "INV-00000001",
                "document_kind": "invoice",
                "issue_date": "2025-02-28",
                "due_date": "2025-03-14",
                "tax_point_date": "2025-02-28",
                "currency": "EUR",
                "net_minor": 5100,
                "tax_minor": 416,
                "total_minor": 5516,
                "payable_minor": 5516,
                "payer": {
                    "payer_key": "MOT-1001",
                    "name": "Ana García Ruiz",
                    "address_lines": ["Calle Mayor 7", "28013 Madrid"],
                    "country_code": "ES",
                    "email": "ana.garcia@example.com",
                    "language": "es",
                },
                "lines": [],
                "taxes": [],
                "credited_invoice_number": None,
                "replaced_by": None,
                "credit_note_numbers": [],
                "snapshot_sha256": "9f2c...",
            }
        ),
    )

    invoice_number: str
    document_kind: str
    issue_date: date
    due_date: date
    tax_point_date: date
    currency: str
    net_minor: int
    tax_minor: int
    total_minor: int
    payable_minor: int
    payer: InvoicePayer
    lines: list[InvoiceLine]
    taxes: list[InvoiceTax]
    credited_invoice_number: str | None = None
    replaced_by: str | None = None
    credit_note_numbers: list[str] = Field(default_factory=list)
    snapshot_sha256: str


class ExplainedResult(Told):
    """One result in words."""

    title: str
    value: str
    reasons: list[str]
    figures: str
    rounding: str
    sources: list[str]


class ExplainedSection(Told):
    """A part of an explanation."""

    heading: str
    results: list[ExplainedResult]


class Explanation(Told):
    """Why a document is what it is, in one language."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "invoice_number": "INV-00000001",
                "language": "en",
                "title": "Why invoice INV-00000001 is what it is",
                "sections": [
                    {
                        "heading": "Line 1",
                        "results": [
                            {
                                "title": "Net",
                                "value": "€51.00",
                                "reasons": ["the first of 12 installments"],
                                "figures": "612.00 / 12",
                                "rounding": "",
                                "sources": [],
                            }
                        ],
                    }
                ],
                "closing": "",
            }
        )
    )

    invoice_number: str
    language: str
    title: str
    sections: list[ExplainedSection]
    closing: str


def invoice_of(detail: InvoiceDetail) -> Invoice:
    """Return a document in its form.

    >>> from billing_assets.domain.sample_invoice import SAMPLE
    >>> found = invoice_of(InvoiceDetail(invoice=SAMPLE.invoice, deliveries=()))
    >>> found.total_minor == found.net_minor + found.tax_minor
    True
    """
    found, invoice = formed(Invoice, detail.invoice), detail.invoice
    return found.model_copy(
        update={
            "credited_invoice_number": invoice.credited.invoice_number if invoice.credited else None,
            "replaced_by": detail.replaced_by or None,
            "credit_note_numbers": [note.invoice_number for note in detail.credit_notes],
        }
    )


def explanation_of(number: str, view: ExplanationView) -> Explanation:
    """Return an explanation in its form, without what says nothing.

    >>> empty = ExplanationView(
    ...     explanation=None,
    ...     language="en",
    ...     title="Why",
    ...     recipient="",
    ...     sharing="",
    ...     sections=(),
    ...     closing="",
    ...     labels={},
    ... )
    >>> explanation_of("INV-00000001", empty).title
    'Why'
    """
    sections = [
        ExplainedSection(
            heading=section.heading,
            results=[formed(ExplainedResult, told) for told in section.results if not told.is_plain],
        )
        for section in view.sections
    ]
    return Explanation(
        invoice_number=number,
        language=view.language,
        title=view.title,
        sections=sections,
        closing=view.closing,
    )
