"""Documents for partners: what waits for one, the document itself, and the word that it was got.

Belongs here: the calls. Does not belong here: which payers a partner has (the policy book says it), the order
of work (``steps.hand_out_documents``).
"""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import ConfigDict, Field

from billing_assets.domain.api_keys import Scope
from billing_assets.domain.list_pages import page_of
from billing_assets.portal.api.callers import CallersDesk, Calling
from billing_assets.portal.api.guarded_route import GuardedRoute
from billing_assets.portal.api.list_cursors import Cursor, Limit, next_of, number_in
from billing_assets.portal.api.rules import Keeps, needs
from billing_assets.portal.api.shapes import Asked, Currency, Told, example
from billing_assets.steps.delivery_ports import QueuedDelivery
from billing_assets.wiring.pull_desk import PullDesk

router = APIRouter(route_class=GuardedRoute, tags=["documents"])
_EXAMPLE = {
    "delivery_id": 3,
    "document_kind": "invoice",
    "invoice_number": "INV-00000003",
    "issue_date": "2025-02-28",
    "due_date": "2025-03-15",
    "currency": "EUR",
    "total_minor": 12345,
}
_HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_Id = Annotated[int, Path(ge=1, le=2**63 - 1)]


class WaitingDocument(Told):
    """A document that waits to be fetched."""

    model_config = ConfigDict(json_schema_extra=example(_EXAMPLE))

    delivery_id: int
    document_kind: str
    invoice_number: str
    issue_date: date
    due_date: date
    currency: Currency
    total_minor: int


class WaitingPage(Told):
    """A part of what waits, the longest waiting first."""

    model_config = ConfigDict(json_schema_extra=example({"items": [_EXAMPLE], "next": None}))

    items: list[WaitingDocument]
    next: str | None


class FetchedDocument(Told):
    """A document as it is pushed to others; ``data`` has the ``document`` and its ``pdf``, in base64."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "type": "invoice.issued",
                "timestamp": "2025-02-28T00:00:00Z",
                "data": {
                    "document": {"invoice_number": "INV-00000003", "total_minor": 12345},
                    "pdf": {"media_type": "application/pdf", "sha256": _HASH, "content_base64": "JVBERi0x"},
                },
            }
        )
    )

    type: str
    timestamp: datetime
    data: dict[str, Any]


class Acknowledgement(Asked):
    """That a document was got: the SHA-256 of its PDF, as it came."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"pdf_sha256": _HASH}))

    pdf_sha256: str = Field(pattern="^[0-9a-fA-F]{64}$")


class Acknowledged(Told):
    """A document that was got; it does not wait any more."""

    model_config = ConfigDict(json_schema_extra=example({"delivery_id": 3, "state": "sent"}))

    delivery_id: int
    state: str


def partners_desk(desk: CallersDesk, caller: Calling) -> PullDesk:
    """Return what waits for the partner that the key names."""
    return PullDesk(desk.billing, caller.key.partner_code)


Partners = Annotated[PullDesk, Depends(partners_desk)]


@router.get("/documents", operation_id="listDocuments", summary="Documents that wait to be fetched")
@needs(Scope.DOCUMENTS_PULL)
def list_documents(
    request: Request, partner: Partners, limit: Limit = 50, cursor: Cursor = ""
) -> WaitingPage:
    """List the documents that wait for the partner of the key; nobody else's."""
    found, following = page_of(
        partner.waiting(number_in(cursor) or 0, limit + 1), limit, lambda row: row.delivery_id
    )
    return WaitingPage(items=[_waiting(row) for row in found], next=next_of(request, following))


@router.get(
    "/documents/{delivery_id}",
    operation_id="fetchDocument",
    summary="A document that waits, with its PDF",
    response_model=FetchedDocument,
)
@needs(Scope.DOCUMENTS_PULL)
def fetch_document(partner: Partners, delivery_id: _Id) -> Response:
    """Return a document as it is pushed to others: its data, and the PDF as base64 with its hash.

    It waits until it is acknowledged, and may be fetched again.
    """
    return Response(partner.document(delivery_id), media_type="application/json")


@router.post(
    "/documents/{delivery_id}/acknowledgement",
    operation_id="acknowledgeDocument",
    summary="Say that a document was got",
)
@needs(Scope.DOCUMENTS_PULL, Keeps.TOGETHER)
def acknowledge_document(partner: Partners, delivery_id: _Id, word: Acknowledgement) -> Acknowledged:
    """Take the word that the document was got; then it counts as sent. Said again, it changes nothing."""
    partner.acknowledge(delivery_id, word.pdf_sha256)
    return Acknowledged(delivery_id=delivery_id, state="sent")


def _waiting(row: QueuedDelivery) -> WaitingDocument:
    invoice = row.job.invoice
    return WaitingDocument(
        delivery_id=row.delivery_id,
        document_kind=invoice.document_kind.value,
        invoice_number=invoice.invoice_number,
        issue_date=invoice.issue_date,
        due_date=invoice.due_date,
        currency=invoice.currency,
        total_minor=invoice.total_minor,
    )
