"""The portal's cookie: for the portal alone, out of the reach of scripts, encrypted where the portal is."""

import pytest
from fastapi.testclient import TestClient

from billing_assets.wiring.desk import Desk


@pytest.mark.parametrize(
    ("url", "is_secure"), [("https://bills.example.com", True), ("http://127.0.0.1:8000", False)]
)
def test_the_cookie_is_of_the_portal_alone(
    visitor: TestClient, payers_desk: Desk, url: str, is_secure: bool
) -> None:
    payers_desk.billing.settings = payers_desk.billing.settings.model_copy(update={"portal_url": url})
    said = visitor.get("/my/sign-in").headers["set-cookie"]
    assert "Path=/my;" in said
    assert "HttpOnly" in said
    assert "SameSite=lax" in said
    assert ("Secure" in said) == is_secure


def test_a_secret_that_is_no_session_opens_nothing(visitor: TestClient) -> None:
    visitor.cookies.set("billing_payer", "made up", path="/my")
    assert visitor.get("/my/").url.path == "/my/sign-in"


@pytest.mark.parametrize("token", ["", "x", "ñ"])
def test_a_form_without_its_token_is_refused_in_plain_words(visitor: TestClient, token: str) -> None:
    visitor.get("/my/sign-in")
    answer = visitor.post("/my/sign-in", data={"email": "a@example.com", "csrf_token": token})
    assert (answer.status_code, "This page was too old" in answer.text) == (403, True)
