"""API push: a document as JSON, posted to an endpoint of the payer or of a partner, and what came of it.

Belongs here: the signature by Standard Webhooks (``signature``), the content of a message (``message``), what
each answer means (``answers``), and one attempt (``channel``).
Does not belong here: when to try again, what becomes of an ``unknown``, where endpoints are kept, any clock.
"""

from billing_assets.channels.api_push.answers import REASON_MEANINGS
from billing_assets.channels.api_push.channel import ApiPushChannel
from billing_assets.channels.api_push.message import (
    InlinePdf,
    LinkedPdf,
    PushEndpoint,
    PushMessage,
    document_payload,
)

__all__ = [
    "REASON_MEANINGS",
    "ApiPushChannel",
    "InlinePdf",
    "LinkedPdf",
    "PushEndpoint",
    "PushMessage",
    "document_payload",
]
