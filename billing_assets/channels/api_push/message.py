"""What is pushed, and where to: values, and the content of a message as a pure function.

Belongs here: the JSON around a document and its PDF, and what may not go into a message.
Does not belong here: the JSON of the document itself (``documents.invoice_json``), the request (``channel``).
"""

import json
import re
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from billing_assets.domain.errors import BillingError

_WEBHOOK_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,120}")
_EVENT_TYPE: Final = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")
_LONGEST_EVENT_TYPE: Final = 120
LARGEST_PAYLOAD: Final = 25_000_000
"""More bytes than this are not pushed; a PDF of that size goes as a link."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PushEndpoint:
    """Where documents go. The repr shows the host alone: URLs may hold tokens, secrets are secret.

    ``secrets`` are all that are valid now, the newest first: while a secret changes, the new and the old.
    """

    url: str
    secrets: tuple[str, ...]

    def __repr__(self) -> str:
        """Show the host, and how many secrets there are."""
        try:
            host = urlsplit(self.url).hostname or ""
        except ValueError:
            host = ""
        return f"PushEndpoint(host={host!r}, secret_count={len(self.secrets)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class PushMessage:
    """One attempt at one delivery.

    ``message_id`` is ``domain.deliveries.webhook_id`` of the delivery, the same in each attempt. ``dated_at``
    is the aware moment of this attempt, by which receivers tell a message that somebody else repeats later.
    ``payload`` is the content to the byte, see ``document_payload``; ``media_type`` is what it is.
    """

    message_id: str
    dated_at: datetime
    event_type: str
    payload: bytes = field(repr=False)
    media_type: str = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class InlinePdf:
    """A PDF that goes within the message."""

    file_name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedPdf:
    """A PDF that the receiver fetches: its link, and what must come of it."""

    file_name: str
    url: str = field(repr=False)
    sha256: str
    byte_count: int


Pdf: TypeAlias = InlinePdf | LinkedPdf


def document_payload(event_type: str, occurred_at: datetime, document_json: str, pdf: Pdf | None) -> bytes:
    """Return the content of a message: the same bytes for the same arguments, UTF-8 JSON.

    ``occurred_at`` is when the document was issued, not when it is pushed, so that a repeat is the same to
    the byte. ``document_json`` is a JSON object, as ``documents.invoice_json`` writes it. A PDF comes as
    base64 (``content_base64``) or as a ``url``, with its hash and size either way.

    Errors: ``push_message_invalid`` where the document is no JSON object or the date has no zone.

    >>> at = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    >>> document_payload("invoice.issued", at, '{"total_minor": 5}', None).decode()
    '{"type":"invoice.issued","timestamp":"2026-03-02T09:30:00Z","data":{"document":{"total_minor":5}}}'
    """
    try:
        document = json.loads(document_json)
    except ValueError:
        document = None
    if not isinstance(document, dict) or occurred_at.utcoffset() is None:
        raise BillingError(
            "push_message_invalid",
            "a document cannot be pushed: it is no JSON object, or its date has no zone",
            "report this document",
        )
    data = {"document": document} | ({} if pdf is None else {"pdf": _pdf_part(pdf)})
    timestamp = occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    whole = {"type": event_type, "timestamp": timestamp, "data": data}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def _pdf_part(pdf: Pdf) -> dict[str, str | int]:
    part: dict[str, str | int] = {"file_name": pdf.file_name, "media_type": "application/pdf"}
    if isinstance(pdf, LinkedPdf):
        return {**part, "sha256": pdf.sha256, "byte_count": pdf.byte_count, "url": pdf.url}
    return {
        **part,
        "sha256": sha256(pdf.content).hexdigest(),
        "byte_count": len(pdf.content),
        "content_base64": b64encode(pdf.content).decode(),
    }


def fault_of(message: PushMessage) -> str:
    """Return the reason for which a message cannot be pushed as it is, empty where it can.

    >>> at = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    >>> fault_of(PushMessage(message_id="a.b", dated_at=at, event_type="invoice.issued", payload=b"{}"))
    'bad_message'
    """
    if len(message.payload) > LARGEST_PAYLOAD:
        return "message_too_big"
    is_good = (
        _WEBHOOK_ID.fullmatch(message.message_id)
        and _EVENT_TYPE.fullmatch(message.event_type)
        and len(message.event_type) <= _LONGEST_EVENT_TYPE
        and message.dated_at.utcoffset() is not None
        and message.payload
    )
    return "" if is_good else "bad_message"
