"""The signature of a message by Standard Webhooks, symmetric: HMAC-SHA256 over id, time and content.

Belongs here: secrets as they are written, and the three headers.
Does not belong here: where secrets are kept, the content.

Source: the specification at standardwebhooks.com. It is one HMAC of the standard library, so that the
package of that name, with what it depends on, has nothing to add.
"""

import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from billing_assets.domain.errors import BillingError

_PREFIX: Final = "whsec_"
_SHORTEST_KEY: Final = 24
_LONGEST_KEY: Final = 64
_MOST_SECRETS: Final = 4
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]+={0,2}")


def secret_key(secret: str) -> bytes:
    """Return the key in a secret: ``whsec_`` and 24 to 64 bytes in base64.

    Errors: ``push_secret_invalid``, which does not show the secret.

    >>> secret_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").hex()[:8]
    '31f290f6'
    """
    text = secret.removeprefix(_PREFIX)
    try:
        key = b64decode(text, validate=True) if text != secret and _BASE64.fullmatch(text) else b""
    except ValueError:
        key = b""
    if not _SHORTEST_KEY <= len(key) <= _LONGEST_KEY:
        raise BillingError(
            "push_secret_invalid",
            "a secret of an endpoint cannot be used",
            "give it as whsec_ and 24 to 64 random bytes in base64, as the receiver has it",
        )
    return key


def secret_keys(secrets: Sequence[str]) -> tuple[bytes, ...]:
    """Return the keys of all secrets that are valid now, the newest first; one to four of them.

    Errors: ``push_secret_invalid``.

    >>> len(secret_keys(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]))
    1
    """
    if not 1 <= len(secrets) <= _MOST_SECRETS:
        raise BillingError(
            "push_secret_invalid",
            f"an endpoint has {len(secrets)} secrets",
            f"give it one secret, or while it changes the new and the old one; {_MOST_SECRETS} are the most",
        )
    return tuple(secret_key(secret) for secret in secrets)


def signed_headers(keys: Sequence[bytes], webhook_id: str, timestamp: int, content: bytes) -> dict[str, str]:
    """Return the three headers; every key signs, so that a receiver may know the new secret or the old.

    ``timestamp`` is in seconds since 1970, of this attempt: receivers refuse what is minutes old.

    >>> key = secret_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    >>> content = b'{"test": 2432232314}'
    >>> signed_headers([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, content)["webhook-signature"]
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    signed = f"{webhook_id}.{timestamp}.".encode() + content
    signatures = (b64encode(hmac.digest(key, signed, sha256)).decode() for key in keys)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
