"""Forms of a browser: who acts has the token that the secret of its cookie makes, from a page of ours."""

import asyncio

import pytest
from fastapi import Request

from billing_assets.domain.errors import BillingError
from billing_assets.portal.browser_forms import browser_secret, form_token, require_own_form

FOREIGN, EXPIRED = (BillingError(code, "found", "todo") for code in ("foreign", "expired"))
HERE = "https://office.example:8443"


def asked(method: str, **headers: str) -> Request:
    """Return a request without a body."""
    rows = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]

    async def nothing() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": method, "path": "/", "query_string": b"", "headers": rows}
    return Request(scope, nothing)


def refused(request: Request, header: str = "x-token") -> str:
    """Return why a request is refused; empty where it is not."""
    try:
        asyncio.run(
            require_own_form(
                request, cookie="c", addresses=(f"{HERE}/x",), foreign=FOREIGN, expired=EXPIRED, header=header
            )
        )
    except BillingError as error:
        return error.code
    return ""


def test_who_only_looks_needs_no_token() -> None:
    assert refused(asked("GET")) == refused(asked("HEAD", origin="https://elsewhere.example")) == ""


@pytest.mark.parametrize("origin", ["", "https://elsewhere.example", "http://office.example:8443", "null"])
def test_what_comes_from_elsewhere_is_refused_whatever_its_token(origin: str) -> None:
    assert refused(asked("POST", origin=origin, cookie="c=s", x_token=form_token("s"))) == "foreign"


def test_the_token_is_that_of_the_cookie() -> None:
    assert refused(asked("POST", origin=HERE, cookie="c=s", x_token=form_token("s"))) == ""
    assert refused(asked("POST", origin=HERE, cookie="c=s", x_token=form_token("t"))) == "expired"
    assert refused(asked("POST", origin=HERE, cookie="c=s")) == "expired"
    assert refused(asked("POST", origin=HERE, x_token=form_token(""))) == "expired"
    assert refused(asked("POST", origin=HERE, cookie="c=s", x_token=form_token("s")), header="") == "expired"


def test_a_browser_without_a_secret_gets_one_for_the_whole_request() -> None:
    request = asked("GET")
    assert browser_secret(request, "c") == browser_secret(request, "c") != browser_secret(asked("GET"), "c")
    assert browser_secret(asked("GET", cookie="c=kept"), "c") == "kept"
