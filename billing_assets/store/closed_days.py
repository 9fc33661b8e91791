"""Days that a company has closed itself, in the store: append-only, each with why, who and when.

Belongs here: closing a day, taking that back, reading what is closed as of a row.
Does not belong here: the calendars beside which they count (``domain.calendars``), what they do to dates
(``frames``).

A row closes a day for one purpose or for all, or opens it again; the last row about a purpose counts.
Billing and closing of a company take turns, so that a run's last row says exactly what the run saw.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.domain.calendar_rule import OWN_PURPOSES, ClosedDays, Purpose
from billing_assets.steps.calendar_ports import ClosedDayOrder
from billing_assets.steps.run_ports import Clock, Progress
from billing_assets.store.audit_log import record_act
from billing_assets.store.companies import CompanyStore
from billing_assets.store.locks import hold_runs

ALL = "all"
"""Every purpose that a company may close a day for."""

_NEWEST = 2**63 - 1

_CLOSED = """
select purpose, day from (
    select distinct on (p.purpose, c.day) p.purpose, c.day, c.is_closed
    from unnest(cast(:purposes as text[])) as p (purpose)
    join company_closed_day c on c.purpose in (p.purpose, 'all')
    where c.company_id = :company and c.company_closed_day_id <= :up_to
    order by p.purpose, c.day, c.company_closed_day_id desc
) last where is_closed
order by purpose, day
"""

_ADD = """
insert into company_closed_day (company_id, purpose, day, is_closed, note, recorded_by, recorded_at)
values (:company, :purpose, :day, :is_closed, :note, :recorded_by, :at)
"""

_HISTORY = """
select purpose, day, is_closed, note, recorded_by, recorded_at from company_closed_day
where company_id = :company and extract(year from day) = :year
order by company_closed_day_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedDayRow:
    """One act: ``purpose`` is a purpose or ``all``; ``is_closed`` is false where it took a closing back."""

    purpose: str
    day: date
    is_closed: bool
    note: str
    recorded_by: str
    recorded_at: datetime


def read_closed_days(connection: Connection, company_id: int, up_to_id: int = _NEWEST) -> ClosedDays:
    """Return what the company has closed, by the rows up to that one; by default as of now."""
    values = {
        "company": company_id,
        "up_to": up_to_id,
        "purposes": [purpose.value for purpose in OWN_PURPOSES],
    }
    days: dict[Purpose, set[date]] = defaultdict(set)
    for purpose, day in connection.execute(text(_CLOSED), values):
        days[Purpose(purpose)].add(day)
    return ClosedDays(by_purpose={purpose: frozenset(found) for purpose, found in days.items()})


class SqlClosedDayStore(CompanyStore):
    """Closed days in PostgreSQL; the implementation of ``steps.calendar_ports.ClosedDayStore``."""

    @contextmanager
    def closed_day_work(self, company_id: int, progress: Progress) -> Iterator["ClosedDayTransaction"]:
        """Wait until no run or import of the company works, and open the transaction."""
        with self.database.transaction() as connection:
            hold_runs(connection, company_id, progress)
            yield ClosedDayTransaction(connection, company_id, self.clock)


class ClosedDayTransaction:
    """One transaction over a company's closed days; see ``steps.calendar_ports.ClosedDayWork``."""

    def __init__(self, connection: Connection, company_id: int, clock: Clock) -> None:
        """Work for ``company_id`` inside the transaction of ``connection``."""
        self.connection = connection
        self.company_id = company_id
        self.clock = clock

    def closed_days(self) -> ClosedDays:
        """Return what the company has closed as of now."""
        return read_closed_days(self.connection, self.company_id)

    def add(self, order: ClosedDayOrder) -> None:
        """Append one act."""
        at, purpose = self.clock(), ALL if order.purpose is None else order.purpose.value
        values = {
            "company": self.company_id,
            "purpose": purpose,
            "day": order.day,
            "is_closed": order.is_closed,
            "note": order.note,
            "recorded_by": order.recorded_by,
            "at": at,
        }
        self.connection.execute(text(_ADD), values)
        act = AuditAct(
            act=Act.CLOSE_DAY if order.is_closed else Act.OPEN_DAY,
            subject=Subject.DAY,
            subject_id=order.day.isoformat(),
            company_id=self.company_id,
            reason=order.note,
            signed_by=order.recorded_by,
            after={"purpose": purpose},
        )
        record_act(self.connection, act, at)


def closed_day_history(connection: Connection, company_id: int, year: int) -> list[ClosedDayRow]:
    """Return every act on a day of the year, in the order in which they were taken."""
    rows = connection.execute(text(_HISTORY), {"company": company_id, "year": year})
    return [ClosedDayRow(**row) for row in rows.mappings()]
