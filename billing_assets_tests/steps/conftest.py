"""Fixtures of this floor: databases on a real server, and a small book that is billed once."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import billing_over, fill_book
from billing_assets_tests.closed_months import closed_billing, closed_original, closed_store
from billing_assets_tests.databases import database, fresh_database, server_url, template_database

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


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    """The program over a book of twelve policies, billed on 1 February."""
    fill_book(database, 12)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.invoice(billing.order(FEBRUARY))
        yield billing
