"""Which payer asks for a page: signed in, and from a page of the portal.

Belongs here: the portal's cookie, and the dependencies of its routes: :data:`Payer`, :func:`guarded`.
Does not belong here: signing in (``sign_in``), the office's sessions (``portal.access``), which are another
matter: neither cookie is of any use on the other side.
"""

from typing import Annotated, TypeAlias

from fastapi import Depends, Request, Response

from billing_assets.domain.errors import BillingError
from billing_assets.domain.portal_access import SignedInPayer
from billing_assets.portal.browser_forms import browser_secret, require_own_form
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.payer_access import PayerAccess
from billing_assets.wiring.payer_desk import PayerDesk
from billing_assets.wiring.portal_links import PORTAL_PATH

COOKIE = "billing_payer"


class PayerSignInNeededError(Exception):
    """Nobody is signed in, and the page is for those who are."""


class PortalShutError(Exception):
    """The portal is not open: no address of it is set."""


def host_desk(request: Request) -> Desk:
    """Return the desk of the app in which the portal is mounted; what is done there is the program's own."""
    desk: Desk = request.app.state.host.state.desk
    return desk


Host: TypeAlias = Annotated[Desk, Depends(host_desk)]
"""The desk of the app, as an argument of a route."""


def payer_access(desk: Host) -> PayerAccess:
    """Return the links and sessions of the portal."""
    return PayerAccess(desk.billing, desk.company_id)


Access: TypeAlias = Annotated[PayerAccess, Depends(payer_access)]
"""Links and sessions, as an argument of a route."""


def payer_of(request: Request) -> SignedInPayer | None:
    """Return who is signed in, or None; the store is asked once for each request."""
    if not hasattr(request.state, "payer"):
        token = request.cookies.get(COOKIE, "")
        request.state.payer = payer_access(host_desk(request)).signed_in(token) if token else None
    found: SignedInPayer | None = request.state.payer
    return found


def signed_in(request: Request) -> SignedInPayer:
    """Return who is signed in; nobody else sees the page."""
    payer = payer_of(request)
    if payer is None:
        raise PayerSignInNeededError
    return payer


Payer: TypeAlias = Annotated[SignedInPayer, Depends(signed_in)]
"""Who is signed in, as an argument of a route."""


def payer_desk(desk: Host, payer: Payer) -> PayerDesk:
    """Return the desk of whoever is signed in."""
    return PayerDesk(desk, payer)


Own: TypeAlias = Annotated[PayerDesk, Depends(payer_desk)]
"""The payer's desk, as an argument of a route."""


async def guarded(request: Request) -> None:
    """Refuse everything while the portal is shut, and acts that do not come from a form of the portal.

    Raises:
        PortalShutError: where there is no portal.
        BillingError: ``request_foreign`` from another place, ``form_expired`` with another token or none.
    """
    portal_url = host_desk(request).billing.settings.portal_url
    if not portal_url:
        raise PortalShutError
    await require_own_form(
        request,
        cookie=COOKIE,
        addresses=(portal_url, str(request.base_url)),
        foreign=BillingError(
            "request_foreign", "this request comes from another place than the portal", "open the page here"
        ),
        expired=BillingError(
            "form_expired", "this form is older than your sign-in", "go back and open the page again"
        ),
    )


def secret_of(request: Request) -> str:
    """Return the secret of a browser, a new one where it has none; :func:`keep_secret` gives it to it."""
    return browser_secret(request, COOKIE)


def keep_secret(request: Request, response: Response, secret: str) -> None:
    """Let the browser keep a secret for the portal alone until it is closed; no script can read it."""
    is_secure = host_desk(request).billing.settings.portal_url.startswith("https:")
    response.set_cookie(COOKIE, secret, httponly=True, samesite="lax", secure=is_secure, path=PORTAL_PATH)


def client_of(request: Request) -> str:
    """Return whose requests are counted together."""
    return request.client.host if request.client else ""


FOR_EVERYBODY = (Depends(guarded),)
"""The dependencies of a router that needs no sign-in."""

FOR_PAYERS = (Depends(guarded), Depends(signed_in))
"""The dependencies of a router of pages of whoever is signed in."""
