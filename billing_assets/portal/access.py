"""Who asks for a page: signed in, allowed to, and from a page of ours.

Belongs here: the session cookie, and the dependencies that every route has: :data:`Visitor`, :func:`needs`
and :func:`guarded`. Does not belong here: signing in (``sign_in``), what a role may do (``domain.access``).

A browser has one cookie with a random secret. It becomes a session by signing in, with another secret.
"""

from dataclasses import dataclass
from typing import Annotated, TypeAlias
from urllib.parse import quote

from fastapi import Depends, Request, Response
from fastapi.params import Depends as DependsParameter

from billing_assets.domain.access import Permission, may, require
from billing_assets.domain.errors import BillingError
from billing_assets.domain.office_users import SignedIn
from billing_assets.portal.browser_forms import browser_secret, require_own_form
from billing_assets.wiring.access_desk import AccessDesk
from billing_assets.wiring.desk import Desk

COOKIE = "billing_session"
FORM_HEADER = "x-csrf-token"


class SignInNeededError(Exception):
    """Nobody is signed in, and the page is for those who are."""


def access_desk(request: Request) -> AccessDesk:
    """Return the accounts and sessions of the office; acts there are the program's own."""
    desk: Desk = request.app.state.desk
    return desk.access


def visitor_of(request: Request) -> SignedIn | None:
    """Return who is signed in, or None; the store is asked once for each request."""
    if not hasattr(request.state, "visitor"):
        token = request.cookies.get(COOKIE, "")
        request.state.visitor = access_desk(request).signed_in(token) if token else None
    found: SignedIn | None = request.state.visitor
    return found


def signed_in(request: Request) -> SignedIn:
    """Return who is signed in; nobody else sees the page."""
    visitor = visitor_of(request)
    if visitor is None:
        raise SignInNeededError
    return visitor


Visitor: TypeAlias = Annotated[SignedIn, Depends(signed_in)]
"""Who is signed in, as an argument of a route."""


@dataclass(frozen=True, slots=True)
class VisitorNeeds:
    """A dependency of a route: whoever asks must have a permission."""

    permission: Permission

    def __call__(self, visitor: Visitor) -> None:
        """Raise ``role_insufficient`` where they have not."""
        require(visitor.role, self.permission)


def needs(permission: Permission) -> DependsParameter:
    """Return the dependency of a route that needs a permission.

    >>> needs(Permission.PAUSE).dependency
    VisitorNeeds(permission=<Permission.PAUSE: 'pause'>)
    """
    return DependsParameter(VisitorNeeds(permission))


def is_allowed(request: Request, permission: str) -> bool:
    """Tell whether whoever asks has a permission; menus and buttons go by it."""
    visitor = visitor_of(request)
    return visitor is not None and may(visitor.role, Permission(permission))


async def guarded(request: Request) -> None:
    """Refuse a request that would act and does not come from a form of ours.

    Raises:
        BillingError: ``request_foreign`` from another place, ``form_expired`` with another token or none.
    """
    await require_own_form(
        request,
        cookie=COOKIE,
        addresses=(office_url(request), str(request.base_url)),
        foreign=BillingError(
            "request_foreign",
            "this request comes from another place than the pages of this office",
            "open the page here and try again",
        ),
        expired=BillingError(
            "form_expired",
            "this form is older than your sign-in",
            "go back, open the page again and repeat what you did",
        ),
        header=FORM_HEADER,
    )


def secret_of(request: Request) -> str:
    """Return the secret of a browser, a new one where it has none; :func:`keep_secret` gives it to it."""
    return browser_secret(request, COOKIE)


def keep_secret(request: Request, response: Response, secret: str) -> None:
    """Let the browser keep a secret until it is closed; no script can read it."""
    is_secure = office_url(request).startswith("https:")
    response.set_cookie(COOKIE, secret, httponly=True, samesite="lax", secure=is_secure, path="/")


def office_url(request: Request) -> str:
    """Return where the office is, as its browsers see it, without a slash at the end."""
    desk: Desk = request.app.state.desk
    return desk.billing.settings.office_url or str(request.base_url).rstrip("/")


def sign_in_address(request: Request) -> str:
    """Return the address of the sign-in that leads back to the page that was asked for."""
    path = request.url.path if request.method == "GET" else "/"
    wanted = f"{path}?{request.url.query}" if request.url.query and path != "/" else path
    return "/sign-in" if wanted == "/" else f"/sign-in?next={quote(wanted, safe='/')}"


def own_path(path: str) -> str:
    """Return a path of this office, or its first page where the path leads elsewhere.

    >>> own_path("/runs?before=7"), own_path("https://example.com"), own_path("//example.com")
    ('/runs?before=7', '/', '/')
    """
    is_own = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_own else "/"
