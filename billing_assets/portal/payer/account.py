"""What a payer owes, their invoices and credit notes, one in full, and why it is what it is.

Belongs here: addresses and what their pages are given. Does not belong here: what is the payer's
(``wiring.payer_desk``), words of an explanation (``documents.explanations``).
"""

from fastapi import APIRouter
from fastapi.requests import Request
from fastapi.responses import HTMLResponse, Response

from billing_assets.domain.list_pages import page_of
from billing_assets.domain.numbering import document_file_name
from billing_assets.portal.payer.access import FOR_PAYERS, Own
from billing_assets.portal.payer.pages import language_of, page
from billing_assets.portal.places import PAGE_ROWS, OptionalId
from billing_assets.wiring.build import today_of

router = APIRouter(dependencies=FOR_PAYERS)


@router.get("/", response_class=HTMLResponse)
def show_account(request: Request, own: Own) -> HTMLResponse:
    """Show what is owed, what is past due, and what falls due next."""
    return page(request, "account.html.j2", account=own.account())


@router.get("/invoices", response_class=HTMLResponse)
def list_documents(request: Request, own: Own, before: OptionalId = None) -> HTMLResponse:
    """List invoices and credit notes, the newest first, each with where it stands."""
    found, following = page_of(own.documents(PAGE_ROWS + 1, before), PAGE_ROWS, lambda row: row.invoice_id)
    return page(
        request,
        "invoices.html.j2",
        documents=found,
        today=today_of(own.company),
        following=following,
        is_first=before is None,
    )


# A number may hold slashes, so that what stands below an invoice is looked for first.
@router.get("/invoices/{number:path}/explanation", response_class=HTMLResponse)
def explain(request: Request, own: Own, number: str) -> HTMLResponse:
    """Show why every amount and date of a document is what it is, in the reader's language."""
    view = own.explain(number, language_of(request))
    return page(request, "explanation.html.j2", number=number, view=view)


@router.get("/invoices/{number:path}/pdf")
def show_pdf(own: Own, number: str) -> Response:
    """Give the PDF of a document."""
    return pdf_of(number, own.pdf(number))


@router.get("/invoices/{number:path}", response_class=HTMLResponse)
def show_document(request: Request, own: Own, number: str) -> HTMLResponse:
    """Show one document in full."""
    found = own.invoice(number)
    return page(request, "invoice.html.j2", found=found, today=today_of(own.company))


def pdf_of(number: str, content: bytes) -> Response:
    """Return a PDF under the name of its document.

    >>> pdf_of("INV-00000001", b"").headers["content-disposition"]
    'inline; filename="INV-00000001.pdf"'
    """
    name = document_file_name(number, "pdf")
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(content, media_type="application/pdf", headers=headers)
