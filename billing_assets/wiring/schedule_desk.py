"""Schedules as people and Dagster work with them.

Belongs here: adding and changing them, what fires next, and the look that fires.
Does not belong here: pauses (``pause_desk``), when a schedule fires (``frames.firings``), what becomes of a
firing (``steps.fire_schedules``), starting runs (``defs``), SQL (``store``).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy import Connection

from billing_assets.domain.activities import Activity
from billing_assets.domain.activity_schedules import (
    ActivitySchedule,
    require_code,
    schedule_from,
    schedule_texts,
    schedule_unknown,
)
from billing_assets.domain.calendar_rule import Purpose
from billing_assets.domain.decisions import signed
from billing_assets.domain.errors import BillingError
from billing_assets.domain.schedule_pauses import FiringState, Pause
from billing_assets.frames.firings import Firing, next_firings
from billing_assets.steps.fire_schedules import decide_due, fire_schedules
from billing_assets.steps.run_ports import Clock
from billing_assets.steps.schedule_ports import KeptFiring, KeptSchedule
from billing_assets.store import activity_schedules, schedule_firings
from billing_assets.store.closed_days import read_closed_days
from billing_assets.store.company_templates import require_name, template_names
from billing_assets.store.locks import LockSpace, hold_in_transaction
from billing_assets.store.schedule_firings import FiringFilter
from billing_assets.store.schedule_pauses import read_pauses
from billing_assets.wiring.build import Billing, utc_now


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleView:
    """A schedule as it stands: the pause that stops it now, its last firing and its next ones.

    ``is_next_left_out``: a pause that there is by now goes on when the next one is due.
    """

    kept: KeptSchedule
    pause: Pause | None
    last: KeptFiring | None
    following: tuple[Firing, ...]
    is_next_left_out: bool

    @property
    def state(self) -> str:
        """``retired``, ``paused``, ``ended`` where it will not fire again, else ``active``."""
        if self.kept.retired_at is not None:
            return "retired"
        if self.pause is not None:
            return "paused"
        return "active" if self.following else "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a look at an activity found: firings to be started, and those that are on; else why none is."""

    firings: tuple[KeptFiring, ...]
    why_none: str


class ScheduleDesk:
    """The schedules of the company of ``billing``."""

    def __init__(self, billing: Billing, clock: Clock = utc_now) -> None:
        """Use the store of ``billing``; ``clock`` says when acts happen and what is next."""
        self.billing = billing
        self.database = billing.database
        self.clock = clock
        self.store = activity_schedules.SqlScheduleStore(billing.database)

    @cached_property
    def company_id(self) -> int:
        """The company that everything here is of."""
        return self.billing.runs.issuer(self.billing.company_code()).company_id

    def schedules(self, count: int = 1) -> list[ScheduleView]:
        """Return every schedule with its next ``count`` firings, those that are retired last."""
        at = self.clock()
        with self.database.transaction() as connection:
            kept = activity_schedules.list_schedules(connection, self.company_id)
            last = {
                each.schedule_id: each for each in schedule_firings.last_firings(connection, self.company_id)
            }
            pauses = read_pauses(connection, self.company_id, ended_after=at)
            own = read_closed_days(connection, self.company_id).of(Purpose.GENERATE)
        return [
            _view(
                each,
                pauses,
                last.get(each.schedule_id),
                [] if each.retired_at else next_firings(each.schedule, at, count, own),
                at,
            )
            for each in kept
        ]

    def schedule(self, schedule_code: str, count: int = 10) -> ScheduleView:
        """Return one schedule with its next ``count`` firings, or raise ``schedule_unknown``."""
        for view in self.schedules(count):
            if view.kept.schedule_code == schedule_code:
                return view
        raise schedule_unknown(schedule_code)

    def revisions(self, schedule_code: str) -> list[activity_schedules.RevisionRow]:
        """Return what a schedule has said, oldest first."""
        with self.database.transaction() as connection:
            return activity_schedules.list_revisions(connection, self.company_id, schedule_code)

    def firings(self, wanted: FiringFilter) -> list[KeptFiring]:
        """Return what was decided, the latest first."""
        with self.database.transaction() as connection:
            return schedule_firings.list_firings(connection, self.company_id, wanted)

    def preview(self, texts: Mapping[str, str], count: int = 10) -> list[Firing]:
        """Return when a schedule of these texts would fire next; raise what :func:`schedule_from` does."""
        schedule = schedule_from(texts)
        with self.database.transaction() as connection:
            own = read_closed_days(connection, self.company_id).of(Purpose.GENERATE)
        return next_firings(schedule, self.clock(), count, own)

    def add(self, schedule_code: str, texts: Mapping[str, str], note: str, by: str) -> ScheduleView:
        """Add a schedule, which fires for what is due from now on.

        Raises ``schedule_exists``, ``schedule_code_invalid``, ``schedule_invalid``, ``pattern_invalid``,
        ``template_name_unknown``.
        """
        note, by = signed(note, by)
        schedule = self._fitting(texts)
        with self.database.transaction() as connection:
            activity_schedules.add_schedule(
                connection,
                self.company_id,
                require_code(schedule_code),
                schedule,
                note=note,
                by=by,
                at=self.clock(),
            )
        return self.schedule(schedule_code)

    def edit(
        self,
        schedule_code: str,
        changes: Mapping[str, str],
        note: str,
        by: str,
        *,
        revision: int | None = None,
    ) -> ScheduleView:
        """Let some fields of a schedule say something else from now on; what was due before stays.

        ``revision`` is the one that whoever changes it has seen: ``schedule_changed`` where it is another.
        """
        note, by = signed(note, by)
        with self._act(schedule_code, revision) as (connection, kept, at):
            schedule = self._fitting({**schedule_texts(kept.schedule), **changes})
            activity_schedules.revise_schedule(
                connection, self.company_id, kept, schedule, note=note, by=by, at=at
            )
        return self.schedule(schedule_code)

    def retire(self, schedule_code: str, note: str, by: str, *, revision: int | None = None) -> ScheduleView:
        """Let a schedule fire no more. What it was due before is still done; ``revision`` as in ``edit``."""
        note, by = signed(note, by)
        with self._act(schedule_code, revision) as (connection, kept, at):
            activity_schedules.retire_schedule(connection, self.company_id, kept, note=note, by=by, at=at)
        return self.schedule(schedule_code)

    def look(self, activity: Activity, at: datetime) -> Look:
        """Decide what of an activity became due up to ``at``; see :func:`fire_schedules`."""
        found = tuple(fire_schedules(self.company_id, activity, at, store=self.store))
        return Look(firings=found, why_none="" if found else self._why_none(activity))

    def mark(self, marks: Sequence[tuple[int, FiringState, str]]) -> None:
        """Keep what became of open firings: number, state, and the run of Dagster that does it."""
        with self.database.transaction() as connection:
            schedule_firings.mark_firings(connection, marks, self.clock())

    def _why_none(self, activity: Activity) -> str:
        views = [
            view
            for view in self.schedules()
            if view.kept.schedule.activity is activity and view.kept.retired_at is None
        ]
        if not views:
            return f"no schedule of {activity.value} is kept: 'billing schedules add' makes one"
        return "; ".join(_standing(view) for view in views)

    def _fitting(self, texts: Mapping[str, str]) -> ActivitySchedule:
        """Return the schedule of the texts, if its pattern can be read and its template is there."""
        schedule = schedule_from(texts)
        next_firings(schedule, self.clock(), 1)
        if schedule.template:
            with self.database.transaction() as connection:
                require_name(connection, self.company_id, schedule.template)
        return schedule

    def template_names(self) -> list[str]:
        """Return the names of templates that a schedule may ask for."""
        with self.database.transaction() as connection:
            return template_names(connection, self.company_id)

    @contextmanager
    def _act(
        self, schedule_code: str, revision: int | None
    ) -> Iterator[tuple[Connection, KeptSchedule, datetime]]:
        """Open the transaction of an act; what was due before it is decided by what was said then."""
        with self.database.transaction() as connection:
            hold_in_transaction(connection, LockSpace.SCHEDULES, self.company_id)
            kept, at = (
                activity_schedules.find_schedule(connection, self.company_id, schedule_code),
                self.clock(),
            )
            if kept.retired_at is not None:
                raise BillingError(
                    "schedule_retired",
                    f"schedule '{schedule_code}' was retired on {kept.retired_at.date()}",
                    "add another one: 'billing schedules add'",
                )
            if revision is not None and revision != kept.revision:
                raise BillingError(
                    "schedule_changed",
                    f"schedule '{schedule_code}' was changed on {kept.revised_at:%Y-%m-%d %H:%M} UTC, after "
                    "you began",
                    "look at what it says now, then say what is to change",
                )
            turn = activity_schedules.FiringTransaction(connection, self.company_id, kept.schedule.activity)
            decide_due(turn, kept, at, turn.closed_days())
            yield connection, kept, at


def _view(
    kept: KeptSchedule,
    pauses: Sequence[Pause],
    last: KeptFiring | None,
    following: Sequence[Firing],
    at: datetime,
) -> ScheduleView:
    def covering(moment: datetime) -> Pause | None:
        code, activity = kept.schedule_code, kept.schedule.activity
        return next((each for each in pauses if each.covers(code, activity, moment)), None)

    return ScheduleView(
        kept=kept,
        pause=covering(at),
        last=last,
        following=tuple(following),
        is_next_left_out=bool(following) and covering(following[0].due_at) is not None,
    )


def _standing(view: ScheduleView) -> str:
    """Say why a schedule does nothing at an instant."""
    code, pause = view.kept.schedule_code, view.pause
    if pause is not None:
        until = f" until {pause.until_at:%Y-%m-%d %H:%M} UTC" if pause.until_at else ""
        return f"{code} is paused{until} by {pause.paused_by}: {pause.reason}"
    if view.following:
        return f"{code} is next due at {view.following[0].due_at:%Y-%m-%d %H:%M} UTC"
    return f"{code} will not be due again"
