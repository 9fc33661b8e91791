"""What firing schedules needs from the world.

Belongs here: the store's side as a protocol, and the values that cross it.
Does not belong here: when a schedule fires (``frames.firings``), any implementation (``store``).
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Protocol

from billing_assets.domain.activities import Activity
from billing_assets.domain.activity_schedules import ActivitySchedule
from billing_assets.domain.schedule_pauses import FiringState, Missed, Pause
from billing_assets.domain.selections import EVERYTHING, Selection
from billing_assets.frames.firings import Firing


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSchedule:
    """A schedule in its newest revision, which holds for what is due after ``revised_at``.

    Everything up to ``fired_until`` was looked at.
    """

    schedule_id: int
    schedule_code: str
    revision: int
    schedule: ActivitySchedule
    revised_at: datetime
    fired_until: datetime
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedFiring:
    """A firing, and what becomes of it; ``pause_id`` is the pause that leaves it out."""

    firing: Firing
    state: FiringState
    pause_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFiring:
    """A firing as it is kept. ``catches_up``: it takes up what a pause left out, as one run.

    ``selection`` is what its schedule billed when it was due, whatever the schedule says by now, and
    ``template`` the name of the templates that were to print it, empty for none.
    """

    firing_id: int
    schedule_id: int
    schedule_code: str
    activity: Activity
    revision: int
    nominal_date: date
    at_time: time
    due_at: datetime
    state: FiringState
    pause_id: int | None
    catches_up: bool
    decided_at: datetime
    dagster_run_id: str = ""
    ended_at: datetime | None = None
    selection: Selection = EVERYTHING
    template: str = ""


class FiringTurn(Protocol):
    """The transaction in which an activity's schedules fire: nobody else fires them meanwhile."""

    def schedules(self) -> Sequence[KeptSchedule]:
        """Return the activity's schedules that are not retired."""
        ...

    def pauses(self, after: datetime) -> Sequence[Pause]:
        """Return the pauses that concern the activity and have not ended before ``after``."""
        ...

    def closed_days(self) -> frozenset[date]:
        """Return the days that the company has closed for making invoices."""
        ...

    def decided(self, schedule_id: int, after: datetime) -> frozenset[tuple[date, time]]:
        """Return the nominal dates and times of what was decided of a schedule, due after an instant."""
        ...

    def keep(self, schedule: KeptSchedule, decided: Sequence[DecidedFiring], until: datetime) -> None:
        """Keep what becomes of firings, and that everything up to ``until`` was looked at."""
        ...

    def ended_pauses(self, at: datetime) -> Sequence[Pause]:
        """Return the pauses whose time is over, and of which firings still stand as paused."""
        ...

    def take_up(self, pause_id: int, missed: Missed) -> None:
        """Do with the paused firings of a pause as ``missed`` says."""
        ...

    def open_firings(self) -> Sequence[KeptFiring]:
        """Return the firings that are requested or started, oldest first."""
        ...


class ScheduleStore(Protocol):
    """Schedules and their firings."""

    def firing_turn(self, company_id: int, activity: Activity) -> AbstractContextManager[FiringTurn]:
        """Open the transaction in which an activity's schedules fire."""
        ...
