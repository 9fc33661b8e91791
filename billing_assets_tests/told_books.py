"""Billed books of which other systems are told, and what they were told.

Belongs here: telling over a store, reading events back. Does not belong here: any judgement.
"""

from datetime import UTC, date, datetime
from typing import Any

from billing_assets.steps.tell_statuses import tell_statuses
from billing_assets.store.connection import Database
from billing_assets.store.statuses import PART_FACTS, SqlStatusStore
from billing_assets_tests.paid_books import rows

NOON = datetime(2024, 4, 1, 12, tzinfo=UTC)
EARLY, LATE = date(2024, 1, 1), date(2024, 12, 31)
"""Days before and after every due date of the books."""


def clock() -> datetime:
    return NOON


def tell(database: Database, today: date = EARLY, part_facts: int = PART_FACTS) -> dict[str, Any]:
    """Tell what waits and return the facts."""
    store = SqlStatusStore(database, 1, "Europe/Madrid", clock, part_facts=part_facts)
    return dict(tell_statuses(today, store=store).facts)


def told(database: Database) -> list[tuple[str, str, int, int]]:
    """Return kind, document, amount and what was open, in the order of the events."""
    query = """select event_kind, invoice_number, amount_minor, open_minor from status_event
        order by event_number"""
    return [(kind, number, amount, left) for kind, number, amount, left in rows(database, query)]
