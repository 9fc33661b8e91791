"""Invoices: the search, one in full, why it is what it is, its PDF.

Belongs here: addresses and what their pages are given. Does not belong here: reading the store
(``wiring.desk``), words of an explanation (``documents.explanations``).
"""

from fastapi import APIRouter
from fastapi.requests import Request
from fastapi.responses import HTMLResponse, Response

from billing_assets.domain.access import Permission
from billing_assets.domain.errors import BillingError
from billing_assets.domain.list_pages import page_of
from billing_assets.domain.numbering import document_file_name
from billing_assets.portal.access import is_allowed, needs
from billing_assets.portal.desk import Office
from billing_assets.portal.pages import language_of, page
from billing_assets.portal.places import PAGE_ROWS, see_other
from billing_assets.store.invoice_listings import InvoiceFilter, InvoiceRow
from billing_assets.wiring.desk import Desk

# A number may hold slashes, so that what stands below an invoice is looked for first.
router = APIRouter(prefix="/invoices", dependencies=[needs(Permission.LOOK)])


@router.get("", response_class=HTMLResponse, response_model=None)
def list_invoices(
    request: Request, desk: Office, number: str = "", policy: str = "", payer: str = "", before: str = ""
) -> Response:
    """List the newest invoices that fit; a number that there is leads to its invoice."""
    number, policy, payer = (" ".join(text.split()) for text in (number, policy, payer))
    wanted = InvoiceFilter(
        invoice_number=number,
        policy_number=policy,
        payer_key=payer,
        before_number=before,
        limit=PAGE_ROWS + 1,
    )
    found, following = page_of(_found(desk, wanted), PAGE_ROWS, lambda row: row.invoice_number)
    if number and len(found) == 1:
        return see_other(f"/invoices/{found[0].invoice_number}")
    return page(
        request,
        "invoices.html.j2",
        invoices=found,
        asked={"number": number, "policy": policy, "payer": payer},
        following=following,
        is_first=not before,
    )


def _found(desk: Desk, wanted: InvoiceFilter) -> list[InvoiceRow]:
    """Return what fits; nothing does where what was typed is no number of a document."""
    try:
        return desk.invoices(wanted)
    except BillingError as error:
        if error.code != "number_malformed":
            raise
        return []


@router.get("/{number:path}/explanation", response_class=HTMLResponse)
def explain_invoice(request: Request, desk: Office, number: str) -> HTMLResponse:
    """Show why every amount and date of an invoice is what it is, in the reader's language."""
    view = desk.explain(number, language=language_of(request), is_checked=False)
    return page(request, "explanation.html.j2", number=number, view=view)


@router.get("/{number:path}/pdf")
def show_pdf(desk: Office, number: str) -> Response:
    """Give the PDF of an invoice as the payer gets it."""
    name = document_file_name(number, "pdf")
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(desk.invoice_pdf(number), media_type="application/pdf", headers=headers)


@router.get("/{number:path}", response_class=HTMLResponse)
def show_invoice(request: Request, desk: Office, number: str) -> HTMLResponse:
    """Show one invoice in full."""
    detail = desk.invoice(number)
    is_left = any(line.net_minor or line.tax_minor for line in detail.left)
    return page(
        request,
        "invoice.html.j2",
        detail=detail,
        zone=desk.company().time_zone,
        can_regenerate=is_left and is_allowed(request, Permission.CREDIT),
    )
