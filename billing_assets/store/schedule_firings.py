"""Firings in the store: those that are open, lists of them, and what their runs came to.

Belongs here: reading and marking rows of ``schedule_firing``. Does not belong here: deciding them
(``activity_schedules``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from billing_assets.domain.activities import Activity
from billing_assets.domain.schedule_pauses import FiringState
from billing_assets.domain.selections import SELECTION_FIELDS, selection_from
from billing_assets.steps.schedule_ports import KeptFiring

_COLUMNS = """
select f.firing_id, f.schedule_id, s.schedule_code, r.activity, f.revision, f.nominal_date, f.at_time,
    f.due_at, f.state, f.pause_id, f.catches_up, f.decided_at, f.dagster_run_id, f.ended_at, r.content
"""
_REVISION = "join schedule_revision r on r.schedule_id = f.schedule_id and r.revision = f.revision"
_FIRINGS = f"""{_COLUMNS}
from schedule_firing f join activity_schedule s using (schedule_id) {_REVISION}
where s.company_id = :company
"""
_OPEN = f"""{_FIRINGS} and f.state in ('requested', 'started') and (:activity = '' or r.activity = :activity)
order by f.due_at, f.nominal_date, f.firing_id
"""
_LIST = f"""{_FIRINGS} and (:code = '' or s.schedule_code = :code)
    and (cast(:pause as bigint) is null or (f.pause_id = :pause and f.state = 'paused'))
    and (cast(:from as timestamptz) is null or f.due_at >= :from)
    and (cast(:to as timestamptz) is null or f.due_at < :to)
    and (cast(:before as bigint) is null or (f.due_at, f.firing_id) < (
        select due_at, firing_id from schedule_firing where firing_id = :before))
order by f.due_at desc, f.firing_id desc limit :limit
"""  # noqa: S608 - constants
_LAST = f"""{_COLUMNS}
from activity_schedule s
cross join lateral (
    select * from schedule_firing l where l.schedule_id = s.schedule_id
    order by l.due_at desc, l.firing_id desc limit 1
) as f {_REVISION}
where s.company_id = :company
"""  # noqa: S608 - constants
# What has ended stays so, whatever a later look at Dagster says.
_MARK = """
update schedule_firing set state = :state, dagster_run_id = :run,
    ended_at = case when :state in ('done', 'failed') then cast(:at as timestamptz) end
where firing_id = :firing and state in ('requested', 'started')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FiringFilter:
    """Which firings are listed: of a schedule, left out by a pause, due in ``[from_at, to_at)``."""

    schedule_code: str = ""
    pause_id: int | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None
    before_id: int | None = None
    limit: int = 100


def read_open_firings(connection: Connection, company_id: int, activity: str = "") -> list[KeptFiring]:
    """Return the firings that are requested or started, oldest first."""
    rows = connection.execute(text(_OPEN), {"company": company_id, "activity": activity})
    return [_firing(row) for row in rows]


def list_firings(connection: Connection, company_id: int, wanted: FiringFilter) -> list[KeptFiring]:
    """Return the firings that fit, the latest first."""
    values = {
        "company": company_id,
        "code": wanted.schedule_code,
        "pause": wanted.pause_id,
        "from": wanted.from_at,
        "to": wanted.to_at,
        "before": wanted.before_id,
        "limit": wanted.limit,
    }
    return [_firing(row) for row in connection.execute(text(_LIST), values)]


def last_firings(connection: Connection, company_id: int) -> list[KeptFiring]:
    """Return the latest firing of each schedule that has one."""
    return [_firing(row) for row in connection.execute(text(_LAST), {"company": company_id})]


def mark_firings(connection: Connection, marks: Sequence[tuple[int, FiringState, str]], at: datetime) -> None:
    """Keep what became of open firings: number, state, and the run of Dagster that does it."""
    rows = [
        {"firing": firing_id, "state": state.value, "run": run_id, "at": at}
        for firing_id, state, run_id in marks
    ]
    if rows:
        connection.execute(text(_MARK), rows)


def _firing(row: Row[Any]) -> KeptFiring:
    return KeptFiring(
        firing_id=row.firing_id,
        schedule_id=row.schedule_id,
        schedule_code=row.schedule_code,
        activity=Activity(row.activity),
        revision=row.revision,
        nominal_date=row.nominal_date,
        at_time=row.at_time,
        due_at=row.due_at,
        state=FiringState(row.state),
        pause_id=row.pause_id,
        catches_up=row.catches_up,
        decided_at=row.decided_at,
        dagster_run_id=row.dagster_run_id,
        ended_at=row.ended_at,
        template=row.content.get("template", ""),
        selection=selection_from({name: row.content.get(name, "") for name in SELECTION_FIELDS}),
    )
