"""Requests that are done once: a caller's key, what it was used for, and the answer that is kept.

Belongs here: how long answers are kept, and what a second use of a key is refused for.
Does not belong here: keeping them (``store.api_requests``), HTTP (``portal.api``).
"""

import re
from dataclasses import dataclass
from datetime import timedelta

from billing_assets.domain.errors import BillingError

KEPT_FOR = timedelta(days=35)
"""So long an answer is kept, and given again."""

LEASE = timedelta(minutes=15)
"""After so long a request that has no answer is taken to have died, and may be done again."""

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestKey:
    """One request of one caller; ``request_sha256`` is the hash of method, path and body."""

    company_id: int
    api_key_id: int
    idempotency_key: str
    request_sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """What was answered, to the byte; ``location`` is empty where the answer had none."""

    status: int
    content_type: str
    location: str
    etag: str
    body: bytes


def checked_key(text: str) -> str:
    """Return the key of a request; raise ``idempotency_key_missing``.

    >>> checked_key("order-7")
    'order-7'
    """
    if not _KEY.fullmatch(text):
        raise BillingError(
            "idempotency_key_missing",
            "the header Idempotency-Key is missing, or is not 1 to 255 visible ASCII characters",
            "send one of your own with each request, such as a UUID, and the same one when you repeat it",
        )
    return text


def key_reused() -> BillingError:
    """Return the error for a key that was used for another request.

    >>> key_reused().code
    'idempotency_key_reused'
    """
    return BillingError(
        "idempotency_key_reused",
        "this Idempotency-Key was used for another request",
        "give each request a key of its own, and repeat a request with the very same body",
    )


def in_progress() -> BillingError:
    """Return the error for a request that is being worked on.

    >>> in_progress().code
    'request_in_progress'
    """
    return BillingError(
        "request_in_progress",
        "the same request is being worked on, or was cut off a moment ago",
        "repeat it a little later: its answer is given again",
    )
