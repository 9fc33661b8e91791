"""Signed links to one document: whoever has one sees that document until it expires, and nothing else.

Belongs here: the text of a link, signing and proving it. Does not belong here: keys (``wiring``), the page
that a link opens (``portal.payer``).

A link names company, payer and document, and the instant at which it expires, all under one HMAC: a link to
a document of another payer cannot be made of it, and it lives no longer than it says.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

LONGEST_LINK = 200
"""Characters of a link at most; more is not looked at."""

_LABEL = b"link to a document"
_PARTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLink:
    """What a link is to: a document of a payer, until an instant."""

    company_id: int
    payer_id: int
    invoice_id: int
    expires_at: datetime


def signed_link(link: DocumentLink, secret: bytes) -> str:
    """Return the text of a link, of letters, digits, ``-``, ``_`` and one dot.

    >>> link = DocumentLink(
    ...     company_id=1, payer_id=7, invoice_id=42, expires_at=datetime(2025, 3, 1, tzinfo=UTC)
    ... )
    >>> opened_link(signed_link(link, b"secret"), [b"secret"], datetime(2025, 2, 1, tzinfo=UTC)) == link
    True
    """
    said = f"{link.company_id} {link.payer_id} {link.invoice_id} {int(link.expires_at.timestamp())}"
    body = _text(said.encode())
    return f"{body}.{_text(_mac(body, secret))}"


def opened_link(text: str, secrets: Sequence[bytes], at: datetime) -> DocumentLink | None:
    """Return what a link is to; None where no secret of ours has signed it, or it has expired.

    >>> opened_link("x.y", [b"secret"], datetime(2025, 2, 1, tzinfo=UTC)) is None
    True
    """
    body, dot, mac = text.partition(".")
    if not dot or len(text) > LONGEST_LINK or not text.isascii():
        return None
    if not any(hmac.compare_digest(mac, _text(_mac(body, secret))) for secret in secrets):
        return None
    try:
        parts = [int(part) for part in urlsafe_b64decode(body + "=" * (-len(body) % 4)).split()]
    except (NotBase64, ValueError):
        return None
    if len(parts) != _PARTS:
        return None
    company_id, payer_id, invoice_id, until = parts
    expires_at = datetime.fromtimestamp(until, UTC)
    link = DocumentLink(
        company_id=company_id, payer_id=payer_id, invoice_id=invoice_id, expires_at=expires_at
    )
    return link if at < expires_at else None


def _mac(body: str, secret: bytes) -> bytes:
    key = hmac.new(secret, _LABEL, sha256).digest()
    return hmac.new(key, body.encode(), sha256).digest()


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode("ascii")
