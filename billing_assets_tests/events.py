"""Events of policies for tests: small ones, and a desk over a company without a book.

Belongs here: making events. Does not belong here: files of them (``feeds.event_files``).
"""

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path

from billing_assets.domain.policy_events import EventKind, PolicyEvent
from billing_assets.store.companies import save_company
from billing_assets.store.connection import Database
from billing_assets.wiring.policy_events import EventDesk
from billing_assets_tests.books import AT, COMPANY, billing_over

TODAY = date(2024, 1, 10)
_TERM = {
    "payer_name": "Ann Lee",
    "payer_email": "ann@example.com",
    "line_of_business": "motor",
    "place_code": "ES",
    "currency": "EUR",
    "plan_code": "monthly",
    "effective_date": "2024-02-01",
    "expiration_date": "2025-02-01",
    "premium": "1200.00",
}
_CHANGE = {
    "effective_date": "2024-02-01",
    "change_number": "1",
    "change_kind": "endorsement",
    "change_date": "2024-08-01",
    "premium": "1500.00",
}


def term_event(policy: str, version: int = 1, *, key: str = "", **fields: str) -> PolicyEvent:
    """Return an event of a term, one of a yearly policy that is paid monthly from February 2024."""
    body = {"policy_number": policy, **_TERM, **fields}
    return PolicyEvent(
        event_key=key or f"{policy} {version}", event_kind=EventKind.POLICY, version=version, body=body
    )


def change_event(policy: str, version: int = 2, *, key: str = "", **fields: str) -> PolicyEvent:
    """Return an event of an endorsement of that term."""
    body = {"policy_number": policy, **_CHANGE, **fields}
    return PolicyEvent(
        event_key=key or f"{policy} {version}", event_kind=EventKind.CHANGE, version=version, body=body
    )


def event_desk(database: Database, home: Path, stack: ExitStack) -> EventDesk:
    """Return the desk over a store that has the company, which is recorded where it is not."""
    with database.transaction() as connection:
        save_company(connection, COMPANY, AT)
    return EventDesk(billing_over(database, home, stack))


def outcomes(desk: EventDesk) -> dict[str, tuple[str, str]]:
    """Return state and reason of each event, by its key (the last of several with one key)."""
    return {row.event_key: (row.state, row.reason_code) for row in reversed(desk.events(limit=1_000))}


def drained(desk: EventDesk, events: Sequence[PolicyEvent]) -> dict[str, int | str]:
    """Add the events, drain, and return the facts."""
    desk.add(events)
    return dict(desk.drain(billing_date=TODAY).facts)
