"""Signing in to the portal by a link that is mailed, and signing out; the language of its pages.

Belongs here: their addresses and forms. Does not belong here: links and sessions (``wiring.payer_access``).

A link that is opened shows a button, and the button uses it up: programs that look into mails and open their
links use nothing up. The answer to an address is the same whether it is known or not.
"""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Form, Query
from fastapi.requests import Request
from fastapi.responses import Response

from billing_assets.domain.portal_access import LINK_LIFE, PORTAL_LANGUAGES
from billing_assets.portal.access import own_path
from billing_assets.portal.payer.access import (
    COOKIE,
    FOR_EVERYBODY,
    Access,
    Host,
    client_of,
    keep_secret,
    payer_of,
    secret_of,
)
from billing_assets.portal.payer.pages import LANGUAGE_COOKIE, language_of, page
from billing_assets.portal.places import see_other
from billing_assets.wiring.payer_desk import PayerDesk
from billing_assets.wiring.portal_links import PORTAL_PATH

router = APIRouter(dependencies=FOR_EVERYBODY)
HOME, SIGN_IN = f"{PORTAL_PATH}/", f"{PORTAL_PATH}/sign-in"
_YEAR_SECONDS = 365 * 86_400
_LINK_MINUTES = int(LINK_LIFE.total_seconds() // 60)
_Token = Annotated[str, Query(max_length=200)]


@router.get("/sign-in")
def ask(request: Request) -> Response:
    """Ask for an e-mail address; whoever is signed in goes on."""
    if payer_of(request) is not None:
        return see_other(HOME)
    return _with_secret(request, page(request, "sign_in.html.j2"))


@router.post("/sign-in")
def mail_link(
    request: Request,
    access: Access,
    background: BackgroundTasks,
    email: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    """Say that a link is on its way if the address is known, and then find out whether it is."""
    if access.may_ask(email, client_of(request)):
        background.add_task(access.mail_links, email, language_of(request))
    return _with_secret(request, page(request, "link_sent.html.j2", minutes=_LINK_MINUTES))


@router.get("/sign-in/link")
def ask_link(request: Request, token: _Token = "") -> Response:
    """Show the button that uses a link up: what only looks at a page uses nothing up."""
    return _with_secret(request, page(request, "sign_in_link.html.j2", token=token))


@router.post("/sign-in/link")
def use_link(
    request: Request, desk: Host, access: Access, token: Annotated[str, Form(max_length=200)] = ""
) -> Response:
    """Sign a payer in, once; whoever was signed in before in this browser is no more."""
    session = access.use_link(token)
    former = payer_of(request)
    if former is not None:
        access.sign_out(request.cookies[COOKIE], former)
    response = see_other(HOME)
    keep_secret(request, response, session)
    payer = access.signed_in(session)
    if payer is not None:
        details = PayerDesk(desk, payer).details()
        if details.is_chosen:
            keep_language(response, details.language)
    return response


@router.post("/sign-out")
def sign_out(request: Request, access: Access) -> Response:
    """End the session, here and in the store."""
    payer = payer_of(request)
    if payer is not None:
        access.sign_out(request.cookies[COOKIE], payer)
    response = see_other(SIGN_IN)
    response.delete_cookie(COOKIE, path=PORTAL_PATH)
    return response


@router.get("/language/{code}")
def choose_language(code: str, back: str = HOME) -> Response:
    """Keep the language that a reader chooses, and go back to a page of the portal."""
    path = own_path(back)
    response = see_other(path if path.startswith(HOME) else HOME)
    keep_language(response, code)
    return response


def keep_language(response: Response, code: str) -> None:
    """Let the browser keep a language of the portal."""
    if code in PORTAL_LANGUAGES:
        response.set_cookie(
            LANGUAGE_COOKIE, code, max_age=_YEAR_SECONDS, samesite="lax", httponly=True, path=PORTAL_PATH
        )


def _with_secret(request: Request, response: Response) -> Response:
    """Give the browser the secret from which the token of the page's form was made."""
    if not request.cookies.get(COOKIE):
        keep_secret(request, response, secret_of(request))
    return response
