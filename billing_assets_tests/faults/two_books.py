"""Two policy books of one company: the first is in the store, the second is what a test interrupts.

Belongs here: their rows, and importing them. Does not belong here: where the import dies (``crash``).
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from billing_assets.feeds.policy_files import PolicyFiles
from billing_assets.steps.read_policy_book import IntakeOrder, read_policy_book
from billing_assets.store.connection import Database
from billing_assets.store.policies import SqlIntakeStore
from billing_assets_tests.books import COMPANY
from billing_assets_tests.store.intake import AT, MAPPING, book, with_company

COUNT = 30

FULL = replace(MAPPING, is_full=True)


def _row(number: int, **change: str) -> Mapping[str, str]:
    return {"no": f"P{number}", "payer": f"K{number}", "name": f"Payer {number}", **change}


FIRST = book(
    *(_row(number) for number in range(COUNT)),
    _row(COUNT, premium="x"),
    _row(COUNT + 1, **{"from": "2024-02-30"}),
)
"""Good rows, and two that are problems."""

SECOND = book(
    *(_row(number, premium=f"{130 + number}.00") for number in range(8)),
    *(_row(number, street="Calle Menor 2") for number in range(8, 16)),
    *(_row(number, cover_to="2024-06-01", premium="1.2.3") for number in range(16, 20)),
    *(_row(number) for number in range(20, COUNT - 2)),
    *(_row(COUNT + number) for number in range(8)),
)
"""Terms and payers that change, cancellations that are refused, corrections, new terms; two are left out."""


def import_book(store: Any, path: Path) -> None:
    """Import a file as the full book of the company into ``store``, which may be wrapped."""
    order = IntakeOrder(company_code=COMPANY.company_code, path=path, mapping=FULL, as_of_date=AT.date())
    read_policy_book(order, reader=PolicyFiles(), store=store, clock=lambda: AT)


def import_first(database: Database, folder: Path) -> None:
    """Import the first book, whose file is written into the folder."""
    with_company(database)
    path = folder / "first.csv"
    path.write_text(FIRST, encoding="utf-8")
    import_book(SqlIntakeStore(database), path)


def second_in(folder: Path) -> Path:
    """Write the file of the second book into the folder and return it."""
    path = folder / "second.csv"
    path.write_text(SECOND, encoding="utf-8")
    return path
