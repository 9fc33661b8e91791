"""Policies and their changes, as a policy system tells of them: one by one, or ten thousand a call.

Belongs here: the calls that put events into the inbox, and the list of them. Does not belong here: what
becomes of an event (``steps.drain_policy_events``), its form (``event_forms``).
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import ConfigDict
from starlette.concurrency import run_in_threadpool

from billing_assets.domain.api_keys import Scope
from billing_assets.domain.list_pages import page_of
from billing_assets.domain.policy_events import EventState, PolicyEvent
from billing_assets.portal.api.callers import CallersDesk
from billing_assets.portal.api.event_forms import AnyEvent, event_of, read_event
from billing_assets.portal.api.guarded_route import GuardedRoute
from billing_assets.portal.api.list_cursors import Cursor, Limit, next_of, number_in
from billing_assets.portal.api.problem_details import FieldFault, ProblemError
from billing_assets.portal.api.rules import Keeps, needs
from billing_assets.portal.api.shapes import Told, example, formed
from billing_assets.wiring.policy_events import EventDesk

router = APIRouter(route_class=GuardedRoute, tags=["policies"])

MOST_ROWS = 10_000
"""Policies of one call."""

_JSON, _LINES = "application/json", "application/x-ndjson"
_EVENT = {
    "event_id": 12,
    "event_key": "web-7",
    "event_kind": "policy",
    "record_key": "WEB-7 2025-03-01",
    "version": 1,
    "received_at": "2025-03-01T08:00:00Z",
    "state": "done",
    "reason_code": "",
    "problem_id": None,
    "answered_at": "2025-03-01T08:00:20Z",
    "invoice_numbers": ["OND-00000001"],
}
_BATCH_BODY = {
    "requestBody": {
        "required": True,
        "description": f"At most {MOST_ROWS} events: a JSON array, or one event a line.",
        "content": {
            _JSON: {
                "schema": {
                    "type": "array",
                    "maxItems": MOST_ROWS,
                    "items": {
                        "oneOf": [
                            {"$ref": "#/components/schemas/TermEvent"},
                            {"$ref": "#/components/schemas/ChangeEvent"},
                        ],
                        "discriminator": {"propertyName": "event_kind"},
                    },
                }
            },
            _LINES: {"schema": {"type": "string"}},
        },
    }
}


class TakenEvent(Told):
    """What was done with an event: it waits to be taken into the book."""

    model_config = ConfigDict(json_schema_extra=example({"event_key": "web-7", "is_new": True}))

    event_key: str
    is_new: bool


class BatchRow(Told):
    """What was done with a row; ``errors`` only of one that is refused. Rows count from 1."""

    row: int
    state: str
    event_key: str | None = None
    errors: list[FieldFault] | None = None


class Batch(Told):
    """What was done with a batch: the good rows wait to be taken; those that are known already are good."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "row_count": 2,
                "added_count": 1,
                "known_count": 0,
                "refused_count": 1,
                "rows": [
                    {"row": 1, "state": "accepted", "event_key": "web-7"},
                    {
                        "row": 2,
                        "state": "refused",
                        "errors": [{"pointer": "#/premium_minor", "detail": "Field required"}],
                    },
                ],
            }
        )
    )

    row_count: int
    added_count: int
    known_count: int
    refused_count: int
    rows: list[BatchRow]


class PolicyEventState(Told):
    """An event with what became of it, and the invoices that it led to."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra=example(_EVENT),
    )

    event_id: int
    event_key: str
    event_kind: str
    record_key: str
    version: int
    received_at: datetime
    state: str
    reason_code: str
    problem_id: int | None
    answered_at: datetime | None
    invoice_numbers: list[str]


class EventPage(Told):
    """A part of the events, the newest first."""

    model_config = ConfigDict(json_schema_extra=example({"items": [_EVENT], "next": None}))

    items: list[PolicyEventState]
    next: str | None


@router.post(
    "/policy-events",
    operation_id="createPolicyEvent",
    summary="Tell of a policy, or of a change of one",
    status_code=202,
)
@needs(Scope.POLICIES_WRITE, Keeps.TOGETHER)
def create_policy_event(desk: CallersDesk, event: AnyEvent) -> TakenEvent:
    """Put an event into the inbox; within a minute it is in the book, and what is due is billed."""
    count = EventDesk(desk.billing).add([event_of(event)])
    return TakenEvent(event_key=event.event_key, is_new=count == 1)


@router.post(
    "/policies:batch",
    operation_id="createPolicyBatch",
    summary="Tell of up to ten thousand policies and changes",
    status_code=202,
    openapi_extra=_BATCH_BODY,
)
@needs(Scope.POLICIES_WRITE, Keeps.TOGETHER)
async def create_policy_batch(request: Request, desk: CallersDesk) -> Batch:
    """Put the good rows into the inbox, all of them or, where the call fails, none; name the bad ones.

    The body is a JSON array, or with the media type application/x-ndjson one event a line.
    """
    kind = request.headers.get("content-type", _JSON).partition(";")[0].strip().lower()
    return await run_in_threadpool(_take_batch, desk, kind, await request.body())


@router.get("/policy-events", operation_id="listPolicyEvents", summary="Events, the newest first")
@needs(Scope.POLICIES_READ)
def list_policy_events(
    request: Request,
    desk: CallersDesk,
    state: EventState | None = None,
    policy_number: str = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> EventPage:
    """List events with what became of them, and the invoices that they led to."""
    rows = EventDesk(desk.billing).events(
        state=state.value if state else "",
        policy_number=policy_number,
        before_id=number_in(cursor),
        limit=limit + 1,
    )
    found, following = page_of(rows, limit, lambda row: row.event_id)
    return EventPage(items=[formed(PolicyEventState, row) for row in found], next=next_of(request, following))


def _take_batch(desk: CallersDesk, kind: str, body: bytes) -> Batch:
    rows: list[BatchRow] = []
    events: list[PolicyEvent] = []
    for number, row in enumerate(_rows(kind, body), start=1):
        if number > MOST_ROWS:
            raise ProblemError(
                "body_too_large", f"the batch has more than {MOST_ROWS} rows", "send it in parts"
            )
        found = row if isinstance(row, FieldFault) else read_event(row)
        if isinstance(found, PolicyEvent):
            events.append(found)
            rows.append(BatchRow(row=number, state="accepted", event_key=found.event_key))
        else:
            faults = [found] if isinstance(found, FieldFault) else found
            rows.append(BatchRow(row=number, state="refused", errors=faults))
    count = EventDesk(desk.billing).add(events) if events else 0
    return Batch(
        row_count=len(rows),
        added_count=count,
        known_count=len(events) - count,
        refused_count=len(rows) - len(events),
        rows=rows,
    )


def _rows(kind: str, body: bytes) -> Iterator[Any]:
    """Yield the rows of a batch as data; a line that is no JSON is a fault of its own."""
    if kind == _LINES:
        for line in body.split(b"\n"):
            if line.strip():
                yield _read_line(line)
        return
    if kind != _JSON:
        raise ProblemError(
            "media_type_unsupported", "the body is neither JSON nor lines of it", f"send {_JSON} or {_LINES}"
        )
    try:
        rows = json.loads(body)
    except (ValueError, RecursionError):
        raise ProblemError("body_malformed", "the body is not JSON", "send an array of events") from None
    if not isinstance(rows, list):
        raise ProblemError("body_malformed", "the body is no array", "send an array of events")
    yield from rows


def _read_line(line: bytes) -> Any:  # noqa: ANN401 - whatever JSON says
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return FieldFault(pointer="#/", detail="the line is not JSON")
