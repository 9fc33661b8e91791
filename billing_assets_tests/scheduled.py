"""Schedules for tests: a clock that one sets, and a desk over a small book.

Belongs here: what tests of several floors share about schedules. Does not belong here: any test.
"""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from billing_assets.store.connection import Database
from billing_assets.wiring.pause_desk import PauseDesk
from billing_assets.wiring.schedule_desk import ScheduleDesk
from billing_assets_tests.books import billing_over, fill_book

NIGHTLY = {
    "name": "Nightly run",
    "activity": "invoice_run",
    "frequency_code": "daily",
    "anchor_date": "2024-01-01",
    "at_times": "06:00",
    "time_zone": "Europe/Madrid",
    "calendar_code": "ES",
    "roll": "following",
    "owner": "billing operations",
}
HOURLY = {
    "name": "What still waits",
    "activity": "delivery_retry",
    "frequency_code": "daily",
    "anchor_date": "2024-01-01",
    "at_times": " ".join(f"{hour:02d}:30" for hour in range(24)),
    "time_zone": "Europe/Madrid",
    "owner": "billing operations",
}
FIRST_NOON = datetime(2024, 1, 10, 12, tzinfo=UTC)
"""A Wednesday."""
DAY = timedelta(days=1)


class Clock:
    """A clock that stands until it is set."""

    def __init__(self, at: datetime = FIRST_NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, span: timedelta) -> datetime:
        """Let time go by and return the instant that it is then."""
        self.at += span
        return self.at


def desk_over(database: Database, home: Path, stack: ExitStack, clock: Clock) -> ScheduleDesk:
    """Return the desk over a book of ten policies."""
    fill_book(database, 10)
    return ScheduleDesk(billing_over(database, home, stack), clock)


def pauses_of(desk: ScheduleDesk) -> PauseDesk:
    """Return the pauses of a desk."""
    return PauseDesk(desk)


def tamper_instants(database: Database, span: timedelta) -> None:
    """Let what was done of schedules so far be done so much earlier."""
    with database.transaction() as connection:
        connection.execute(text("reset role"))
        connection.execute(text("set local session_replication_role = replica"))
        for table, columns in (
            ("activity_schedule", ("created_at", "fired_until")),
            ("schedule_revision", ("revised_at",)),
            ("schedule_pause", ("paused_at",)),
        ):
            moved = ", ".join(f"{column} = {column} - cast(:span as interval)" for column in columns)
            connection.execute(text(f"update {table} set {moved}"), {"span": span})
        connection.execute(text("set role billing_app"))
