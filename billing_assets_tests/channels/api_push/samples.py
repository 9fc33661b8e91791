"""A message to push, an endpoint to push it to, and a receiver's own check of the signature."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from billing_assets.channels.api_push import PushEndpoint, PushMessage
from billing_assets.domain.deliveries import webhook_id

NEW_SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OLD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ASKED_AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def push(number: int = 1, **changes: Any) -> PushMessage:
    fields: dict[str, Any] = {
        "message_id": webhook_id("demo", f"INV-{number:08d}", "api_push", "issue"),
        "dated_at": ASKED_AT,
        "event_type": "invoice.issued",
        "payload": f'{{"number":{number}}}'.encode(),
    }
    return PushMessage(**{**fields, **changes})


def endpoint(url: str, *secrets: str) -> PushEndpoint:
    return PushEndpoint(url=url, secrets=secrets or (NEW_SECRET,))


def is_signed(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Check as a receiver does, from the words of the specification and not with the code under test."""
    key = base64.b64decode(secret.split("_", 1)[1])
    text = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body])
    wanted = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    given = [entry.split(",", 1) for entry in headers["webhook-signature"].split(" ")]
    return any(version == "v1" and signature == wanted for version, signature in given)
