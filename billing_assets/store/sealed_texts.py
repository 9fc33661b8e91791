"""Secrets at rest: a text that the store keeps, sealed with the key of the settings where there is one.

Belongs here: sealing and opening. Does not belong here: what is secret (``notification_channels``), where the
key comes from (``wiring``).

Without a key the text stands in the store as it is, and whoever reads the files of the database, or a copy of
them, reads it: their protection is then the operator's.
"""

from base64 import urlsafe_b64encode
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from billing_assets.domain.errors import BillingError

SHORTEST_KEY = 32
"""Characters that a key has at least; it is hashed, so that it may be any text that nobody can guess."""

_PLAIN, _SEALED = "plain:", "sealed:"


class Sealer:
    """Seals with the first of its keys and opens with any; without keys it seals nothing.

    >>> sealer = Sealer(("k" * 32,))
    >>> sealer.open(sealer.seal("json://example.com"))
    'json://example.com'
    """

    def __init__(self, keys: tuple[str, ...] = ()) -> None:
        """Take the keys, the newest first."""
        fernets = [Fernet(urlsafe_b64encode(sha256(key.encode()).digest())) for key in keys]
        self._fernet = MultiFernet(fernets) if fernets else None

    @property
    def has_key(self) -> bool:
        """Whether what is kept from now on is sealed."""
        return self._fernet is not None

    def seal(self, text: str) -> str:
        """Return what the store keeps of a text."""
        if self._fernet is None:
            return f"{_PLAIN}{text}"
        return _SEALED + self._fernet.encrypt(text.encode()).decode("ascii")

    def open(self, kept: str) -> str:
        """Return the text that was kept, or raise ``secret_unreadable`` where no key of ours opens it."""
        if kept.startswith(_PLAIN):
            return kept.removeprefix(_PLAIN)
        try:
            if self._fernet is not None:
                return self._fernet.decrypt(kept.removeprefix(_SEALED)).decode()
        except InvalidToken:
            pass
        raise BillingError(
            "secret_unreadable",
            "the target of a channel was sealed with another key than those of the settings",
            "give that key too in BILLING_NOTIFICATION_KEY, after the new one and a comma, or add the "
            "channel again",
        )
