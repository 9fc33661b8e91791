"""Who calls: the key behind a request, what it may do, and the program that works for it.

Belongs here: authentication, scopes, rate limits, the desk of a call. Does not belong here: keys themselves
(``wiring.key_desk``), which scope a call needs (``rules``).
"""

import math
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from fastapi import Depends, Request
from sqlalchemy import Connection

from billing_assets.domain.api_keys import ApiKey, Scope
from billing_assets.portal.api.problem_details import ProblemError
from billing_assets.portal.api.rate_limits import RateLimiter
from billing_assets.wiring.acting import acting_for
from billing_assets.wiring.build import Billing
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.key_desk import KeyRing


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whoever calls, and what may be done with what was shown."""

    key: ApiKey
    scopes: tuple[Scope, ...]

    @property
    def name(self) -> str:
        """The name under which records keep what they do."""
        return self.key.actor.name


def program_of(request: Request) -> Billing:
    """Return the program that is served, working for itself."""
    desk: Desk = request.app.state.host.state.desk
    return desk.billing


def ring_of(request: Request) -> KeyRing:
    """Return what checks keys; it is kept for all calls."""
    state = request.app.state
    billing = program_of(request)
    if getattr(state, "ring_of", None) is not billing:
        state.ring, state.ring_of = KeyRing(billing.database, billing.settings), billing
        state.limiter = RateLimiter(billing.settings.api_requests_per_second)
    ring: KeyRing = state.ring
    return ring


def authenticated(request: Request, scope: Scope) -> Caller:
    """Return who calls, if they may.

    Raises:
        ProblemError: ``credential_missing``, ``rate_exceeded``, ``scope_insufficient``.
        BillingError: ``credential_refused``.
    """
    kind, _, credential = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not credential.strip():
        raise ProblemError(
            "credential_missing",
            "no key was sent",
            "send 'Authorization: Bearer KEY' with a key of 'billing api-keys add', or a token",
        )
    key, scopes = ring_of(request).caller(credential.strip())
    limit(request, key.key_code)
    if scope not in scopes:
        raise ProblemError(
            "scope_insufficient",
            f"this call needs the scope {scope.value}",
            "use a key that has it: 'billing api-keys add NAME --scope ...'",
            headers={
                "WWW-Authenticate": f'Bearer realm="billing", error="insufficient_scope", scope="{scope}"'
            },
        )
    return Caller(key=key, scopes=scopes)


def limit(request: Request, key_code: str) -> None:
    """Count a call of a key; raise ``rate_exceeded`` where there are too many."""
    limiter: RateLimiter = request.app.state.limiter
    wait = limiter.wait_of(key_code)
    if wait:
        raise ProblemError(
            "rate_exceeded",
            f"this key makes more than {limiter.per_second} calls a second",
            "wait as Retry-After says, then go on more slowly",
            headers={"Retry-After": str(math.ceil(wait))},
        )


def who_calls(request: Request) -> Caller:
    """Return whoever was let in."""
    caller: Caller = request.state.caller
    return caller


def open_desk(request: Request) -> Desk:
    """Return the desk of a call: of the company of its key, in its name, in its own transaction if any."""
    caller, billing = who_calls(request), program_of(request)
    connection: Connection | None = getattr(request.state, "connection", None)
    return Desk(acting_for(billing, caller.key.actor, caller.key.company_code, connection))


CallersDesk: TypeAlias = Annotated[Desk, Depends(open_desk)]
"""The desk, as an argument of a call."""

Calling: TypeAlias = Annotated[Caller, Depends(who_calls)]
"""Whoever calls, as an argument of a call."""
