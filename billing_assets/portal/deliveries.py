"""The outbox of what was not delivered, and one delivery with its message.

Belongs here: addresses, and what their pages are given. Does not belong here: reading the store
(``wiring``), what a decision does (``steps.resolve_deliveries``).
"""

from functools import partial
from typing import Any

from fastapi import APIRouter
from fastapi.requests import Request
from fastapi.responses import HTMLResponse, Response

from billing_assets.domain.access import Permission
from billing_assets.domain.decisions import Decision
from billing_assets.domain.list_pages import page_of
from billing_assets.portal.access import needs
from billing_assets.portal.bulk import Bulk, BulkForm, Refusal, answer, number_said, numbers_of, said_before
from billing_assets.portal.desk import Actor, Acts, Office, Pages
from billing_assets.portal.pages import REFUSED, page
from billing_assets.portal.places import PAGE_ROWS, OptionalId
from billing_assets.store.delivery_listings import DeliveryFilter
from billing_assets.wiring.office_desk import OfficeDesk
from billing_assets.wiring.proof_desk import ProofDesk

MOST_NAMED = 10
"""So many mails are named that a person should read."""

router = APIRouter(prefix="/deliveries", dependencies=[needs(Permission.LOOK)])
# What a mail shows stands alone: it has styles of its own, and may load and run nothing.
_MESSAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox"
)


@router.get("", response_class=HTMLResponse)
def list_undelivered(
    request: Request,
    desk: Pages,
    state: str = "",
    reason: str = "",
    after: OptionalId = None,
    done: str = "",
    count: int = 0,
) -> HTMLResponse:
    """List what was not delivered and not given up, the longest waiting first."""
    return _shown(request, desk, {"state": state, "reason": reason, "after": after}, done=done, count=count)


def _shown(
    request: Request,
    desk: OfficeDesk,
    asked: dict[str, Any],
    *,
    refusal: Refusal | None = None,
    done: str = "",
    count: int = 0,
) -> HTMLResponse:
    wanted = DeliveryFilter(
        state=asked["state"],
        reason_code=asked["reason"],
        after_id=asked["after"] or 0,
        limit=PAGE_ROWS + 1,
    )
    found, following = page_of(desk.desk.undelivered(wanted), PAGE_ROWS, lambda row: row.delivery_id)
    return page(
        request,
        "deliveries.html.j2",
        status=REFUSED if refusal else 200,
        deliveries=found,
        tallies=desk.delivery_tallies(),
        to_read=desk.mails_to_read(),
        most_named=MOST_NAMED,
        asked=asked,
        following=following,
        refusal=refusal,
        done=done,
        count=count,
        zone=desk.company.time_zone,
    )


@router.post("", response_model=None, dependencies=[needs(Permission.RESOLVE_DELIVERY)])
def act_on_deliveries(request: Request, desk: Pages, acts: Acts, actor: Actor, form: Bulk) -> Response:
    """Take one decision on all ticked deliveries, or on none."""
    decide = {each.value: partial(_decided, acts, form, each, actor) for each in Decision}
    return answer(form, "/deliveries", decide, partial(_refused, request, desk, form))


def _decided(acts: Acts, form: BulkForm, decision: Decision, actor: str) -> Any:  # noqa: ANN401
    return acts.decide_deliveries(numbers_of(form), decision, form.note, actor)


def _refused(request: Request, desk: OfficeDesk, form: BulkForm, refusal: Refusal) -> Response:
    said = said_before(form)
    asked = {
        "state": said.get("state", ""),
        "reason": said.get("reason", ""),
        "after": number_said(said, "after"),
    }
    return _shown(request, desk, asked, refusal=refusal)


@router.get("/{delivery_id}", response_class=HTMLResponse)
def show_delivery(request: Request, desk: Pages, office: Office, delivery_id: int) -> HTMLResponse:
    """Show one delivery: attempts, decisions and the message itself."""
    detail = office.delivery(delivery_id)
    return page(
        request,
        "delivery.html.j2",
        detail=detail,
        proof=ProofDesk(office).proof(delivery_id),
        message=desk.message(detail.delivery.invoice_number),
        zone=desk.company.time_zone,
    )


@router.get("/{delivery_id}/message", response_class=HTMLResponse)
def show_message(desk: Pages, office: Office, delivery_id: int) -> HTMLResponse:
    """Show the message as mail programs show it."""
    message = desk.message(office.delivery(delivery_id).delivery.invoice_number)
    return HTMLResponse(message.html, headers={"Content-Security-Policy": _MESSAGE_POLICY})
