"""Tokens for clients that speak OAuth 2: client credentials of RFC 6749, with a key of ours.

Belongs here: the token endpoint. Does not belong here: what a token holds (``wiring.key_desk``).
"""

from base64 import b64decode
from binascii import Error
from typing import Annotated
from urllib.parse import unquote_plus

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ConfigDict

from billing_assets.domain.api_keys import TOKEN_LIFE
from billing_assets.domain.errors import BillingError
from billing_assets.portal.api.callers import limit, ring_of
from billing_assets.portal.api.guarded_route import GuardedRoute
from billing_assets.portal.api.problem_details import MEDIA_TYPE, Problem, ProblemError, refused
from billing_assets.portal.api.rules import needs
from billing_assets.portal.api.shapes import Told, example

router = APIRouter(route_class=GuardedRoute, tags=["oauth"])
_BEARER = "Bearer"
_OAUTH = {
    "credential_refused": "invalid_client",
    "grant_unsupported": "unsupported_grant_type",
    "scope_unknown": "invalid_scope",
    "scope_not_given": "invalid_scope",
    "rate_exceeded": "slow_down",
}


class Token(Told):
    """A token (RFC 6749)."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"access_token": "eyJ...", "token_type": "Bearer", "expires_in": 900, "scope": "invoices:read"}
        )
    )

    access_token: str
    token_type: str
    expires_in: int
    scope: str


@router.post(
    "/oauth/token",
    operation_id="createToken",
    summary="A token for a key (client credentials)",
    response_model=Token,
)
@needs(None)
def create_token(
    request: Request,
    grant_type: Annotated[str, Form(max_length=100, examples=["client_credentials"])] = "",
    client_id: Annotated[str, Form(max_length=100, description="The code of the key.")] = "",
    client_secret: Annotated[str, Form(max_length=200, description="The key.")] = "",
    scope: Annotated[str, Form(max_length=1000, description="Scopes, apart by spaces; all if empty.")] = "",
) -> Response:
    """Give a token for 15 minutes; the client's id is the code of a key, its secret the key itself.

    They are sent in the form or by HTTP Basic. Errors are problems that carry ``error`` of RFC 6749 too.
    """
    try:
        ring, credentials = ring_of(request), _basic(request) or (client_id, client_secret)
        if grant_type != "client_credentials":
            raise ProblemError("grant_unsupported", "this grant is not given here", "use client_credentials")
        limit(request, f"token {credentials[0][:40]}")
        token, scopes = ring.token(*credentials, scope.split())
    except BillingError as error:
        return _told_of_oauth(request, error)
    found = Token(
        access_token=token,
        token_type=_BEARER,
        expires_in=TOKEN_LIFE.seconds,
        scope=" ".join(scopes),
    )
    return JSONResponse(found.model_dump(), headers={"Cache-Control": "no-store"})


def _basic(request: Request) -> tuple[str, str] | None:
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        code, _, key = b64decode(text, validate=True).decode().partition(":")
    except (Error, ValueError):
        return ("", "")
    return unquote_plus(code), unquote_plus(key)


def _told_of_oauth(request: Request, error: BillingError) -> Response:
    answer = refused(request, error)
    told = Problem.model_validate_json(bytes(answer.body))
    told.error = _OAUTH.get(error.code, "server_error")
    headers = {
        name: value for name, value in answer.headers.items() if name in {"retry-after", "www-authenticate"}
    }
    content = told.model_dump(exclude_none=True)
    return JSONResponse(content, answer.status_code, headers=headers, media_type=MEDIA_TYPE)
