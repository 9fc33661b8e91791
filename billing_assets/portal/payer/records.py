"""A payer's payments, and what is known of them.

Belongs here: addresses, the form of preferences, what the pages are given. Does not belong here: what is the
payer's (``wiring.payer_desk``).
"""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.requests import Request
from fastapi.responses import HTMLResponse, Response

from billing_assets.domain.errors import BillingError
from billing_assets.domain.list_pages import page_of
from billing_assets.portal.pages import REFUSED
from billing_assets.portal.payer.access import FOR_PAYERS, Own
from billing_assets.portal.payer.documents import form_key
from billing_assets.portal.payer.pages import page
from billing_assets.portal.payer.sign_in import keep_language
from billing_assets.portal.places import PAGE_ROWS, OptionalId, see_other
from billing_assets.wiring.portal_links import PORTAL_PATH

router = APIRouter(dependencies=FOR_PAYERS)
_Channels = Annotated[list[str], Form(max_length=10)]


@router.get("/payments", response_class=HTMLResponse)
def list_payments(request: Request, own: Own, before: OptionalId = None) -> HTMLResponse:
    """List payments, the newest first, each with what it was used for, and its receipt to ask for."""
    found, following = page_of(own.payments(PAGE_ROWS + 1, before), PAGE_ROWS, lambda row: row.payment_id)
    return page(
        request,
        "payments.html.j2",
        payments=found,
        following=following,
        is_first=before is None,
        receipt_key=form_key(),
    )


@router.get("/details", response_class=HTMLResponse)
def show_details(request: Request, own: Own, done: str = "") -> HTMLResponse:
    """Show what is known of the payer, and what they may choose."""
    return page(request, "details.html.j2", details=own.details(), done=done, error=None)


@router.post("/details", response_model=None)
def set_preference(
    request: Request, own: Own, channel: _Channels, language: Annotated[str, Form()] = ""
) -> Response:
    """Keep the language, and the order of channels."""
    try:
        own.prefer(language, channel)
    except BillingError as error:
        return page(request, "details.html.j2", status=REFUSED, details=own.details(), done="", error=error)
    response = see_other(f"{PORTAL_PATH}/details?done=kept")
    keep_language(response, language)
    return response
