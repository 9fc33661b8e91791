"""The portal as a whole: whose routes ask who it is, and that nobody is shown what is another's."""

import re
from itertools import product

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.routing import Mount

from billing_assets.portal.payer.access import guarded, signed_in
from billing_assets.wiring.desk import Desk
from billing_assets_tests.payers import BILLS
from billing_assets_tests.portal.payer.conftest import STATEMENT, BrowserOf, post

FOREIGN = {
    "number": [BILLS["K2"][0], "INV-00000099", "'; select 1 --", "x"],
    "request_id": ["1", "99", "0", "-1", "x", str(2**70)],
    "place": ["1"],
}
"""For each thing that an address of a signed-in payer names: what is another's, and what is nothing.

The store's only request is that of another payer.
"""

OPEN_PATHS = {
    "/sign-in",
    "/sign-in/link",
    "/sign-out",
    "/language/{code}",
    "/see/{link}",
    "/see/{link}/pdf",
}


def portal_of(app: FastAPI) -> FastAPI:
    (mounted,) = (route.app for route in app.routes if isinstance(route, Mount) and route.path == "/my")
    assert isinstance(mounted, FastAPI)
    return mounted


def routes_of(app: FastAPI) -> list[APIRoute]:
    return [route for route in portal_of(app).routes if isinstance(route, APIRoute)]


def needs_sign_in(route: APIRoute) -> bool:
    return any(each.call is signed_in for each in route.dependant.dependencies)


def test_every_route_asks_who_it_is_but_those_that_are_for_everybody(payers_app: FastAPI) -> None:
    routes = routes_of(payers_app)
    assert len(routes) == len(portal_of(payers_app).routes)
    assert all(any(each.call is guarded for each in route.dependant.dependencies) for route in routes)
    assert {route.path for route in routes if not needs_sign_in(route)} == OPEN_PATHS


def test_every_route_that_names_something_knows_nothing_of_what_is_anothers(
    payers_app: FastAPI, first: TestClient, payer_browser: BrowserOf
) -> None:
    """Taken from the routes that there are: one that names something new fails here until it is known."""
    named = [route for route in routes_of(payers_app) if needs_sign_in(route) and "{" in route.path]
    assert named
    second = payer_browser(2)
    post(second, "/my/documents", **STATEMENT)
    assert second.get("/my/requests/1/documents/1").content.startswith(b"%PDF-")
    for route in named:
        names = re.findall(r"{(\w+)(?::\w+)?}", route.path)
        assert set(names) <= set(FOREIGN), f"{route.path} names what no foreign example is known of"
        for values in product(*(FOREIGN[name] for name in names)):
            given = iter(values)
            path = re.sub(r"{\w+(?::\w+)?}", lambda _, given=given: next(given), route.path)  # type: ignore[misc]
            for method in route.methods or ():
                answer = first.request(method, f"/my{path}")
                assert answer.status_code == (404 if method == "GET" else 403), (method, path)
                assert "There is nothing here" in answer.text or method != "GET"


def test_what_is_anothers_and_what_is_nothing_look_the_same(first: TestClient) -> None:
    foreign, nothing = (
        first.get(f"/my/invoices/{number}").text for number in (BILLS["K2"][0], "INV-00000099")
    )
    assert foreign == nothing


def test_no_page_of_a_payer_says_a_word_of_another(payers_app: FastAPI, payer_browser: BrowserOf) -> None:
    paths = [route.path for route in routes_of(payers_app) if needs_sign_in(route)]
    own = [path for path in paths if "{" not in path]
    assert {"/", "/invoices", "/payments", "/documents", "/details"} <= set(own)
    for payer_id in (1, 2):
        browser, others = payer_browser(payer_id), {1, 2, 3} - {payer_id}
        for path in own:
            page = browser.get(f"/my{path}").text
            assert f"Payer {payer_id}" in page or f"INV-{payer_id:08}" in page or path == "/documents", path
            for other in others:
                assert f"Payer {other}" not in page, path
                assert not [number for number in BILLS[f"K{other}"] if number in page], path


@pytest.mark.parametrize(
    "path", ["", "/", "/invoices", "/invoices/INV-00000001/pdf", "/payments", "/details"]
)
def test_whoever_is_not_signed_in_is_asked_to(visitor: TestClient, path: str) -> None:
    assert visitor.get(f"/my{path}").url.path == "/my/sign-in"


def test_every_act_needs_a_form_of_the_portal(payers_app: FastAPI, first: TestClient) -> None:
    posts = [route.path for route in routes_of(payers_app) if "POST" in (route.methods or ())]
    assert len(posts) >= 4
    for path in posts:
        assert first.post(f"/my{path}").status_code == 403, path
        assert first.post(f"/my{path}", headers={"Origin": "https://evil.example.com"}).status_code == 403, (
            path
        )


def test_the_portal_is_shut_where_it_has_no_address(
    payers_app: FastAPI, payers_desk: Desk, first: TestClient
) -> None:
    payers_desk.billing.settings = payers_desk.billing.settings.model_copy(update={"portal_url": ""})
    for route in routes_of(payers_app):
        for method in route.methods or ():
            path = re.sub(r"{\w+(?::\w+)?}", "x", route.path)
            assert first.request(method, f"/my{path}").status_code == 404, path


def test_the_office_and_the_portal_know_nothing_of_each_others_sessions(first: TestClient) -> None:
    first.cookies.set("billing_session", first.cookies["billing_payer"], path="/")
    assert first.get("/runs").url.path == "/sign-in"


def test_answers_carry_what_those_of_the_office_carry(first: TestClient) -> None:
    for path in ("/my/", "/my/nothing"):
        headers = first.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"


def test_no_page_needs_a_script(payers_app: FastAPI, first: TestClient) -> None:
    for route in routes_of(payers_app):
        if "{" not in route.path and "GET" in (route.methods or ()):
            page = first.get(f"/my{route.path}").text
            assert "<script" not in page
            assert "style=" not in page
            assert "hx-" not in page
