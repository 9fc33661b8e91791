"""Endpoints to which documents are pushed: what a payer or a partner gives us.

Belongs here: what an endpoint is for people, and checking its code. Does not belong here: secrets at rest
(``store.sealed_texts``), which addresses may be called (``channels.outbound``), the call
(``channels.api_push``).
"""

from dataclasses import dataclass
from datetime import datetime

from billing_assets.domain.errors import BillingError
from billing_assets.domain.text_fields import LONGEST_SHOWN, require_own_code

MOST_SECRETS = 4
"""So many secrets of an endpoint sign at a time: the new one, and old ones until nobody checks them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushEndpointRow:
    """An endpoint in use. ``host`` is where it is; the rest of its address may hold a token."""

    endpoint_code: str
    host: str
    secret_count: int
    added_by: str
    added_at: datetime


def require_endpoint_code(endpoint_code: str) -> str:
    """Return the code of an endpoint, or raise ``endpoint_code_invalid``.

    >>> require_endpoint_code("broker-7")
    'broker-7'
    """
    return require_own_code(endpoint_code, "endpoint_code_invalid", "an endpoint", "broker-7")


def endpoint_unknown(endpoint_code: str) -> BillingError:
    """Return the error for a code that no endpoint in use has.

    >>> endpoint_unknown("broker-7").found
    "there is no endpoint 'broker-7'"
    """
    return BillingError(
        "endpoint_unknown",
        f"there is no endpoint '{endpoint_code[:LONGEST_SHOWN]}'",
        "'billing endpoints' lists them",
    )
