"""Issued documents: lists, one whole, its PDF and why its amounts are what they are.

Belongs here: reading invoices and credit notes. Does not belong here: issuing them (``on_demand``, ``runs``).
"""

from datetime import date
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import ConfigDict

from billing_assets.domain.api_keys import Scope
from billing_assets.domain.list_pages import page_of
from billing_assets.portal.api.callers import CallersDesk
from billing_assets.portal.api.entity_tags import FROZEN, tagged
from billing_assets.portal.api.guarded_route import GuardedRoute
from billing_assets.portal.api.invoice_forms import Explanation, Invoice, explanation_of, invoice_of
from billing_assets.portal.api.list_cursors import Cursor, Limit, next_of, text_in
from billing_assets.portal.api.rules import needs
from billing_assets.portal.api.shapes import Told, example, formed
from billing_assets.store.invoice_listings import InvoiceFilter

router = APIRouter(route_class=GuardedRoute, tags=["invoices"])

_BYTES = {"type": "string", "format": "binary"}
_Number: TypeAlias = Annotated[str, Path(max_length=60, examples=["INV-00000001"])]


class InvoiceInList(Told):
    """A document in a list; amounts of a credit note are in favour of the payer."""

    invoice_number: str
    document_kind: str
    billing_date: date
    issue_date: date
    due_date: date
    policy_number: str
    payer_key: str
    currency: str
    net_minor: int
    tax_minor: int
    total_minor: int
    delivery_state: str


class InvoicePage(Told):
    """A part of the documents, the newest first."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "items": [
                    {
                        "invoice_number": "INV-00000001",
                        "document_kind": "invoice",
                        "billing_date": "2025-02-28",
                        "issue_date": "2025-02-28",
                        "due_date": "2025-03-14",
                        "policy_number": "MOT-1001",
                        "payer_key": "MOT-1001",
                        "currency": "EUR",
                        "net_minor": 5100,
                        "tax_minor": 416,
                        "total_minor": 5516,
                        "delivery_state": "sent",
                    }
                ],
                "next": "/api/v1/invoices?cursor=IklOVi0wMDAwMDAwMSI",
            }
        )
    )

    items: list[InvoiceInList]
    next: str | None


@router.get("/invoices", operation_id="listInvoices", summary="Invoices and credit notes, the newest first")
@needs(Scope.INVOICES_READ)
def list_invoices(
    request: Request,
    desk: CallersDesk,
    policy_number: Annotated[str, Query(max_length=100)] = "",
    payer_key: Annotated[str, Query(max_length=100)] = "",
    billing_date: date | None = None,
    currency: Annotated[str, Query(max_length=3)] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> InvoicePage:
    """List documents by policy, payer, billing date or currency; a list holds no name and no address."""
    wanted = InvoiceFilter(
        policy_number=policy_number,
        payer_key=payer_key,
        billing_date=billing_date,
        currency=currency,
        before_number=text_in(cursor),
        limit=limit + 1,
    )
    found, following = page_of(desk.invoices(wanted), limit, lambda row: row.invoice_number)
    return InvoicePage(items=[formed(InvoiceInList, row) for row in found], next=next_of(request, following))


@router.get(
    "/invoices/{number}", operation_id="getInvoice", summary="A document as issued", response_model=Invoice
)
@needs(Scope.INVOICES_READ)
def get_invoice(request: Request, desk: CallersDesk, number: _Number) -> Response:
    """Return a document whole, as it was frozen at issue, and what stands beside it by now.

    It holds the payer's name and address.
    """
    return tagged(request, invoice_of(desk.invoice(number)))


@router.get(
    "/invoices/{number}/pdf",
    operation_id="getInvoicePdf",
    summary="The PDF of a document",
    response_class=Response,
    responses={200: {"description": "The PDF.", "content": {"application/pdf": {"schema": _BYTES}}}},
)
@needs(Scope.INVOICES_READ)
def get_invoice_pdf(request: Request, desk: CallersDesk, number: _Number) -> Response:
    """Return the PDF: the same bytes each time."""
    return tagged(request, desk.invoice_pdf(number), media_type="application/pdf", cache=FROZEN)


@router.get(
    "/invoices/{number}/explanation",
    operation_id="getInvoiceExplanation",
    summary="Why each amount and date is what it is",
    response_model=Explanation,
)
@needs(Scope.INVOICES_READ)
def get_invoice_explanation(
    request: Request,
    desk: CallersDesk,
    number: _Number,
    line: Annotated[int | None, Query(ge=1, le=32_767, description="Of this line alone.")] = None,
    language: Annotated[
        str, Query(max_length=35, description="BCP 47; the payer's if left out.", examples=["en"])
    ] = "",
) -> Response:
    """Return the explanation in words; it is worked out again from what the document froze."""
    return tagged(request, explanation_of(number, desk.explain(number, line, language)))
