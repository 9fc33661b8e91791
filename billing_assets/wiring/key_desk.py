"""Keys of the API: made, listed, revoked, and checked at each call.

Belongs here: what a key and a token go through, with the clock and with chance. Does not belong here: HTTP
(``portal.api``), the rows (``store.api_keys``).

A key is 256 random bits, so that a fast keyed hash keeps it as safely as a slow one would. A token is a
signed text that names the key; the key is looked up at each call: one that is revoked ends its tokens too.
"""

import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from secrets import choice, token_urlsafe

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from billing_assets.domain.api_keys import (
    CODE_LENGTH,
    TOKEN_LIFE,
    ApiKey,
    NewKey,
    Scope,
    checked_key_name,
    code_of_key,
    key_text,
    require_partner,
    scopes_from,
)
from billing_assets.domain.errors import BillingError
from billing_assets.store import api_keys
from billing_assets.store.connection import Database
from billing_assets.wiring.api_secrets import api_secrets
from billing_assets.wiring.build import utc_now
from billing_assets.wiring.settings import Settings

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_ISSUER = "billing_assets"
_ALGORITHM = "HS256"
_LONGEST_TOKEN = 4_000


class KeyRing:
    """Checks keys and tokens, of whichever company they are; kept for many calls."""

    def __init__(self, database: Database, settings: Settings) -> None:
        """Use the keys of a store; the secret is that of the settings, or one that the store keeps."""
        self.database = database
        self.settings = settings

    @cached_property
    def secrets(self) -> Sequence[bytes]:
        """The secrets that count, the newest first."""
        return api_secrets(self.database, self.settings, utc_now())

    def hash_of(self, text: str) -> bytes:
        """Return what is kept of a key."""
        return _hmac(self.secrets[0], f"key {text}")

    def caller(self, credential: str) -> tuple[ApiKey, tuple[Scope, ...]]:
        """Return the key that a key or a token is of, and what may be done with it.

        Raises:
            BillingError: ``credential_refused``, whatever is wrong with it.
        """
        code = code_of_key(credential)
        if code:
            key = self._of_key(code, credential)
            return key, key.scopes
        return self._of_token(credential)

    def token(self, key_code: str, key: str, wanted: Iterable[str]) -> tuple[str, tuple[Scope, ...]]:
        """Return a token for a key, and what it is for: what is ``wanted``, or all that the key may do.

        Raises:
            BillingError: ``credential_refused``; ``scope_unknown``, ``scope_not_given``.
        """
        if code_of_key(key) != key_code:
            raise _refused()
        found = self._of_key(key_code, key)
        words = tuple(wanted)
        scopes = scopes_from(words) if words else found.scopes
        if not set(scopes) <= set(found.scopes):
            raise BillingError(
                "scope_not_given",
                "the key has not every scope that is asked for",
                "ask for less, or have a key made that has them: 'billing api-keys add'",
            )
        now = utc_now()
        claims = {
            "iss": _ISSUER,
            "sub": found.key_code,
            "scope": " ".join(scopes),
            "iat": int(now.timestamp()),
            "exp": int((now + TOKEN_LIFE).timestamp()),
        }
        return jwt.encode({"alg": _ALGORITHM}, claims, self._signing_key(self.secrets[0])), scopes

    def _of_key(self, code: str, text: str) -> ApiKey:
        found = self._found(code)
        hashes = [_hmac(secret, f"key {text}") for secret in self.secrets]
        kept = found[1] if found else b""
        is_right = any(hmac.compare_digest(each, kept) for each in hashes)
        if found is None or not is_right:
            raise _refused()
        return self._in_use(found[0])

    def _of_token(self, text: str) -> tuple[ApiKey, tuple[Scope, ...]]:
        claims = self._claims(text) if len(text) <= _LONGEST_TOKEN else None
        found = self._found(str(claims["sub"])) if claims else None
        if claims is None or found is None:
            raise _refused()
        given = str(claims["scope"]).split()
        return self._in_use(found[0]), tuple(scope for scope in found[0].scopes if scope.value in given)

    def _claims(self, text: str) -> dict[str, object] | None:
        rules = jwt.JWTClaimsRegistry(
            now=lambda: int(utc_now().timestamp()),
            iss={"essential": True, "value": _ISSUER},
            sub={"essential": True},
            exp={"essential": True},
            scope={"essential": True},
        )
        for secret in self.secrets:
            try:
                token = jwt.decode(text, self._signing_key(secret), algorithms=[_ALGORITHM])
                rules.validate(token.claims)
            except (JoseError, ValueError, TypeError):
                continue
            return dict(token.claims)
        return None

    def _found(self, code: str) -> tuple[ApiKey, bytes] | None:
        with self.database.transaction() as connection:
            return api_keys.find_key(connection, code)

    def _in_use(self, key: ApiKey) -> ApiKey:
        now = utc_now()
        if key.is_over(now):
            raise _refused()
        if key.last_used_at is None or now - key.last_used_at > timedelta(minutes=1):
            with self.database.transaction() as connection:
                api_keys.note_use(connection, key, now)
        return key

    @staticmethod
    def _signing_key(secret: bytes) -> OctKey:
        return OctKey.import_key(_hmac(secret, "tokens"))


class KeyDesk:
    """The keys of one company; acts are of whoever ``database`` works for."""

    def __init__(self, database: Database, company_id: int, settings: Settings) -> None:
        """Work for ``company_id``."""
        self.database = database
        self.company_id = company_id
        self.ring = KeyRing(database, settings)

    def add(
        self, name: str, scopes: Iterable[str], *, days: int | None = None, partner_code: str = ""
    ) -> tuple[ApiKey, str]:
        """Make a key that lives for ``days``, or for ever; return it and its text, which nobody keeps.

        With ``documents:pull`` it names the partner whose documents it may fetch.

        Raises:
            BillingError: ``key_name_invalid``, ``scope_unknown``, ``key_partner_invalid``.
        """
        key_name, given, at = checked_key_name(name), scopes_from(scopes), utc_now()
        require_partner(given, partner_code)
        code = "".join(choice(_ALPHABET) for _ in range(CODE_LENGTH))
        text = key_text(code, token_urlsafe(32))
        hashed = self.ring.hash_of(text)
        with self.database.transaction() as connection:
            made = NewKey(
                key_code=code,
                key_name=key_name,
                scopes=given,
                key_hmac=hashed,
                expires_at=None if days is None else at + timedelta(days=days),
                partner_code=partner_code,
            )
            api_keys.add_key(connection, self.company_id, made, at)
            (added,) = (
                key for key in api_keys.list_keys(connection, self.company_id) if key.key_code == code
            )
        return added, text

    def listed(self) -> list[ApiKey]:
        """Return the keys of the company, those that were revoked last."""
        with self.database.transaction() as connection:
            return api_keys.list_keys(connection, self.company_id)

    def revoke(self, key_code: str) -> None:
        """End a key and its tokens at once; raise ``key_unknown``."""
        with self.database.transaction() as connection:
            api_keys.revoke_key(connection, self.company_id, key_code, utc_now())


def is_over(key: ApiKey, at: datetime | None = None) -> bool:
    """Tell whether a key lets nobody in any more, now if no instant is named."""
    return key.is_over(at or utc_now())


def _hmac(secret: bytes, text: str) -> bytes:
    return hmac.new(secret, text.encode(), sha256).digest()


def _refused() -> BillingError:
    return BillingError(
        "credential_refused",
        "the key or token is not known, or is over",
        "send 'Authorization: Bearer KEY' with a key of 'billing api-keys add', or a new token",
    )
