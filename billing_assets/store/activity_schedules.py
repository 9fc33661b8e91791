"""Schedules in the store: their revisions, and the turn in which they fire.

Belongs here: adding, revising, retiring and listing schedules; the store's side of ``steps.schedule_ports``.
Does not belong here: pauses (``schedule_pauses``), lists of firings (``schedule_firings``), when a schedule
fires (``frames.firings``).

Whatever changes schedules, pauses or firings of a company takes turns on one lock.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Connection, Row, text

from billing_assets.domain.activities import Activity
from billing_assets.domain.activity_schedules import (
    ActivitySchedule,
    schedule_from,
    schedule_texts,
    schedule_unknown,
)
from billing_assets.domain.audit_acts import Act, AuditAct, Subject, change_of
from billing_assets.domain.calendar_rule import Purpose
from billing_assets.domain.errors import BillingError
from billing_assets.domain.schedule_pauses import Missed, Pause
from billing_assets.steps.schedule_ports import DecidedFiring, KeptFiring, KeptSchedule
from billing_assets.store.audit_log import record_act
from billing_assets.store.closed_days import read_closed_days
from billing_assets.store.connection import Database
from billing_assets.store.locks import LockSpace, hold_in_transaction
from billing_assets.store.schedule_firings import read_open_firings
from billing_assets.store.schedule_pauses import read_pauses, take_up_missed

_SCHEDULES = """
select s.schedule_id, s.schedule_code, s.revision, r.content, r.revised_at, s.fired_until, s.retired_at
from activity_schedule s join schedule_revision r using (schedule_id, revision)
where s.company_id = :company
"""
_OF_ACTIVITY = _SCHEDULES + " and r.activity = :activity and s.retired_at is null order by s.schedule_code"
_OF_CODE = _SCHEDULES + " and s.schedule_code = :code"
_LIST = _SCHEDULES + " order by s.retired_at is not null, s.schedule_code"
_ADD = """
insert into activity_schedule (company_id, schedule_code, created_at, revision, fired_until)
values (:company, :code, :at, 1, :at) on conflict do nothing returning schedule_id
"""
_ADD_REVISION = """
insert into schedule_revision (schedule_id, revision, activity, content, note, revised_by, revised_at)
values (:schedule, :revision, :activity, cast(:content as jsonb), :note, :by, :at)
"""
_REVISE = "update activity_schedule set revision = :revision, fired_until = :at where schedule_id = :schedule"
_RETIRE = "update activity_schedule set retired_at = :at where schedule_id = :schedule"
_REVISIONS = """
select r.revision, r.content, r.note, r.revised_by, r.revised_at
from activity_schedule s join schedule_revision r using (schedule_id)
where s.company_id = :company and s.schedule_code = :code order by r.revision
"""
_DECIDED = """
select nominal_date, at_time from schedule_firing where schedule_id = :schedule and due_at > :after
"""
_KEEP = """
insert into schedule_firing (schedule_id, revision, nominal_date, at_time, due_at, state, pause_id,
    decided_at)
values (:schedule, :revision, :nominal, :at_time, :due, :state, :pause, :at)
on conflict (schedule_id, nominal_date, at_time) do nothing
"""
_LOOKED = """
update activity_schedule set fired_until = greatest(fired_until, :until) where schedule_id = :schedule
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionRow:
    """What a schedule said from an instant on, who wrote it so, and why."""

    revision: int
    schedule: ActivitySchedule
    note: str
    revised_by: str
    revised_at: datetime


class SqlScheduleStore:
    """Schedules in PostgreSQL; the implementation of ``steps.schedule_ports.ScheduleStore``."""

    def __init__(self, database: Database) -> None:
        """Use ``database``."""
        self.database = database

    @contextmanager
    def firing_turn(self, company_id: int, activity: Activity) -> Iterator["FiringTransaction"]:
        """Open the transaction in which an activity's schedules fire."""
        with self.database.transaction() as connection:
            hold_in_transaction(connection, LockSpace.SCHEDULES, company_id)
            yield FiringTransaction(connection, company_id, activity)


class FiringTransaction:
    """One turn; see ``steps.schedule_ports.FiringTurn``."""

    def __init__(self, connection: Connection, company_id: int, activity: Activity) -> None:
        """Work for ``company_id`` inside the transaction of ``connection``."""
        self.connection = connection
        self.company_id = company_id
        self.activity = activity

    def schedules(self) -> list[KeptSchedule]:
        """Return the activity's schedules that are not retired."""
        values = {"company": self.company_id, "activity": self.activity.value}
        return [_schedule(row) for row in self.connection.execute(text(_OF_ACTIVITY), values)]

    def pauses(self, after: datetime) -> list[Pause]:
        """Return the pauses that concern the activity and have not ended before ``after``."""
        return read_pauses(self.connection, self.company_id, ended_after=after)

    def closed_days(self) -> frozenset[date]:
        """Return the days that the company has closed for making invoices."""
        return read_closed_days(self.connection, self.company_id).of(Purpose.GENERATE)

    def decided(self, schedule_id: int, after: datetime) -> frozenset[tuple[date, time]]:
        """Return the nominal dates and times of what was decided of a schedule, due after an instant."""
        rows = self.connection.execute(text(_DECIDED), {"schedule": schedule_id, "after": after})
        return frozenset((row.nominal_date, row.at_time) for row in rows)

    def keep(self, schedule: KeptSchedule, decided: Sequence[DecidedFiring], until: datetime) -> None:
        """Keep what becomes of firings, and that everything up to ``until`` was looked at."""
        rows = [
            {
                "schedule": schedule.schedule_id,
                "revision": schedule.revision,
                "nominal": each.firing.nominal_date,
                "at_time": each.firing.at_time,
                "due": each.firing.due_at,
                "state": each.state.value,
                "pause": each.pause_id,
                "at": until,
            }
            for each in decided
        ]
        if rows:
            self.connection.execute(text(_KEEP), rows)
        values = {"schedule": schedule.schedule_id, "until": until}
        self.connection.execute(text(_LOOKED), values)

    def ended_pauses(self, at: datetime) -> list[Pause]:
        """Return the pauses that are over at ``at``, and of which firings still stand as paused."""
        return read_pauses(self.connection, self.company_id, with_missed_of=self.activity.value, over_at=at)

    def take_up(self, pause_id: int, missed: Missed) -> None:
        """Do with the paused firings of a pause as ``missed`` says."""
        take_up_missed(self.connection, pause_id, self.activity.value, missed)

    def open_firings(self) -> list[KeptFiring]:
        """Return the firings that are requested or started, oldest first."""
        return read_open_firings(self.connection, self.company_id, self.activity.value)


def add_schedule(
    connection: Connection,
    company_id: int,
    schedule_code: str,
    schedule: ActivitySchedule,
    *,
    note: str,
    by: str,
    at: datetime,
) -> None:
    """Add a schedule, which fires for what is due after ``at``; raise ``schedule_exists``."""
    hold_in_transaction(connection, LockSpace.SCHEDULES, company_id)
    values = {"company": company_id, "code": schedule_code, "at": at}
    schedule_id = connection.execute(text(_ADD), values).scalar_one_or_none()
    if schedule_id is None:
        raise BillingError(
            "schedule_exists",
            f"there is a schedule '{schedule_code}' already",
            "choose another code, or change it: 'billing schedules edit'",
        )
    _add_revision(connection, schedule_id, 1, schedule, note=note, by=by, at=at)
    act = _act(Act.ADD_SCHEDULE, company_id, schedule_code, note, by)
    record_act(connection, replace(act, after=schedule_texts(schedule)), at)


def revise_schedule(
    connection: Connection,
    company_id: int,
    kept: KeptSchedule,
    schedule: ActivitySchedule,
    *,
    note: str,
    by: str,
    at: datetime,
) -> None:
    """Let a schedule say something else for what is due after ``at``; raise ``activity_fixed``."""
    if schedule.activity is not kept.schedule.activity:
        raise BillingError(
            "activity_fixed",
            f"schedule '{kept.schedule_code}' is of {kept.schedule.activity.value}, and stays so",
            "retire it and add another one: its history is of that activity",
        )
    _add_revision(connection, kept.schedule_id, kept.revision + 1, schedule, note=note, by=by, at=at)
    values = {"schedule": kept.schedule_id, "revision": kept.revision + 1, "at": at}
    connection.execute(text(_REVISE), values)
    before, after = change_of(schedule_texts(kept.schedule), schedule_texts(schedule))
    act = _act(Act.EDIT_SCHEDULE, company_id, kept.schedule_code, note, by)
    record_act(connection, replace(act, before=before, after=after), at)


def retire_schedule(
    connection: Connection, company_id: int, kept: KeptSchedule, *, note: str, by: str, at: datetime
) -> None:
    """Let a schedule fire no more; its history stays, and its last revision says who retired it, and why."""
    last = kept.revision + 1
    _add_revision(connection, kept.schedule_id, last, kept.schedule, note=note, by=by, at=at)
    values = {"schedule": kept.schedule_id, "revision": last, "at": at}
    connection.execute(text(_REVISE), values)
    connection.execute(text(_RETIRE), {"schedule": kept.schedule_id, "at": at})
    record_act(connection, _act(Act.RETIRE_SCHEDULE, company_id, kept.schedule_code, note, by), at)


def find_schedule(connection: Connection, company_id: int, schedule_code: str) -> KeptSchedule:
    """Return a schedule by its code, or raise ``schedule_unknown``."""
    values = {"company": company_id, "code": schedule_code}
    row = connection.execute(text(_OF_CODE), values).first()
    if row is None:
        raise schedule_unknown(schedule_code)
    return _schedule(row)


def list_schedules(connection: Connection, company_id: int) -> list[KeptSchedule]:
    """Return every schedule by its code, those that are retired last."""
    return [_schedule(row) for row in connection.execute(text(_LIST), {"company": company_id})]


def list_revisions(connection: Connection, company_id: int, schedule_code: str) -> list[RevisionRow]:
    """Return what a schedule has said, oldest first."""
    rows = connection.execute(text(_REVISIONS), {"company": company_id, "code": schedule_code})
    return [
        RevisionRow(
            revision=row.revision,
            schedule=schedule_from(row.content),
            note=row.note,
            revised_by=row.revised_by,
            revised_at=row.revised_at,
        )
        for row in rows
    ]


def _act(act: Act, company_id: int, schedule_code: str, note: str, by: str) -> AuditAct:
    return AuditAct(
        act=act,
        subject=Subject.SCHEDULE,
        subject_id=schedule_code,
        company_id=company_id,
        reason=note,
        signed_by=by,
    )


def _add_revision(
    connection: Connection,
    schedule_id: int,
    revision: int,
    schedule: ActivitySchedule,
    *,
    note: str,
    by: str,
    at: datetime,
) -> None:
    values = {
        "schedule": schedule_id,
        "revision": revision,
        "activity": schedule.activity.value,
        "content": json.dumps(schedule_texts(schedule)),
        "note": note,
        "by": by,
        "at": at,
    }
    connection.execute(text(_ADD_REVISION), values)


def _schedule(row: Row[Any]) -> KeptSchedule:
    return KeptSchedule(
        schedule_id=row.schedule_id,
        schedule_code=row.schedule_code,
        revision=row.revision,
        schedule=schedule_from(row.content),
        revised_at=row.revised_at,
        fired_until=row.fired_until,
        retired_at=row.retired_at,
    )
