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
from billing_assets_tests.databases import Original, copied_database

__all__ = ["billing"]

FEBRUARY = date(2024, 2, 1)


def billed_book(database: Database, home: Path) -> None:
    """Bill twelve policies on 1 February."""
    fill_book(database, 12)
    with ExitStack() as stack:
        billing = billing_over(database, home, stack)
        billing.invoice(billing.order(FEBRUARY))


@pytest.fixture
def database(
    request: pytest.FixtureRequest,
    server_url: str,
    template_database: str,
    original: Original,
    tmp_path: Path,
) -> Iterator[Database]:
    """One migrated database, with the billed book where the test has the fixture ``billing`` of this file.

    A module that has a function ``prepare`` has what that does in place of the billed book; it is done once.
    """
    name = template_database
    if "billing" in request.fixturenames and not hasattr(request.module, "billing"):
        prepare = getattr(request.module, "prepare", billed_book)
        name = original(prepare, name, lambda database: prepare(database, tmp_path))
    with copied_database(server_url, name, f"test_{uuid4().hex}") as database:
        yield database


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    """The program over a book of twelve policies, billed on 1 February, or over what the module prepares."""
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)
