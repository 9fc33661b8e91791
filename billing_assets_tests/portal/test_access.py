"""Nobody acts who is not signed in, may not, or does not come from a form of ours."""

import re

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from billing_assets.domain.access import Role
from billing_assets.portal import sign_in
from billing_assets.portal.access import COOKIE, FORM_HEADER, VisitorNeeds
from billing_assets.portal.app import OFFICE as ROUTERS
from billing_assets.portal.browser_forms import form_token
from billing_assets.wiring.access_desk import AccessDesk
from billing_assets_tests.portal.conftest import OFFICE, BrowserOf

NEW_USER = {"email": "luis@example.com", "role": "viewer", "password": "three green apples"}


def addresses(access: AccessDesk) -> set[str]:
    return {user.email for user in access.users()}


@pytest.mark.parametrize("path", ["/runs", "/users", "/audit-log", "/account"])
def test_every_page_asks_who_it_is_and_then_goes_on_to_it(stranger: TestClient, path: str) -> None:
    answer = stranger.get(path, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={path}")


def test_a_part_of_a_page_is_not_replaced_by_the_sign_in(stranger: TestClient) -> None:
    answer = stranger.get("/runs", headers={"HX-Request": "true"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["hx-redirect"], answer.text) == (200, "/sign-in", "")


def test_every_page_of_the_office_names_the_permission_that_it_needs() -> None:
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    assert routes
    for route in routes:
        calls = [each.call for each in route.dependant.dependencies]
        assert any(isinstance(call, VisitorNeeds) for call in calls), route.path


def test_a_secret_that_is_no_session_opens_nothing(stranger: TestClient) -> None:
    stranger.cookies.set(COOKIE, "made up")
    assert stranger.get("/runs").url.path == "/sign-in"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.APPROVER])
def test_only_administrators_let_people_in(browser_of: BrowserOf, access: AccessDesk, role: Role) -> None:
    browser = browser_of(role)
    assert browser.get("/users").status_code == 403
    assert browser.post("/users", data=NEW_USER).status_code == 403
    assert browser.get("/runs").status_code == 200
    assert "luis@example.com" not in addresses(access)


def test_the_menu_shows_what_one_may_open(viewer: TestClient, administrator: TestClient) -> None:
    assert 'href="/users"' in administrator.get("/runs").text
    assert 'href="/users"' not in viewer.get("/runs").text
    assert 'href="/audit-log"' in viewer.get("/runs").text


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example.com", "http://127.0.0.1:8001", "https://127.0.0.1:8000", ""]
)
def test_a_request_of_another_place_cannot_act(
    administrator: TestClient, access: AccessDesk, origin: str | None
) -> None:
    del administrator.headers["Origin"]
    headers = {} if origin is None else {"Origin": origin}
    answer = administrator.post("/users", data=NEW_USER, headers=headers)
    assert (answer.status_code, "request_foreign" in answer.text) == (403, True)
    assert "luis@example.com" not in addresses(access)


@pytest.mark.parametrize("token", ["", "x", form_token("another session"), "ñ"])
def test_a_form_without_the_token_of_the_session_cannot_act(
    administrator: TestClient, access: AccessDesk, token: str
) -> None:
    del administrator.headers[FORM_HEADER]
    answer = administrator.post("/users", data={**NEW_USER, "csrf_token": token})
    assert (answer.status_code, "form_expired" in answer.text) == (403, True)
    assert "luis@example.com" not in addresses(access)


def test_a_form_as_the_page_has_it_acts(administrator: TestClient, access: AccessDesk) -> None:
    del administrator.headers[FORM_HEADER]
    page = administrator.get("/users").text
    (token,) = set(re.findall(r'name="csrf_token" value="(\w+)"', page))
    assert f'"X-CSRF-Token": "{token}"' in page
    answer = administrator.post("/users", data={**NEW_USER, "csrf_token": token})
    assert answer.status_code == 200
    assert "luis@example.com" in addresses(access)


@pytest.mark.parametrize("path", ["/users/role", "/users/disabled", "/account/password", "/sign-out"])
def test_nothing_is_done_by_looking_at_a_page(administrator: TestClient, path: str) -> None:
    assert administrator.get(path, params=NEW_USER).status_code in {404, 405}
    assert administrator.get("/runs").url.path == "/runs"


def test_a_user_of_another_role_acts_as_that_from_the_next_page_on(
    administrator: TestClient, operator: TestClient, access: AccessDesk
) -> None:
    access.set_role("operator@example.com", Role.ADMINISTRATOR)
    assert operator.get("/users").status_code == 200
    access.set_disabled("operator@example.com", is_disabled=True)
    assert operator.get("/runs").url.path == "/sign-in"


def test_every_way_to_act_is_behind_the_guard(stranger: TestClient) -> None:
    routes = [route for router in (sign_in.router, *ROUTERS) for route in router.routes]
    posts = [
        route.path for route in routes if isinstance(route, APIRoute) and "POST" in (route.methods or ())
    ]
    assert len(posts) >= 6
    for path in posts:
        assert stranger.post(path, headers={"Origin": "http://evil.example.com"}).status_code == 403, path
        assert stranger.post(path, headers={"Origin": OFFICE}).status_code == 403, path
