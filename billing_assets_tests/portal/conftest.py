"""Fixtures of this floor: a database with a book that is billed, and the app over it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from billing_assets.portal.app import create_app
from billing_assets.store.connection import Database
from billing_assets.wiring.desk import Desk
from billing_assets_tests.billed_store import fill_billed
from billing_assets_tests.books import billing_over
from billing_assets_tests.databases import database, fresh_database, server_url, template_database

__all__ = ["database", "fresh_database", "server_url", "template_database"]


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[Desk]:
    """The desk over a small store: billed, with something failed, undelivered and wrong."""
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        fill_billed(billing)
        yield Desk(billing)


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient]:
    """A browser without a screen."""

    @asynccontextmanager
    async def opened(app: FastAPI) -> AsyncIterator[None]:
        app.state.desk = desk
        yield

    with TestClient(create_app(opened)) as browser:
        yield browser
