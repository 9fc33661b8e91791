"""Pauses of schedules in the store, and what becomes of the firings that they left out.

Belongs here: rows of ``schedule_pause`` and the paused rows of ``schedule_firing``.
Does not belong here: what a pause covers (``domain.schedule_pauses``).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.domain.errors import BillingError
from billing_assets.domain.schedule_pauses import Missed, Pause, PauseScope
from billing_assets.domain.selections import SELECTION_FIELDS
from billing_assets.store.audit_log import record_act

_PAUSES = """
select p.pause_id, p.scope, coalesce(s.schedule_code, '') as schedule_code, p.activity, p.reason, p.paused_by,
    p.paused_at, p.until_at, p.missed, p.resumed_at, p.resumed_by, p.resume_reason
from schedule_pause p left join activity_schedule s using (schedule_id)
where (p.company_id = :company or p.company_id is null)
    and (cast(:pause as bigint) is null or p.pause_id = :pause)
    and (cast(:ended_after as timestamptz) is null
        or coalesce(least(p.resumed_at, p.until_at), 'infinity') > :ended_after)
    and (cast(:over_at as timestamptz) is null or least(p.resumed_at, p.until_at) <= :over_at)
    and (:activity = '' or exists (
        select from schedule_firing f join activity_schedule o using (schedule_id)
        join schedule_revision r on r.schedule_id = f.schedule_id and r.revision = f.revision
        where f.pause_id = p.pause_id and f.state = 'paused' and o.company_id = :company
            and r.activity = :activity))
order by p.pause_id
"""
_ADD = """
insert into schedule_pause (company_id, scope, schedule_id, activity, reason, paused_by, paused_at, until_at,
    missed)
select case when :scope <> 'everything' then cast(:company as smallint) end, :scope,
    (select schedule_id from activity_schedule where company_id = :company and schedule_code = :code),
    :activity, :reason, :by, :at, :until, :missed
returning pause_id
"""
_RESUME = """
update schedule_pause set resumed_at = :at, resumed_by = :by, resume_reason = :reason, missed = :missed
where pause_id = :pause and resumed_at is null
"""
# Of what is done as one run, each schedule does its last date; that of the others goes into it.
# The last firing of a schedule does the work of those before it, where it is of the same policies.
_SELECTION = ", ".join(f"coalesce(r.content ->> '{name}', '')" for name in SELECTION_FIELDS)
_TAKE_UP = f"""
update schedule_firing f
set state = case
        when :missed = 'skip' then 'skipped'
        when :missed = 'each' or l.is_last then 'requested'
        else 'merged' end,
    catches_up = (:missed = 'one_run' and l.is_last)
from (
    select firing_id, row_number() over (
        partition by schedule_id, {_SELECTION} order by nominal_date desc, at_time desc) = 1 as is_last
    from schedule_firing join schedule_revision r using (schedule_id, revision)
    where pause_id = :pause and state = 'paused' and r.activity = :activity
) as l
where f.firing_id = l.firing_id
"""  # noqa: S608 - constants


def read_pauses(
    connection: Connection,
    company_id: int,
    *,
    pause_id: int | None = None,
    ended_after: datetime | None = None,
    over_at: datetime | None = None,
    with_missed_of: str = "",
) -> list[Pause]:
    """Return the pauses of the company and those of everything, oldest first.

    ``ended_after``: those that go on, or ended after it; ``over_at``: those that have ended by then;
    ``with_missed_of``: those by which firings of that activity stand as paused.
    """
    values = {
        "company": company_id,
        "pause": pause_id,
        "ended_after": ended_after,
        "over_at": over_at,
        "activity": with_missed_of,
    }
    return [_pause(row) for row in connection.execute(text(_PAUSES), values)]


def add_pause(connection: Connection, company_id: int, pause: Pause) -> int:
    """Keep a pause and return its number; raise ``already_paused`` where one of that scope goes on."""
    for other in read_pauses(connection, company_id, ended_after=pause.paused_at):
        same = (other.scope, other.schedule_code, other.activity)
        if same == (pause.scope, pause.schedule_code, pause.activity):
            raise BillingError(
                "already_paused",
                f"pause {other.pause_id} of {other.paused_by} stops that already",
                f"resume it first: billing schedules resume {other.pause_id}",
            )
    values = {
        "company": company_id,
        "scope": pause.scope.value,
        "code": pause.schedule_code,
        "activity": pause.activity,
        "reason": pause.reason,
        "by": pause.paused_by,
        "at": pause.paused_at,
        "until": pause.until_at,
        "missed": pause.missed.value,
    }
    pause_id = int(connection.execute(text(_ADD), values).scalar_one())
    act = AuditAct(
        act=Act.PAUSE_SCHEDULES,
        subject=Subject.PAUSE,
        subject_id=str(pause_id),
        company_id=None if pause.scope is PauseScope.EVERYTHING else company_id,
        reason=pause.reason,
        signed_by=pause.paused_by,
        after={
            "scope": pause.scope.value,
            "target": pause.schedule_code or pause.activity,
            "until": pause.until_at,
            "missed": pause.missed.value,
        },
    )
    record_act(connection, act, pause.paused_at)
    return pause_id


def end_pause(
    connection: Connection,
    company_id: int,
    pause: Pause,
    *,
    missed: Missed,
    reason: str,
    by: str,
    at: datetime,
) -> bool:
    """End a pause that goes on, and keep what becomes of what it left out; tell whether it went on."""
    values = {"pause": pause.pause_id, "missed": missed.value, "reason": reason, "by": by, "at": at}
    if connection.execute(text(_RESUME), values).rowcount != 1:
        return False
    act = AuditAct(
        act=Act.RESUME_SCHEDULES,
        subject=Subject.PAUSE,
        subject_id=str(pause.pause_id),
        company_id=None if pause.scope is PauseScope.EVERYTHING else company_id,
        reason=reason,
        signed_by=by,
        after={"missed": missed.value},
    )
    record_act(connection, act, at)
    return True


def take_up_missed(connection: Connection, pause_id: int, activity: str, missed: Missed) -> None:
    """Do with an activity's firings that a pause left out as ``missed`` says."""
    connection.execute(text(_TAKE_UP), {"pause": pause_id, "activity": activity, "missed": missed.value})


def _pause(row: Row[Any]) -> Pause:
    return Pause(
        pause_id=row.pause_id,
        scope=PauseScope(row.scope),
        schedule_code=row.schedule_code,
        activity=row.activity,
        reason=row.reason,
        paused_by=row.paused_by,
        paused_at=row.paused_at,
        until_at=row.until_at,
        missed=Missed(row.missed),
        resumed_at=row.resumed_at,
        resumed_by=row.resumed_by,
        resume_reason=row.resume_reason,
    )
