"""Fixtures of this floor: databases on a real server, and a small book that is billed once."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import billing_over, fill_book
from billing_assets_tests.databases import Prepare

__all__ = ["billing"]

FEBRUARY = date(2024, 2, 1)


def billed_book(database: Database, home: Path) -> None:
    """Bill twelve policies on 1 February."""
    fill_book(database, 12)
    with ExitStack() as stack:
        billing = billing_over(database, home, stack)
        billing.invoice(billing.order(FEBRUARY))


@pytest.fixture
def preparation(request: pytest.FixtureRequest) -> Prepare | None:
    """The billed book where the test has the fixture ``billing`` of this file, unless its module has another.

    A test that has not is given an empty database, whatever its module prepares.
    """
    if "billing" not in request.fixturenames or hasattr(request.module, "billing"):
        return None
    prepare: Prepare = getattr(request.module, "prepare", billed_book)
    return prepare


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    """The program over a book of twelve policies, billed on 1 February, or over what the module prepares."""
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)
