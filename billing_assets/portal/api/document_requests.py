"""Requests for documents: asking, looking what became of it, and fetching what answered it.

Belongs here: the calls. Does not belong here: what answers a request (``steps.answer_requests``).

A request is taken in and answered a little later, by Dagster or by hand: who asks looks until it is answered.
"""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import ConfigDict, Field

from billing_assets.domain.api_keys import Scope
from billing_assets.domain.document_requests import (
    MOST_DOCUMENTS,
    DocumentWish,
    NewRequest,
    RequestChannel,
    RequestSource,
    RequestState,
    WantedDocument,
)
from billing_assets.domain.list_pages import page_of
from billing_assets.portal.api.callers import CallersDesk, Calling
from billing_assets.portal.api.entity_tags import FROZEN, tagged
from billing_assets.portal.api.guarded_route import GuardedRoute
from billing_assets.portal.api.list_cursors import Cursor, Limit, next_of, number_in
from billing_assets.portal.api.rules import Keeps, needs
from billing_assets.portal.api.shapes import Asked, Told, example
from billing_assets.store.request_listings import RequestFilter, RequestRow
from billing_assets.wiring.document_request_desk import DocumentRequestDesk

router = APIRouter(route_class=GuardedRoute, tags=["document requests"])
_CREATED = 201
_BYTES = {"type": "string", "format": "binary"}
_EXAMPLE = {
    "document_request_id": 7,
    "document_kind": "statement",
    "payer_key": "MOT-1001",
    "state": "answered",
    "reason_code": "",
    "asked_at": "2025-03-01T09:00:00Z",
    "documents": ["STM-00000007"],
}
_Id = Annotated[int, Path(ge=1, le=2**63 - 1)]


class DocumentOrder(Asked):
    """What is wanted, of whom: name the payer by key, or by one of their policies.

    A statement is of one currency and of a period, both days included; left out, of the only currency of the
    account and of the 365 days up to today.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=example(
            {
                "document_kind": "statement",
                "payer_key": "MOT-1001",
                "from_date": "2025-01-01",
                "until_date": "2025-03-31",
            }
        ),
    )

    document_kind: DocumentWish
    payer_key: Annotated[str, Field(max_length=100)] = ""
    policy_number: Annotated[str, Field(max_length=100)] = ""
    document_numbers: Annotated[tuple[str, ...], Field(max_length=MOST_DOCUMENTS)] = ()
    payment_id: Annotated[int | None, Field(ge=1, le=2**63 - 1)] = None
    currency: Annotated[str, Field(max_length=3)] = ""
    from_date: date | None = None
    until_date: date | None = None
    language: Annotated[str, Field(max_length=5)] = ""
    channel: RequestChannel = RequestChannel.DOWNLOAD


class DocumentRequest(Told):
    """A request, without names; ``documents`` are the numbers of what answered it, each to be fetched."""

    model_config = ConfigDict(json_schema_extra=example(_EXAMPLE))

    document_request_id: int
    document_kind: str
    payer_key: str
    state: RequestState
    reason_code: str
    asked_at: datetime
    documents: list[str]


class DocumentRequestPage(Told):
    """A part of the requests, the newest first."""

    model_config = ConfigDict(json_schema_extra=example({"items": [_EXAMPLE], "next": None}))

    items: list[DocumentRequest]
    next: str | None


def request_desk(desk: CallersDesk) -> DocumentRequestDesk:
    """Return the requests of the company of the key."""
    return DocumentRequestDesk(desk.billing)


Requests = Annotated[DocumentRequestDesk, Depends(request_desk)]


@router.post(
    "/document-requests",
    operation_id="requestDocument",
    summary="Ask for a document of a payer",
    status_code=_CREATED,
)
@needs(Scope.REQUESTS_WRITE, Keeps.TOGETHER)
def request_document(
    request: Request, response: Response, requests: Requests, caller: Calling, order: DocumentOrder
) -> DocumentRequest:
    """Take a request in. The same Idempotency-Key again is the same request."""
    asked = order.model_dump(include=set(WantedDocument.__slots__) - {"document_numbers"})
    number, _is_new = requests.ask(
        NewRequest(
            request_key=f"api:{caller.key.key_code}:{request.headers['idempotency-key']}",
            source_kind=RequestSource.API,
            wanted=WantedDocument(**asked, document_numbers=order.document_numbers),
            asked_by=caller.name,
            payer_key=order.payer_key,
            policy_number=order.policy_number,
            language=order.language,
            channel=order.channel,
        )
    )
    response.headers["Location"] = f"{request.url.path}/{number}"
    return _told(requests.request(number).request)


@router.get("/document-requests", operation_id="listDocumentRequests", summary="Requests for documents")
@needs(Scope.REQUESTS_READ)
def list_document_requests(
    request: Request,
    requests: Requests,
    payer_key: str = "",
    state: RequestState | None = None,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> DocumentRequestPage:
    """List requests, the newest first."""
    wanted = RequestFilter(
        payer_key=payer_key,
        state=state.value if state else "",
        before_id=number_in(cursor),
        limit=limit + 1,
    )
    found, following = page_of(requests.requests(wanted), limit, lambda row: row.document_request_id)
    return DocumentRequestPage(items=[_told(row) for row in found], next=next_of(request, following))


@router.get(
    "/document-requests/{document_request_id}",
    operation_id="getDocumentRequest",
    summary="What became of a request",
)
@needs(Scope.REQUESTS_READ)
def get_document_request(requests: Requests, document_request_id: _Id) -> DocumentRequest:
    """Return a request as it stands now."""
    return _told(requests.request(document_request_id).request)


@router.get(
    "/document-requests/{document_request_id}/documents/{place}",
    operation_id="getRequestedDocument",
    summary="A document that answered a request, as a PDF",
    response_class=Response,
    responses={200: {"description": "The PDF.", "content": {"application/pdf": {"schema": _BYTES}}}},
)
@needs(Scope.REQUESTS_READ)
def get_requested_document(
    request: Request,
    requests: Requests,
    caller: Calling,
    document_request_id: _Id,
    place: Annotated[int, Path(ge=1, le=MOST_DOCUMENTS + 1)],
) -> Response:
    """Return the document at a place, from 1: the same bytes each time.

    What is wanted as a download is handed over by that; what is wanted by e-mail or post, by a person.
    """
    kept = requests.document(document_request_id, place)
    if requests.request(document_request_id).request.channel == RequestChannel.DOWNLOAD:
        requests.hand_over(document_request_id, by=caller.name)
    return tagged(request, kept.pdf, media_type="application/pdf", cache=FROZEN)


def _told(row: RequestRow) -> DocumentRequest:
    return DocumentRequest(
        document_request_id=row.document_request_id,
        document_kind=row.wanted.document_kind.value if row.wanted.document_kind else "",
        payer_key=row.payer_key,
        state=RequestState(row.state),
        reason_code=row.reason_code,
        asked_at=row.asked_at,
        documents=list(row.documents),
    )
