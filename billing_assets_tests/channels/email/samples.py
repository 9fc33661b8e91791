"""A message to send, and variations of it."""

from datetime import UTC, datetime
from typing import Any

from billing_assets.domain.deliveries import Attachment, EmailMessageParts

PDF = b"%PDF-1.7\r\n.\r\n..\n\x00\xff" + bytes(range(256)) * 40


def parts(number: int = 1, **changes: Any) -> EmailMessageParts:
    fields: dict[str, Any] = {
        "message_id": f"inv-{number}@billing.example",
        "dated_at": datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
        "from_name": "Müller, Söhne & Cía. S.A.",
        "from_email": "billing@example.com",
        "to_email": "jane.roe@example.org",
        "subject": "Ihre Rechnung über 1\u202f234,50\u00a0€",
        "text": "Guten Tag,\n.\n..dots\nFrom here: größe\n",
        "html": "<p>Guten Tag, größe</p>\n.\n<p>" + "x" * 5000 + "</p>",
        "language": "de-AT",
        "attachments": (Attachment(file_name="INV-1.pdf", media_type="application/pdf", content=PDF),),
    }
    return EmailMessageParts(**{**fields, **changes})
