"""Statuses: what other systems are told of invoices, how far behind that is, and what a receiver refused.

Belongs here: addresses and what their pages are given. Does not belong here: what is told
(``frames.statuses``), sending (``steps.send_statuses``), the feed of the API (``api.status_events``).
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.requests import Request
from fastapi.responses import HTMLResponse, Response

from billing_assets.domain.access import Permission
from billing_assets.domain.errors import BillingError
from billing_assets.domain.list_pages import page_of
from billing_assets.domain.status_subscriptions import StatusDecision
from billing_assets.domain.statuses import StatusKind
from billing_assets.portal.access import needs
from billing_assets.portal.desk import Actor, Office
from billing_assets.portal.pages import REFUSED, page
from billing_assets.portal.places import PAGE_ROWS, OptionalId, address, see_other
from billing_assets.wiring.status_desk import StatusDesk

router = APIRouter(prefix="/statuses", dependencies=[needs(Permission.LOOK)])


def status_desk(desk: Office) -> StatusDesk:
    """Return the statuses of the company."""
    return StatusDesk(desk.billing)


Statuses = Annotated[StatusDesk, Depends(status_desk)]


@router.get("", response_class=HTMLResponse)
def list_statuses(
    request: Request, statuses: Statuses, kind: str = "", invoice: str = "", before: OptionalId = None
) -> HTMLResponse:
    """Show how far telling and sending are behind, and the events, the newest first."""
    asked = {"kind": kind if kind in set(StatusKind) else "", "invoice": invoice.strip()}
    events = statuses.events(
        kind=asked["kind"], invoice_number=asked["invoice"], before_number=before, limit=PAGE_ROWS + 1
    )
    found, following = page_of(events, PAGE_ROWS, lambda row: row.event_number)
    return page(
        request,
        "statuses.html.j2",
        lag=statuses.lag(),
        subscriptions=statuses.listed(),
        all_kinds=len(StatusKind),
        zone=statuses.company.time_zone,
        events=found,
        kinds=list(StatusKind),
        asked=asked,
        following=following,
        is_first=before is None,
    )


@router.get("/{code}", response_class=HTMLResponse)
def show_subscription(
    request: Request, statuses: Statuses, code: str, after: int = 0, done: str = ""
) -> HTMLResponse:
    """Show what a subscription was refused, and what it holds back behind that."""
    return _subscription(request, statuses, code, after=after, done=done)


@router.post("/{code}", response_model=None, dependencies=[needs(Permission.RESOLVE_DELIVERY)])
def decide(
    request: Request,
    statuses: Statuses,
    actor: Actor,
    code: str,
    act: Annotated[StatusDecision, Form()],
    event: Annotated[int, Form()],
    note: Annotated[str, Form()] = "",
) -> Response:
    """Try an event again, or go on without it."""
    try:
        statuses.decide(code, event, act, reason=note, by=actor)
    except BillingError as error:
        if error.code == "subscription_unknown":
            raise
        return _subscription(request, statuses, code, error=error, status=REFUSED)
    return see_other(address(f"/statuses/{code}", {"done": act.value}))


def _subscription(
    request: Request,
    statuses: StatusDesk,
    code: str,
    *,
    after: int = 0,
    done: str = "",
    error: BillingError | None = None,
    status: int = 200,
) -> HTMLResponse:
    waiting = statuses.waiting(code, after, PAGE_ROWS + 1)
    found, following = page_of(waiting, PAGE_ROWS, lambda row: row.event_number)
    return page(
        request,
        "subscription.html.j2",
        status=status,
        row=next(each for each in statuses.listed() if each.subscription_code == code),
        waiting=found,
        following=following,
        is_first=not after,
        zone=statuses.company.time_zone,
        done=done,
        error=error,
    )
