"""Events of invoices: what became of each, to be read in order and from any point on.

Belongs here: the feed and its form. Does not belong here: which events there are (``frames.statuses``), what
one is as a CloudEvent (``domain.statuses``), events of policies, which come in (``policy_events``).
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import ConfigDict

from billing_assets.domain.api_keys import Scope
from billing_assets.domain.statuses import SAMPLE, cloud_event, kinds_of
from billing_assets.portal.api.callers import CallersDesk
from billing_assets.portal.api.guarded_route import GuardedRoute
from billing_assets.portal.api.list_cursors import Cursor, cursor_of, number_in
from billing_assets.portal.api.rules import needs
from billing_assets.portal.api.shapes import Told, example
from billing_assets.wiring.status_desk import StatusDesk

router = APIRouter(route_class=GuardedRoute, tags=["events"])

MOST_EVENTS = 1_000
_EXAMPLE = dict(cloud_event("demo", SAMPLE))


class StatusData(Told):
    """What an event says. Amounts come as whole minor units and as text with the point of the currency.

    ``amount`` is what the event is about, ``open`` what was open of the invoice after it.
    """

    model_config = ConfigDict(json_schema_extra=example(_EXAMPLE["data"]))

    status: str
    policy_numbers: list[str]
    invoice_number: str
    currency: str
    total_minor: int
    amount_minor: int
    open_minor: int
    total: str
    amount: str
    open: str
    due_date: str
    occurred_date: str
    credit_note_number: str | None = None
    channel: str | None = None
    reason: str | None = None


class CloudEvent(Told):
    """An event in the form of CloudEvents 1.0; the same ``id`` is the same event, wherever it comes from."""

    model_config = ConfigDict(json_schema_extra=example(_EXAMPLE))

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    subject: str
    time: str
    datacontenttype: Literal["application/json"]
    sequence: str
    data: StatusData


class FeedPage(Told):
    """A part of the events, in their order; ``cursor`` goes on behind it, also when there are no more yet."""

    model_config = ConfigDict(
        json_schema_extra=example({"items": [_EXAMPLE], "cursor": "Nw", "has_more": False})
    )

    items: list[CloudEvent]
    cursor: str
    has_more: bool


@router.get(
    "/events",
    operation_id="listEvents",
    summary="What became of invoices, in order, from a cursor on",
    response_model=FeedPage,
    response_model_exclude_unset=True,
)
@needs(Scope.EVENTS_READ)
def list_events(
    desk: CallersDesk,
    types: Annotated[
        list[str] | None,
        Query(alias="type", max_length=20, description="Only these types, or statuses such as `paid`."),
    ] = None,
    limit: Annotated[
        int, Query(ge=1, le=MOST_EVENTS, description="At most so many events.", examples=[100])
    ] = 100,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """Read the events behind a cursor; without one, from the first.

    Keep the cursor with what you did with its part, and ask again with it: nothing is missed and nothing
    comes twice. To read again from a point, ask with an older cursor.
    """
    statuses = StatusDesk(desk.billing)
    found = statuses.feed(number_in(cursor) or 0, limit + 1, kinds_of(types or []))
    events = found[:limit]
    return {
        "items": [cloud_event(statuses.company_code, event) for event in events],
        "cursor": cursor_of(events[-1].event_number) if events else cursor,
        "has_more": len(found) > limit,
    }
