"""Signing in and out: with a password, by the link of this machine, by an identity provider."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from joserfc.jwk import RSAKey
from pydantic import SecretStr

from billing_assets.domain.access import Role
from billing_assets.domain.office_users import ATTEMPTS_OF_ACCOUNT
from billing_assets.portal.access import COOKIE, FORM_HEADER
from billing_assets.portal.browser_forms import form_token
from billing_assets.store.audit_log import AuditFilter
from billing_assets.wiring.access_desk import AccessDesk
from billing_assets.wiring.desk import Desk
from billing_assets_tests.identity_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    IdentityProvider,
    identity_provider,
)
from billing_assets_tests.portal.conftest import OFFICE, PASSWORD

ANA = "ana@example.com"


@pytest.fixture(autouse=True)
def ana(access: AccessDesk) -> None:
    access.add_user(ANA, Role.OPERATOR, name="Ana Gil", password=PASSWORD)


def fill_in(browser: TestClient, **form: str) -> Response:
    """Open the page of sign-in and send its form, without going on from its answer."""
    page = browser.get("/sign-in", params={"next": form.pop("next", "/")}).text
    hidden = dict(re.findall(r'name="(csrf_token|next)" value="([^"]*)"', page))
    return browser.post(
        "/sign-in", data={**hidden, **form}, headers={"Origin": OFFICE}, follow_redirects=False
    )


def acts(access: AccessDesk) -> list[tuple[str, str]]:
    return [(entry.actor_name, entry.act) for entry in access.acts(AuditFilter(subject_kind="user"))]


def test_a_password_opens_the_page_that_was_asked_for(stranger: TestClient, access: AccessDesk) -> None:
    answer = fill_in(stranger, email=" Ana@Example.com ", password=PASSWORD, next="/audit-log?who=ana")
    assert (answer.status_code, answer.headers["location"]) == (303, "/audit-log?who=ana")
    assert "Ana Gil" in stranger.get("/runs").text
    assert acts(access)[0] == (ANA, "sign_in")


def test_the_cookie_is_another_one_after_signing_in_and_no_script_reads_it(stranger: TestClient) -> None:
    stranger.get("/sign-in")
    before = stranger.cookies[COOKIE]
    answer = fill_in(stranger, email=ANA, password=PASSWORD)
    assert stranger.cookies[COOKIE] != before
    kept = answer.headers["set-cookie"].lower()
    assert "httponly" in kept
    assert "samesite=lax" in kept
    assert "secure" not in kept


def test_over_https_the_cookie_never_travels_without(stranger: TestClient, desk: Desk) -> None:
    desk.billing.settings.office_url = "https://billing.example.com"
    page = stranger.get("/sign-in")
    assert "; secure" in page.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    "wanted", ["https://evil.example.com", "//evil.example.com", "/\\evil.example.com", "javascript:alert(1)"]
)
def test_signing_in_leads_to_no_other_place(stranger: TestClient, wanted: str) -> None:
    assert fill_in(stranger, email=ANA, password=PASSWORD, next=wanted).headers["location"] == "/"


@pytest.mark.parametrize(
    ("email", "password"),
    [(ANA, "wrong"), (ANA, ""), ("nobody@example.com", PASSWORD), ("", ""), ("x", "x" * 999)],
)
def test_whatever_is_wrong_is_answered_in_the_same_words(
    stranger: TestClient, email: str, password: str
) -> None:
    answer = fill_in(stranger, email=email, password=password)
    assert answer.status_code == 403
    assert "No account of this office fits" in answer.text
    assert password not in answer.text or not password
    assert stranger.get("/runs").url.path == "/sign-in"


def test_who_is_locked_out_is_answered_like_a_stranger(stranger: TestClient, access: AccessDesk) -> None:
    access.set_disabled(ANA, is_disabled=True)
    assert "No account of this office fits" in fill_in(stranger, email=ANA, password=PASSWORD).text


def test_after_too_many_attempts_even_the_right_password_waits(stranger: TestClient) -> None:
    for _ in range(ATTEMPTS_OF_ACCOUNT):
        fill_in(stranger, email=ANA, password="wrong")
    assert "Wait 15 minutes" in fill_in(stranger, email=ANA, password=PASSWORD).text


def test_signing_out_ends_the_session_here_and_in_the_store(operator: TestClient, access: AccessDesk) -> None:
    token = operator.cookies[COOKIE]
    assert operator.get("/sign-in").url.path == "/"
    assert operator.post("/sign-out").url.path == "/sign-in"
    assert access.signed_in(token) is None
    operator.cookies.set(COOKIE, token)
    assert operator.get("/runs").url.path == "/sign-in"


def test_the_link_of_this_machine_opens_the_office_once(stranger: TestClient, access: AccessDesk) -> None:
    token = access.make_link("ana")
    page = stranger.get("/sign-in/link", params={"token": token}).text
    assert token in page
    form = {"token": token, "csrf_token": form_token(stranger.cookies[COOKIE])}
    headers = {"Origin": OFFICE}
    assert stranger.post("/sign-in/link", data=form, headers=headers).url.path == "/"
    assert stranger.get("/users").status_code == 200
    assert acts(access)[0] == ("ana", "sign_in")
    form["csrf_token"] = form_token(stranger.cookies[COOKIE])
    again = stranger.post("/sign-in/link", data=form, headers=headers)
    assert (again.status_code, "link_over" in again.text) == (409, True)


def test_a_script_of_the_page_follows_the_link_and_is_told_where_to_go(
    stranger: TestClient, access: AccessDesk
) -> None:
    token = access.make_link("ana")
    stranger.get("/sign-in/link", params={"token": token})
    headers = {"Origin": OFFICE, "HX-Request": "true", FORM_HEADER: form_token(stranger.cookies[COOKIE])}
    answer = stranger.post("/sign-in/link", data={"token": token}, headers=headers)
    assert answer.headers["hx-redirect"] == "/"


@pytest.mark.parametrize(
    ("base_url", "client"),
    [("http://127.0.0.1:8000", "192.0.2.7"), ("http://billing.example.com", "127.0.0.1")],
)
def test_the_link_works_on_this_machine_alone(
    app: FastAPI, stranger: TestClient, access: AccessDesk, base_url: str, client: str
) -> None:
    token = access.make_link("ana")
    far = TestClient(app, base_url=base_url, client=(client, 50_000))
    answer = far.get("/sign-in/link", params={"token": token})
    assert (answer.status_code, "link_elsewhere" in answer.text) == (403, True)


@pytest.fixture
def provider(desk: Desk) -> Iterator[IdentityProvider]:
    """An identity provider that knows Ana, named by the settings of the office."""
    with identity_provider() as answering:
        settings = desk.billing.settings
        settings.oidc_issuer = answering.issuer
        settings.oidc_client_id, settings.oidc_client_secret = CLIENT_ID, SecretStr(CLIENT_SECRET)
        answering.redirect_uri = f"{OFFICE}/sign-in/provider/answer"
        answering.claims = {"sub": "1001", "email": ANA, "email_verified": True, "name": "Ana Gil"}
        yield answering


def go(browser: TestClient) -> Response:
    """Go to the provider and come back, as a browser does."""
    away = browser.get("/sign-in/provider", follow_redirects=False)
    assert away.status_code == 303, away.text
    back = httpx.get(away.headers["location"]).headers["location"]
    return browser.get(back.removeprefix(OFFICE))


def test_the_identity_provider_signs_in_whom_the_office_knows(
    stranger: TestClient, provider: IdentityProvider, access: AccessDesk
) -> None:
    assert 'href="/sign-in/provider"' in stranger.get("/sign-in").text
    assert go(stranger).url.path == "/"
    assert "Ana Gil" in stranger.get("/runs").text
    (user,) = access.users()
    assert (user.has_single_sign_on, user.role) == (True, Role.OPERATOR)
    provider.claims["email"] = "ana.gil@example.com"
    access.sign_out(stranger.cookies[COOKIE], user.actor)
    assert go(stranger).url.path == "/"


def test_what_is_sent_to_the_provider_holds_challenge_state_and_nonce(
    stranger: TestClient, provider: IdentityProvider
) -> None:
    away = stranger.get("/sign-in/provider", follow_redirects=False).headers["location"]
    asked = {name: values[0] for name, values in parse_qs(urlsplit(away).query).items()}
    assert asked["code_challenge_method"] == "S256"
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert stranger.cookies[COOKIE] not in away


@pytest.mark.long
@pytest.mark.parametrize(
    "lies",
    [
        {"nonce": "another"},
        {"aud": "another-client"},
        {"aud": [CLIENT_ID, "another-client"], "azp": "another-client"},
        {"iss": "https://evil.example.com"},
        {"exp": 1_000_000_000},
        {"sub": None},
    ],
)
def test_an_id_token_that_does_not_fit_signs_nobody_in(
    stranger: TestClient, provider: IdentityProvider, lies: dict[str, object]
) -> None:
    provider.lies = lies
    answer = go(stranger)
    assert (answer.status_code, "Your organisation did not sign you in" in answer.text) == (403, True)
    assert stranger.get("/runs").url.path == "/sign-in"


def test_an_id_token_of_another_key_signs_nobody_in(stranger: TestClient, provider: IdentityProvider) -> None:
    provider.signing_key = RSAKey.generate_key(2048, {"kid": "1"})
    assert go(stranger).status_code == 403


def test_the_answer_to_one_browser_signs_no_other_in(
    app: FastAPI, stranger: TestClient, provider: IdentityProvider
) -> None:
    away = stranger.get("/sign-in/provider", follow_redirects=False).headers["location"]
    back = httpx.get(away).headers["location"].removeprefix(OFFICE)
    other = TestClient(app, base_url=OFFICE)
    other.get("/sign-in")
    assert other.get(back).status_code == 403
    assert TestClient(app, base_url=OFFICE).get(back).status_code == 403
    assert stranger.get(back).url.path == "/"


@pytest.mark.parametrize(
    "answer", ["", "?code=x", "?state=x", "?code=x&state=1.x.y", "?code=x&state=.", "?state=é.é"]
)
def test_an_answer_that_nobody_asked_for_signs_nobody_in(
    stranger: TestClient, provider: IdentityProvider, answer: str
) -> None:
    stranger.get("/sign-in")
    assert stranger.get(f"/sign-in/provider/answer{answer}").status_code == 403


def test_whom_the_provider_refuses_stays_outside(stranger: TestClient, provider: IdentityProvider) -> None:
    provider.is_willing = False
    assert go(stranger).status_code == 403


@pytest.mark.parametrize("claims", [{"email_verified": False}, {"email": "eve@example.com"}, {"email": ""}])
def test_who_is_not_known_by_a_verified_address_stays_outside(
    stranger: TestClient, provider: IdentityProvider, access: AccessDesk, claims: dict[str, object]
) -> None:
    provider.claims |= claims
    assert go(stranger).status_code in {403, 409}
    assert [user.email for user in access.users()] == [ANA]


def test_an_account_belongs_to_the_first_who_signed_in_with_its_address(
    stranger: TestClient, provider: IdentityProvider
) -> None:
    assert go(stranger).url.path == "/"
    provider.claims["sub"] = "another person with her address"
    stranger.cookies.clear()
    assert go(stranger).status_code == 403


def test_groups_at_the_provider_are_roles_here_at_each_sign_in(
    stranger: TestClient, provider: IdentityProvider, access: AccessDesk, desk: Desk
) -> None:
    desk.billing.settings.oidc_role_claim = "groups"
    desk.billing.settings.oidc_roles = {"billing": "operator", "heads": "administrator"}
    provider.claims |= {
        "sub": "7",
        "email": "luis@example.com",
        "name": "Luis",
        "groups": ["heads", "billing"],
    }
    assert go(stranger).url.path == "/"
    roles = {user.email: user.role for user in access.users()}
    assert roles["luis@example.com"] is Role.ADMINISTRATOR
    access.add_user("eva@example.com", Role.ADMINISTRATOR)
    provider.claims["groups"] = "billing"
    assert go(stranger).url.path == "/"
    assert ("single sign-on", "set_role") in acts(access)
    provider.claims["groups"] = ["visitors"]
    stranger.cookies.clear()
    assert go(stranger).status_code == 403


def test_a_provider_that_does_not_answer_is_told_as_that(
    stranger: TestClient, provider: IdentityProvider, desk: Desk
) -> None:
    desk.billing.settings.oidc_issuer = "http://127.0.0.1:9"
    answer = stranger.get("/sign-in/provider")
    assert (answer.status_code, "single_sign_on_failed" in answer.text) == (409, True)
