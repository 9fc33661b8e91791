"""Forms of a browser: the secret that its cookie holds, the token in each form, and what came from elsewhere.

Belongs here: what office and portal share of it. Does not belong here: whose cookie it is and what is said to
whom is refused (``access``, ``payer.access``).

A browser has one cookie for each of them, with a random secret. The token of every form is made from it, so
that nobody who cannot read the cookie can act in its name.
"""

import hmac
from collections.abc import Iterable
from hashlib import sha256
from secrets import token_urlsafe
from urllib.parse import urlsplit

from fastapi import Request

from billing_assets.domain.errors import BillingError

FORM_FIELD = "csrf_token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def form_token(secret: str) -> str:
    """Return the token of the forms of a browser; empty where it has no secret.

    >>> form_token("")
    ''
    >>> form_token("a") == form_token("a") != form_token("b")
    True
    """
    return hmac.new(secret.encode(), b"form", sha256).hexdigest() if secret else ""


def browser_secret(request: Request, cookie: str) -> str:
    """Return the secret that a browser has in a cookie, or a new one that it is to be given."""
    if not hasattr(request.state, "secret"):
        request.state.secret = request.cookies.get(cookie, "") or token_urlsafe(32)
    secret: str = request.state.secret
    return secret


async def require_own_form(
    request: Request,
    *,
    cookie: str,
    addresses: Iterable[str],
    foreign: BillingError,
    expired: BillingError,
    header: str = "",
) -> None:
    """Raise where a request would act and does not come from a form of ours.

    ``foreign`` is raised where it comes from another place than ``addresses``, ``expired`` where it has
    another token than its ``cookie`` makes, or none. The token stands in the form, or in ``header``.
    """
    if request.method in _SAFE_METHODS:
        return
    if request.headers.get("origin", "") not in {_origin(each) for each in addresses}:
        raise foreign
    given = request.headers.get(header, "") if header else ""
    if not given:
        given = str((await request.form()).get(FORM_FIELD, ""))
    expected = form_token(request.cookies.get(cookie, ""))
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        raise expired


def _origin(address: str) -> str:
    """Return where a page comes from as the browser says it, with scheme, host and port."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
