"""Fixtures of the portal: a store with three payers, the app over it, a mailbox, and browsers signed in."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.portal.app import create_app
from billing_assets.portal.browser_forms import form_token
from billing_assets.portal.payer.access import COOKIE
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.payer_access import PayerAccess
from billing_assets_tests.books import billing_over
from billing_assets_tests.databases import copied_database
from billing_assets_tests.payers import link_of, prepare_payers

PORTAL = "http://127.0.0.1:8000"
BrowserOf = Callable[[int], TestClient]
STATEMENT = {
    "key": "a-key-of-a-form",
    "kind": "statement",
    "from_date": "2024-01-01",
    "until_date": "2024-12-31",
}
"""A form by which a payer asks for a statement."""


@pytest.fixture(scope="session")
def payers_store(
    server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Name of a database with three payers."""
    name = f"payers_{uuid4().hex}"
    with copied_database(server_url, template_database, name) as original:
        prepare_payers(original, tmp_path_factory.mktemp("home"))
        original.close()
        yield name


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[MailboxServer]:
    """The mail server of the program; it keeps what it gets."""
    with MailboxServer(tmp_path / "mail") as server:
        yield server


@pytest.fixture
def payers_desk(server_url: str, payers_store: str, mailbox: MailboxServer, tmp_path: Path) -> Iterator[Desk]:
    """The desk over a copy of that store, with a portal."""
    copied = copied_database(server_url, payers_store, f"test_{uuid4().hex}")
    with copied as database, ExitStack() as stack:
        yield Desk(
            billing_over(
                database,
                tmp_path,
                stack,
                portal_url=PORTAL,
                smtp_host="127.0.0.1",
                smtp_port=mailbox.port,
            )
        )


@pytest.fixture
def payers_app(payers_desk: Desk) -> FastAPI:
    """The app over that desk."""

    @asynccontextmanager
    async def opened(app: FastAPI) -> AsyncIterator[None]:
        app.state.desk = payers_desk
        yield

    return create_app(opened)


@pytest.fixture
def visitor(payers_app: FastAPI) -> Iterator[TestClient]:
    """A browser in which nobody is signed in."""
    with TestClient(payers_app, base_url=PORTAL, client=("127.0.0.1", 50_000)) as browser:
        browser.headers["Origin"] = PORTAL
        yield browser


@pytest.fixture
def payer_browser(payers_app: FastAPI, payers_desk: Desk, visitor: TestClient) -> BrowserOf:
    """Make a browser in which a payer is signed in; ``visitor`` keeps the app open."""

    def make(payer_id: int) -> TestClient:
        access = PayerAccess(payers_desk.billing, payers_desk.company_id)
        token = access.use_link(link_of(payers_desk.database, payer_id))
        browser = TestClient(payers_app, base_url=PORTAL, client=("127.0.0.1", 50_000))
        browser.cookies.set(COOKIE, token, path="/my")
        browser.headers["Origin"] = PORTAL
        return browser

    return make


@pytest.fixture
def first(payer_browser: BrowserOf) -> TestClient:
    """A browser in which K1 is signed in."""
    return payer_browser(1)


def post(browser: TestClient, path: str, **fields: Any) -> Response:
    """Send a form of the portal, with the token of the browser's forms."""
    return browser.post(path, data={"csrf_token": form_token(browser.cookies[COOKIE]), **fields})
