"""The portal, put together: its pages, and what an error looks like to a payer.

Belongs here: the list of routers. Does not belong here: any page, what every answer of the app carries
(``portal.app``).

A payer is not told what goes on inside: an error that is not theirs to mend says so, and whom to ask.
"""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from billing_assets.domain.errors import BillingError
from billing_assets.portal.pages import REFUSED
from billing_assets.portal.payer import account, documents, links, records, sign_in
from billing_assets.portal.payer.access import PayerSignInNeededError, PortalShutError
from billing_assets.portal.payer.pages import page
from billing_assets.portal.places import see_other
from billing_assets.wiring.portal_links import PORTAL_PATH

_FORBIDDEN, _NOT_FOUND, _THROTTLED = 403, 404, 429
_STATUS = {
    "request_foreign": _FORBIDDEN,
    "form_expired": _FORBIDDEN,
    "payer_link_over": _FORBIDDEN,
    "portal_throttled": _THROTTLED,
}

ROUTERS = (account.router, documents.router, records.router, sign_in.router, links.router)
"""Every page; whether it needs a sign-in, its router says."""


def mount_portal(host: Starlette) -> FastAPI:
    """Return the portal, mounted in ``host``, whose ``state.desk`` it works at.

    >>> mount_portal(Starlette()).title
    'billing_assets'
    """
    portal = FastAPI(title="billing_assets", docs_url=None, redoc_url=None, openapi_url=None)
    portal.state.host = host
    for router in ROUTERS:
        # As they are, side by side, so that a test finds each.
        portal.router.routes.extend(router.routes)
    portal.add_exception_handler(BillingError, _refusal)
    portal.add_exception_handler(PayerSignInNeededError, lambda _request, _error: see_other(sign_in.SIGN_IN))
    for kind in (PortalShutError, RequestValidationError, HTTPException):
        portal.add_exception_handler(kind, _nowhere)
    host.mount(PORTAL_PATH, portal, name="portal")
    return portal


def _refusal(request: Request, error: Exception) -> Response:
    """Show what is refused in the words of the portal; what is not there looks like any wrong address."""
    if not isinstance(error, BillingError):
        raise error
    if error.code == "not_yours":
        return _nowhere(request, error)
    return page(request, "refusal.html.j2", status=_STATUS.get(error.code, REFUSED), code=error.code)


def _nowhere(request: Request, _error: Exception) -> Response:
    return page(request, "nowhere.html.j2", status=_NOT_FOUND, back=sign_in.HOME)
