"""Fixtures of this floor: databases on a real server, and a small book that is billed once."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest

from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import billing_over, fill_book
from billing_assets_tests.closed_months import closed_billing, closed_original, closed_store
from billing_assets_tests.databases import copied_database, fresh_database, server_url, template_database

__all__ = [
    "billing",
    "closed_billing",
    "closed_original",
    "closed_store",
    "database",
    "fresh_database",
    "server_url",
    "template_database",
]

FEBRUARY = date(2024, 2, 1)


@pytest.fixture(scope="session")
def billed_book(
    server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Name of a database with twelve policies that are billed on 1 February; the tests get copies of it."""
    name = f"{template_database}_billed"
    with copied_database(server_url, template_database, name) as database:
        with ExitStack() as stack:
            fill_book(database, 12)
            billing = billing_over(database, tmp_path_factory.mktemp("home"), stack)
            billing.invoice(billing.order(FEBRUARY))
        database.close()
        yield name


@pytest.fixture
def database(request: pytest.FixtureRequest, server_url: str, template_database: str) -> Iterator[Database]:
    """One migrated database: with the billed book where the test has the fixture ``billing`` of this file."""
    is_billed = "billing" in request.fixturenames and not hasattr(request.module, "billing")
    original = str(request.getfixturevalue("billed_book")) if is_billed else template_database
    with copied_database(server_url, original, f"test_{uuid4().hex}") as database:
        yield database


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    """The program over a book of twelve policies, billed on 1 February."""
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)
