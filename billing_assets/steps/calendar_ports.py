"""What closing a day needs from the world.

Belongs here: the store's side of a company's own closed days, as protocols and the values that cross them.
Does not belong here: any implementation (``store``).
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from billing_assets.domain.calendar_rule import ClosedDays, Purpose
from billing_assets.steps.run_ports import Issuer, Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedDayOrder:
    """Close a day for a purpose (None: for all that a company may close), or open it again, and why."""

    day: date
    is_closed: bool
    purpose: Purpose | None
    note: str
    recorded_by: str


class ClosedDayWork(Protocol):
    """A company's closed days, held so that no run begins and no other hand changes them meanwhile."""

    def closed_days(self) -> ClosedDays:
        """Return what the company has closed as of now."""
        ...

    def add(self, order: ClosedDayOrder) -> None:
        """Append the order as a record."""
        ...


class ClosedDayStore(Protocol):
    """The store's side of closing days."""

    def issuer(self, company_code: str) -> Issuer:
        """Return the company with that code, or raise ``company_unknown``."""
        ...

    def closed_day_work(self, company_id: int, progress: Progress) -> AbstractContextManager[ClosedDayWork]:
        """Open a transaction in the company's turn, telling ``progress`` whom it waits for."""
        ...
