"""What schedules do day by day: what they did, and what they will do.

Belongs here: the moments of a span of days, decided or coming. Does not belong here: when a schedule fires
(``frames.firings``), acts on schedules (``schedule_desk``), how a calendar looks (``portal``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection

from billing_assets.domain.activities import Activity
from billing_assets.domain.calendar_rule import Purpose
from billing_assets.domain.schedule_pauses import FiringState, Pause
from billing_assets.domain.time_zones import instant_of
from billing_assets.frames.firings import firings
from billing_assets.steps.schedule_ports import KeptFiring, KeptSchedule
from billing_assets.store.activity_schedules import list_schedules
from billing_assets.store.closed_days import read_closed_days
from billing_assets.store.schedule_firings import FiringFilter, list_firings
from billing_assets.store.schedule_pauses import read_pauses
from billing_assets.wiring.schedule_desk import ScheduleDesk

PLANNED, LATE = "planned", "late"
"""States of what is not decided: it will be due, or it was and nobody has looked yet."""

_AT_ONCE = 5_000
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A firing that was or will be; ``state`` is a :class:`FiringState`, ``planned`` or ``late``.

    What a pause will leave out is ``paused`` already.
    """

    schedule_code: str
    activity: Activity
    due_at: datetime
    nominal_date: date
    state: str


class ScheduleCalendar:
    """The days of the schedules of a desk, by its clock."""

    def __init__(self, schedules: ScheduleDesk) -> None:
        """Use the schedules of ``schedules``."""
        self.schedules = schedules

    def moments(self, from_date: date, to_date: date) -> list[Moment]:
        """Return what was or will be due in ``[from_date, to_date)`` by the company's clock, in order."""
        desk, at = self.schedules, self.schedules.clock()
        zone = desk.billing.runs.issuer(desk.billing.company_code()).company.time_zone
        begin, end = (instant_of(day, time(), zone) for day in (from_date, to_date))
        with desk.database.transaction() as connection:
            kept = list_schedules(connection, desk.company_id)
            pauses = read_pauses(connection, desk.company_id, ended_after=at)
            own = read_closed_days(connection, desk.company_id).of(Purpose.GENERATE)
            decided = list(_decided(connection, desk.company_id, begin, end))
        found = [_moment(each) for each in decided]
        for schedule in kept:
            if schedule.retired_at is None:
                found += _coming(schedule, begin, end, own, pauses, at)
        return sorted(found, key=lambda each: (each.due_at, each.schedule_code, each.nominal_date))


def _decided(connection: Connection, company_id: int, begin: datetime, end: datetime) -> Iterator[KeptFiring]:
    """Yield every firing that is due in ``[begin, end)``, however many there are."""
    before: int | None = None
    while True:
        wanted = FiringFilter(from_at=begin, to_at=end, before_id=before, limit=_AT_ONCE)
        found = list_firings(connection, company_id, wanted)
        yield from found
        if len(found) < _AT_ONCE:
            return
        before = found[-1].firing_id


def _moment(firing: KeptFiring) -> Moment:
    return Moment(
        schedule_code=firing.schedule_code,
        activity=firing.activity,
        due_at=firing.due_at,
        nominal_date=firing.nominal_date,
        state=firing.state.value,
    )


def _coming(
    kept: KeptSchedule,
    begin: datetime,
    end: datetime,
    own: frozenset[date],
    pauses: Sequence[Pause],
    at: datetime,
) -> list[Moment]:
    """Return what of a schedule is not decided yet."""
    after, activity = max(kept.revised_at, kept.fired_until, begin - _INSTANT), kept.schedule.activity
    if after >= end - _INSTANT:
        return []
    found = []
    for firing in firings(kept.schedule, after, end - _INSTANT, own):
        is_paused = any(each.covers(kept.schedule_code, activity, firing.due_at) for each in pauses)
        undecided = PLANNED if firing.due_at > at else LATE
        found.append(
            Moment(
                schedule_code=kept.schedule_code,
                activity=activity,
                due_at=firing.due_at,
                nominal_date=firing.nominal_date,
                state=FiringState.PAUSED.value if is_paused else undecided,
            )
        )
    return found
