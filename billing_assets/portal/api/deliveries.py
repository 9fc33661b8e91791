"""Deliveries: what was not sent, and what became of each.

Belongs here: reading them. Does not belong here: deciding on them (the office).
"""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import ConfigDict

from billing_assets.domain.api_keys import Scope
from billing_assets.domain.deliveries import DeliveryState
from billing_assets.domain.list_pages import page_of
from billing_assets.portal.api.callers import CallersDesk
from billing_assets.portal.api.entity_tags import tagged
from billing_assets.portal.api.guarded_route import GuardedRoute
from billing_assets.portal.api.list_cursors import Cursor, Limit, next_of, number_in
from billing_assets.portal.api.rules import needs
from billing_assets.portal.api.shapes import Told, example, formed
from billing_assets.store.delivery_listings import DeliveryFilter

router = APIRouter(route_class=GuardedRoute, tags=["deliveries"])
_EXAMPLE = {
    "delivery_id": 3,
    "invoice_number": "INV-00000003",
    "billing_date": "2025-02-28",
    "channel": "email",
    "state": "failed",
    "reason_code": "no_address",
    "reply_code": 0,
    "owner": "billing",
    "attempt_count": 0,
    "next_attempt_at": None,
    "queued_at": "2025-02-28T06:00:00Z",
    "changed_at": "2025-02-28T06:01:00Z",
}


class Delivery(Told):
    """A delivery; it holds no address."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra=example(_EXAMPLE))

    delivery_id: int
    invoice_number: str
    billing_date: date
    channel: str
    state: str
    reason_code: str
    reply_code: int
    owner: str
    attempt_count: int
    next_attempt_at: datetime | None
    queued_at: datetime
    changed_at: datetime


class DeliveryPage(Told):
    """A part of the deliveries, the longest waiting first."""

    model_config = ConfigDict(json_schema_extra=example({"items": [_EXAMPLE], "next": None}))

    items: list[Delivery]
    next: str | None


@router.get(
    "/deliveries", operation_id="listDeliveries", summary="What was not sent, or the deliveries of an invoice"
)
@needs(Scope.DELIVERIES_READ)
def list_deliveries(
    request: Request,
    desk: CallersDesk,
    invoice_number: Annotated[str, Query(max_length=60, description="All deliveries of this document.")] = "",
    state: DeliveryState | None = None,
    reason_code: Annotated[str, Query(max_length=100)] = "",
    billing_date: date | None = None,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> DeliveryPage:
    """List deliveries that were not accepted, or with ``invoice_number`` all of that document."""
    if invoice_number:
        of_invoice = desk.invoice(invoice_number).deliveries
        return DeliveryPage(items=[formed(Delivery, row) for row in of_invoice], next=None)
    wanted = DeliveryFilter(
        state=state.value if state else "",
        reason_code=reason_code,
        billing_date=billing_date,
        after_id=number_in(cursor) or 0,
        limit=limit + 1,
    )
    found, following = page_of(desk.undelivered(wanted), limit, lambda row: row.delivery_id)
    return DeliveryPage(items=[formed(Delivery, row) for row in found], next=next_of(request, following))


@router.get(
    "/deliveries/{delivery_id}", operation_id="getDelivery", summary="One delivery", response_model=Delivery
)
@needs(Scope.DELIVERIES_READ)
def get_delivery(
    request: Request, desk: CallersDesk, delivery_id: Annotated[int, Path(ge=1, le=2**63 - 1)]
) -> Response:
    """Return one delivery as it stands."""
    return tagged(request, formed(Delivery, desk.delivery(delivery_id).delivery))
