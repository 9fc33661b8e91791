"""Fire: what is due of an activity's schedules, each firing decided once.

Belongs here: what becomes of a firing. Does not belong here: starting runs (``defs``), when a schedule fires
(``frames.firings``).

It may be called as often as one likes, and late: a firing that is decided stays so, and what was due while
nobody looked is decided at the next look. An activity of a date does each of those dates; of any other, the
last of them does the work of all.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from billing_assets.domain.activities import ACTIVITIES, Activity
from billing_assets.domain.schedule_pauses import FiringState, Pause
from billing_assets.frames.firings import Firing, firings
from billing_assets.steps.schedule_ports import (
    DecidedFiring,
    FiringTurn,
    KeptFiring,
    KeptSchedule,
    ScheduleStore,
)

LOOK_BACK = timedelta(days=45)
"""So far back is looked for what a day, closed or opened since, has moved into the past."""


def fire_schedules(
    company_id: int, activity: Activity, at: datetime, *, store: ScheduleStore
) -> Sequence[KeptFiring]:
    """Decide what became due up to ``at``; return every firing that is to be started or is on, oldest first.

    A pause whose time is over is taken up as it said when it was made.
    """
    with store.firing_turn(company_id, activity) as turn:
        own = turn.closed_days()
        for schedule in turn.schedules():
            decide_due(turn, schedule, at, own)
        for pause in turn.ended_pauses(at):
            turn.take_up(pause.pause_id, pause.missed)
        return turn.open_firings()


def decide_due(turn: FiringTurn, schedule: KeptSchedule, at: datetime, own: frozenset[date]) -> None:
    """Decide what of a schedule became due up to ``at`` and was not decided yet."""
    after = max(schedule.revised_at, schedule.fired_until - LOOK_BACK)
    if at <= after:
        return
    known = turn.decided(schedule.schedule_id, after)
    due = [
        firing
        for firing in firings(schedule.schedule, after, at, own)
        if (firing.nominal_date, firing.at_time) not in known
    ]
    turn.keep(schedule, _decided(schedule, due, turn.pauses(after)), max(at, schedule.fired_until))


def _decided(schedule: KeptSchedule, due: Sequence[Firing], pauses: Sequence[Pause]) -> list[DecidedFiring]:
    activity = schedule.schedule.activity
    decided = []
    for firing in due:
        pause = next(
            (each for each in pauses if each.covers(schedule.schedule_code, activity, firing.due_at)), None
        )
        state = FiringState.PAUSED if pause else FiringState.REQUESTED
        decided.append(DecidedFiring(firing=firing, state=state, pause_id=pause.pause_id if pause else None))
    if ACTIVITIES[activity].is_of_a_date:
        return decided
    return _last_alone(decided)


def _last_alone(decided: list[DecidedFiring]) -> list[DecidedFiring]:
    """Let the last requested firing do the work of those before it."""
    requested = [each for each in decided if each.state is FiringState.REQUESTED]
    return [
        replace(each, state=FiringState.MERGED)
        if each.state is FiringState.REQUESTED and each is not requested[-1]
        else each
        for each in decided
    ]
