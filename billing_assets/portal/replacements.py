"""Regenerating an invoice: both documents are looked at side by side, and then issued.

Belongs here: reading the form, what its page is given. Does not belong here: what may be replaced
(``steps.replace_invoice``).
"""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.requests import Request
from fastapi.responses import HTMLResponse, Response

from billing_assets.domain.access import Permission
from billing_assets.domain.errors import BillingError
from billing_assets.portal.access import needs
from billing_assets.portal.desk import Actor, Office
from billing_assets.portal.pages import REFUSED, page
from billing_assets.portal.places import see_other
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.replacements import outcome_record, regenerate, replacement_order, require_no_run

# A number may hold slashes, so that this is looked for before the page of an invoice.
router = APIRouter(prefix="/invoices", dependencies=[needs(Permission.CREDIT)])

_PREVIEW_REASON = "preview"


@router.get("/{number:path}/regenerate", response_class=HTMLResponse)
def show_preview(request: Request, desk: Office, actor: Actor, number: str) -> HTMLResponse:
    """Show what would be given back and what would be billed in its place; nothing is written."""
    return _shown(request, desk, actor, number)


@router.post("/{number:path}/regenerate", response_class=HTMLResponse, response_model=None)
def act(
    request: Request,
    desk: Office,
    actor: Actor,
    number: str,
    reason: Annotated[str, Form()] = "",
    same: Annotated[str, Form()] = "",
) -> Response:
    """Replace the invoice, and lead on to the one that stands in its place."""
    try:
        order = replacement_order(
            desk.billing, number, reason=reason, approved_by=actor, is_forced=bool(same)
        )
        require_no_run(desk.billing)
        outcome = regenerate(desk.billing, order)
    except BillingError as error:
        return _shown(request, desk, actor, number, reason=reason, error=error)
    return see_other(f"/invoices/{outcome.invoice_number}")


def _shown(
    request: Request,
    desk: Desk,
    actor: str,
    number: str,
    *,
    reason: str = "",
    error: BillingError | None = None,
) -> HTMLResponse:
    """Return the page, with the preview where there is one, and with why there is none where not."""
    found = None
    try:
        order = replacement_order(
            desk.billing, number, reason=_PREVIEW_REASON, approved_by=actor, is_forced=True
        )
        found = outcome_record(regenerate(desk.billing, order, is_dry_run=True), is_dry_run=True)
    except BillingError as refused:
        if refused.code.endswith("_unknown"):
            raise
        error = error or refused
    return page(
        request,
        "regenerate.html.j2",
        status=REFUSED if error else 200,
        number=number,
        found=found,
        reason=reason,
        error=error,
    )
