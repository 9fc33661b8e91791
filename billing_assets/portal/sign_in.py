"""The pages of sign-in: with a password, by an identity provider, by the link of this machine; and sign-out.

Belongs here: their addresses and forms. Does not belong here: who may come in (``wiring.access_desk``).
"""

from ipaddress import ip_address
from typing import Annotated

from fastapi import APIRouter, Form, Query
from fastapi.requests import Request
from fastapi.responses import Response

from billing_assets.domain.errors import BillingError
from billing_assets.portal.access import (
    COOKIE,
    Visitor,
    access_desk,
    keep_secret,
    office_url,
    own_path,
    secret_of,
    visitor_of,
)
from billing_assets.portal.pages import page
from billing_assets.portal.places import see_other
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.single_sign_on import SingleSignOn

router = APIRouter()
_REFUSED = 403
_Text = Annotated[str, Form(max_length=1000)]
_Path = Annotated[str, Query(alias="next", max_length=2000)]
_Token = Annotated[str, Query(alias="token", max_length=200)]


@router.get("/sign-in")
def ask(request: Request, wanted: _Path = "/") -> Response:
    """Ask who somebody is; whoever is signed in goes on."""
    if visitor_of(request) is not None:
        return see_other(own_path(wanted))
    return _form(request, wanted=own_path(wanted))


@router.post("/sign-in")
def sign_in(
    request: Request,
    email: _Text = "",
    password: _Text = "",
    wanted: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    """Sign somebody in with address and password."""
    try:
        token = access_desk(request).sign_in(email, password, _address(request))
    except BillingError as error:
        return _form(request, wanted=own_path(wanted), email=email, error=error)
    return _begun(request, token, own_path(wanted))


@router.get("/sign-in/link")
def ask_link(request: Request, token: _Token = "") -> Response:
    """Show the one button that uses a link up: what only looks at a page uses nothing up."""
    _require_local(request)
    return _with_secret(request, page(request, "sign_in_link.html.j2", token=token))


@router.post("/sign-in/link")
def use_link(request: Request, token: _Text = "") -> Response:
    """Sign whoever started the office in, once."""
    _require_local(request)
    return _begun(request, access_desk(request).use_link(token), "/")


@router.get("/sign-in/provider")
def ask_provider(request: Request) -> Response:
    """Send a browser to the identity provider."""
    address = _provider(request).begin(secret_of(request), _answer_address(request))
    return _with_secret(request, see_other(address))


@router.get("/sign-in/provider/answer")
def answer_of_provider(request: Request) -> Response:
    """Sign in whom the identity provider sends back."""
    provider, desk = _provider(request), access_desk(request)
    answer = dict(request.query_params)
    try:
        person = provider.finish(request.cookies.get(COOKIE, ""), _answer_address(request), answer)
        user = desk.provided_user(person, provider.role_of(person))
    except BillingError as error:
        return _form(request, wanted="/", error=error)
    return _begun(request, desk.open_session(user.actor), "/")


@router.post("/sign-out")
def sign_out(request: Request, visitor: Visitor) -> Response:
    """End the session, here and in the store."""
    access_desk(request).sign_out(request.cookies.get(COOKIE, ""), visitor.actor)
    response = see_other("/sign-in")
    response.delete_cookie(COOKIE, path="/")
    return response


def _form(request: Request, *, wanted: str, email: str = "", error: BillingError | None = None) -> Response:
    status = _REFUSED if error else 200
    has_provider = _provider(request).is_on
    shown = page(
        request,
        "sign_in.html.j2",
        status=status,
        wanted=wanted,
        email=email,
        error=error,
        has_provider=has_provider,
    )
    return _with_secret(request, shown)


def _with_secret(request: Request, response: Response) -> Response:
    """Give the browser the secret from which the token of the page's form was made."""
    if not request.cookies.get(COOKIE):
        keep_secret(request, response, secret_of(request))
    return response


def _begun(request: Request, token: str, path: str) -> Response:
    """Go on as whoever has signed in; what the cookie was before ends."""
    former = visitor_of(request)
    if former is not None:
        access_desk(request).sign_out(request.cookies[COOKIE], former.actor)
    response = Response(headers={"HX-Redirect": path}) if request.headers.get("HX-Request") else None
    response = response or see_other(path)
    keep_secret(request, response, token)
    return response


def _provider(request: Request) -> SingleSignOn:
    """Return the identity provider, which is asked once what it is."""
    if not hasattr(request.app.state, "provider"):
        desk: Desk = request.app.state.desk
        request.app.state.provider = SingleSignOn(desk.billing.settings)
    provider: SingleSignOn = request.app.state.provider
    return provider


def _answer_address(request: Request) -> str:
    return f"{office_url(request)}/sign-in/provider/answer"


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _require_local(request: Request) -> None:
    """Raise ``link_elsewhere`` unless browser and office are on one machine."""
    if not (_is_local(_address(request)) and _is_local(request.url.hostname or "")):
        raise BillingError(
            "link_elsewhere",
            "this link works only on the machine on which the office was started",
            "sign in with your account; 'billing users add' makes one",
        )


def _is_local(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
