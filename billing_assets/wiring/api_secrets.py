"""The secrets by which keys, tokens and links are signed: those of the settings, or one that the store keeps.

Belongs here: which secrets count. Does not belong here: what is signed (``key_desk``, ``portal_links``).
"""

from collections.abc import Sequence
from datetime import datetime
from secrets import token_bytes

from billing_assets.store import api_keys
from billing_assets.store.connection import Database
from billing_assets.wiring.settings import Settings


def api_secrets(database: Database, settings: Settings, at: datetime) -> Sequence[bytes]:
    """Return the secrets that count, the newest first; where the store has none yet it keeps one from now."""
    given = settings.api_secret.get_secret_value()
    if given:
        return [part.encode() for part in given.split(",")]
    with database.transaction() as connection:
        return [api_keys.kept_secret(connection, token_bytes(32), at)]
