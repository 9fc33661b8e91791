"""Keys with which other systems call the API: what a key may do, how it is written, when it is over.

Belongs here: scopes and the form of a key. Does not belong here: making and checking keys
(``wiring.key_desk``), the rows (``store.api_keys``).

A key is ``billing_CODE_SECRET``: the code finds its row and may be shown; the secret is 256 random bits.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from billing_assets.domain.access import Actor, ActorKind
from billing_assets.domain.errors import BillingError
from billing_assets.domain.text_fields import BadTextError, code


class Scope(StrEnum):
    """What a key may do; each call names the one that it needs."""

    POLICIES_READ = "policies:read"
    POLICIES_WRITE = "policies:write"
    INVOICES_READ = "invoices:read"
    INVOICES_WRITE = "invoices:write"
    DELIVERIES_READ = "deliveries:read"
    EVENTS_READ = "events:read"
    REQUESTS_READ = "requests:read"
    REQUESTS_WRITE = "requests:write"
    DOCUMENTS_PULL = "documents:pull"
    RUNS_READ = "runs:read"
    RUNS_WRITE = "runs:write"
    SCHEDULES_READ = "schedules:read"
    SCHEDULES_WRITE = "schedules:write"
    PROBLEMS_READ = "problems:read"


CODE_LENGTH = 12
LONGEST_NAME = 60
TOKEN_LIFE = timedelta(minutes=15)
"""So long a token lives that a client has got for its key."""

_KEY = re.compile(rf"billing_([a-z0-9]{{{CODE_LENGTH}}})_[A-Za-z0-9_-]{{43}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key as it is made; ``key_hmac`` is the keyed hash of its text."""

    key_code: str
    key_name: str
    scopes: tuple[Scope, ...]
    key_hmac: bytes
    expires_at: datetime | None
    partner_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it is kept; ``last_used_at`` is told to a minute.

    ``partner_code`` names the partner whose documents it may fetch, as ``payer_endpoint`` of a book does.
    """

    api_key_id: int
    company_id: int
    company_code: str
    key_code: str
    key_name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    partner_code: str
    revoked_at: datetime | None

    @property
    def actor(self) -> Actor:
        """Whoever calls with the key, for the audit log."""
        return Actor(kind=ActorKind.KEY, name=f"{self.key_name} ({self.key_code})")

    def is_over(self, at: datetime) -> bool:
        """Whether the key lets nobody in any more."""
        return self.revoked_at is not None or (self.expires_at is not None and self.expires_at <= at)


def key_text(key_code: str, secret: str) -> str:
    """Return a key as its owner writes it.

    >>> key_text("k3f9a1c2d4e5", "S" * 43)
    'billing_k3f9a1c2d4e5_SSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSS'
    """
    return f"billing_{key_code}_{secret}"


def code_of_key(text: str) -> str:
    """Return the code of what has the form of a key; empty where it has not.

    >>> code_of_key("billing_k3f9a1c2d4e5_" + "S" * 43), code_of_key("eyJhbGciOi.x.y")
    ('k3f9a1c2d4e5', '')
    """
    found = _KEY.fullmatch(text)
    return found[1] if found else ""


def checked_key_name(name: str) -> str:
    """Return the name of a key on one line; raise ``key_name_invalid``.

    >>> checked_key_name(" policy  system ")
    'policy system'
    """
    kept = " ".join(name.split())
    if not 0 < len(kept) <= LONGEST_NAME or not kept.isprintable():
        raise BillingError(
            "key_name_invalid",
            f"the name of the key has {len(kept)} characters, or one that nobody sees",
            f"say which system has it: --name TEXT, at most {LONGEST_NAME} characters",
        )
    return kept


def scopes_from(words: Iterable[str]) -> tuple[Scope, ...]:
    """Return the scopes that are named, in their order, each once; raise ``scope_unknown``.

    >>> [scope.value for scope in scopes_from(["runs:read", "invoices:read", "runs:read"])]
    ['invoices:read', 'runs:read']
    """
    given = set(words)
    unknown = sorted(given - set(Scope))
    if unknown or not given:
        raise BillingError(
            "scope_unknown",
            f"there is no scope '{unknown[0][:40]}'" if unknown else "no scope is named",
            f"choose from {', '.join(Scope)}",
        )
    return tuple(scope for scope in Scope if scope in given)


def require_partner(scopes: Iterable[Scope], partner_code: str) -> None:
    """Raise ``key_partner_invalid`` unless a key that fetches documents, and no other, names its partner.

    >>> require_partner([Scope.DOCUMENTS_PULL], "broker-7")
    """
    is_wanted = Scope.DOCUMENTS_PULL in scopes
    try:
        is_good = bool(code(partner_code)) if is_wanted else not partner_code
    except BadTextError:
        is_good = False
    if not is_good:
        raise BillingError(
            "key_partner_invalid",
            f"the key does not name its partner as its scopes have it: '{partner_code[:40]}'",
            "name the code of payer_endpoint with --partner, for the scope documents:pull and no other",
        )


def key_unknown(key_code: str) -> BillingError:
    """Return the error for a code that no key in use has.

    >>> key_unknown("k3f9a1c2d4e5").code
    'key_unknown'
    """
    return BillingError(
        "key_unknown",
        f"there is no key '{key_code[:40]}' in use",
        "'billing api-keys' lists them by their codes",
    )
