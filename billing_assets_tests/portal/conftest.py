"""Fixtures of this floor: a database with a book that is billed, the app over it, and browsers signed in."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient

from billing_assets.domain.access import Role
from billing_assets.portal.access import COOKIE, FORM_HEADER
from billing_assets.portal.app import create_app
from billing_assets.portal.browser_forms import form_token
from billing_assets.wiring import passwords
from billing_assets.wiring.access_desk import AccessDesk
from billing_assets.wiring.desk import Desk
from billing_assets_tests.billed_store import fill_billed
from billing_assets_tests.books import billing_over
from billing_assets_tests.databases import copied_database

OFFICE = "http://127.0.0.1:8000"
PASSWORD = "a horse in the rain"
BrowserOf = Callable[[Role], TestClient]


def address_of(role: Role) -> str:
    return f"{role}@example.com"


@pytest.fixture(scope="package", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Hash passwords with little work: what it costs to guess them is of no use to a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield
    passwords._nobody.cache_clear()


@pytest.fixture(scope="session")
def billed_office(
    server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Name of a database with a small store: billed, with something failed, undelivered and wrong."""
    name = f"office_{uuid4().hex}"
    with copied_database(server_url, template_database, name) as original:
        with ExitStack() as stack:
            fill_billed(billing_over(original, tmp_path_factory.mktemp("home"), stack))
        original.close()
        yield name


@pytest.fixture
def desk(server_url: str, billed_office: str, tmp_path: Path) -> Iterator[Desk]:
    """The desk over a copy of the small store."""
    copied = copied_database(server_url, billed_office, f"test_{uuid4().hex}")
    with copied as database, ExitStack() as stack:
        yield Desk(billing_over(database, tmp_path, stack))


@pytest.fixture
def access(desk: Desk) -> AccessDesk:
    """The accounts of the office."""
    return AccessDesk(desk.database, desk.company_id, desk.billing.settings)


@pytest.fixture
def app(desk: Desk) -> FastAPI:
    """The app over the desk."""

    @asynccontextmanager
    async def opened(app: FastAPI) -> AsyncIterator[None]:
        app.state.desk = desk
        yield

    return create_app(opened)


@pytest.fixture
def stranger(app: FastAPI) -> Iterator[TestClient]:
    """A browser without a screen, in which nobody is signed in."""
    with TestClient(app, base_url=OFFICE, client=("127.0.0.1", 50_000)) as browser:
        yield browser


@pytest.fixture
def browser_of(app: FastAPI, access: AccessDesk, stranger: TestClient) -> BrowserOf:
    """Make a browser in which a user of a role is signed in; its requests carry the token of its forms.

    ``stranger`` keeps the app open.
    """

    def make(role: Role) -> TestClient:
        if address_of(role) not in {user.email for user in access.users()}:
            access.add_user(address_of(role), role, password=PASSWORD)
        browser = TestClient(app, base_url=OFFICE, client=("127.0.0.1", 50_000))
        (user,) = (user for user in access.users() if user.email == address_of(role))
        token = access.open_session(user.actor)
        browser.cookies.set(COOKIE, token)
        browser.headers.update({"Origin": OFFICE, FORM_HEADER: form_token(token)})
        return browser

    return make


@pytest.fixture
def viewer(browser_of: BrowserOf) -> TestClient:
    """A browser in which a viewer is signed in."""
    return browser_of(Role.VIEWER)


@pytest.fixture
def operator(browser_of: BrowserOf) -> TestClient:
    """A browser in which an operator is signed in."""
    return browser_of(Role.OPERATOR)


@pytest.fixture
def approver(browser_of: BrowserOf) -> TestClient:
    """A browser in which an approver is signed in."""
    return browser_of(Role.APPROVER)


@pytest.fixture
def administrator(browser_of: BrowserOf) -> TestClient:
    """A browser in which an administrator is signed in."""
    return browser_of(Role.ADMINISTRATOR)


@pytest.fixture
def client(administrator: TestClient) -> TestClient:
    """A browser in which somebody is signed in who may do everything."""
    return administrator
