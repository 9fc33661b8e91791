"""Letting people in, in a real browser: by keyboard, on a phone, for readers of screens, in two languages."""

import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from datetime import date
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from billing_assets.domain.access import Role
from billing_assets.portal.app import create_app
from billing_assets.store.connection import Database
from billing_assets.wiring.access_desk import AccessDesk
from billing_assets.wiring.desk import Desk
from billing_assets_tests.books import billing_over, fill_book
from billing_assets_tests.browser.test_invoice_page import violations

pytestmark = pytest.mark.needs("chromium")

ANA, WORDS = "ana.gil@example.com", "a horse in the rain"
WIDTHS = {"phone": 390, "desk": 1280}
PAGES = ("/sign-in", "/runs", "/users", "/audit-log", "/account")


@pytest.fixture
def access(database: Database, tmp_path: Path) -> Iterator[AccessDesk]:
    """The accounts of an office with a billed date and an administrator."""
    fill_book(database, 30)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.invoice(billing.order(date(2024, 1, 31)))
        desk = Desk(billing)
        access = AccessDesk(database, desk.company_id, billing.settings)
        access.add_user(ANA, Role.ADMINISTRATOR, name="Ana Gil", password=WORDS)
        yield access


@pytest.fixture
def office(access: AccessDesk, tmp_path: Path) -> Iterator[str]:
    """Where the office answers."""

    @asynccontextmanager
    async def opened(app: FastAPI) -> AsyncIterator[None]:
        with ExitStack() as stack:
            app.state.desk = Desk(billing_over(access.database, tmp_path, stack))
            yield

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = uvicorn.Config(create_app(opened), host="127.0.0.1", port=port, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def sign_in(page: Page, office: str) -> None:
    page.goto(f"{office}/users")
    # The page is there before its field has the focus; a key pressed in between is lost.
    expect(page.locator("#email")).to_be_focused()
    page.keyboard.type(ANA)
    page.keyboard.press("Tab")
    page.keyboard.type(WORDS)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{office}/users")


@pytest.mark.long
def test_the_keyboard_is_enough_to_come_in_add_somebody_and_leave(
    page: Page, office: str, access: AccessDesk
) -> None:
    sign_in(page, office)
    page.get_by_label("E-mail address").focus()
    for text in ("luis@example.com", "Luis Vega", "app", "three green apples"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("cell", name="luis@example.com")).to_be_visible()
    assert {user.email: user.role for user in access.users()}["luis@example.com"] is Role.APPROVER
    page.get_by_role("button", name="Lock Luis Vega out").press("Enter")
    expect(page.get_by_role("button", name="Let Luis Vega in")).to_be_visible()
    page.goto(f"{office}/audit-log?who=ana")
    expect(page.get_by_role("cell", name="locked a user out", exact=True)).to_be_visible()
    # The name of whoever is signed in opens what is theirs.
    page.locator("summary", has_text="Ana Gil").press("Enter")
    page.get_by_role("button", name="Sign out").press("Enter")
    page.wait_for_url(f"{office}/sign-in")


def test_the_link_of_this_machine_opens_the_office_by_itself(
    page: Page, office: str, access: AccessDesk
) -> None:
    page.goto(f"{office}/sign-in/link?token={access.make_link('ana')}")
    page.wait_for_url(f"{office}/")
    page.locator("summary", has_text="More").press("Enter")
    expect(page.get_by_role("link", name="Users")).to_be_visible()


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("width", WIDTHS)
def test_nobody_is_shut_out_by_a_page_and_none_is_wider_than_its_screen(
    page: Page, office: str, width: str, language: str
) -> None:
    page.set_viewport_size({"width": WIDTHS[width], "height": 900})
    page.context.add_cookies([{"name": "language", "value": language, "url": office}])
    for path in PAGES:
        page.goto(f"{office}{path}")
        if path == "/sign-in":
            assert violations(page) == []
            sign_in(page, office)
            continue
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width], path
