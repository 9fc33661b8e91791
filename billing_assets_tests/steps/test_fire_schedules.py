"""Firing over a turn in memory: what is decided, in which order, and what is left alone."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from billing_assets.domain.activities import Activity
from billing_assets.domain.activity_schedules import schedule_from
from billing_assets.domain.schedule_pauses import FiringState, Missed, Pause, PauseScope
from billing_assets.steps.fire_schedules import LOOK_BACK, decide_due, fire_schedules
from billing_assets.steps.schedule_ports import DecidedFiring, KeptFiring, KeptSchedule
from billing_assets_tests.scheduled import FIRST_NOON, NIGHTLY

DAY = timedelta(days=1)
KEPT = KeptSchedule(
    schedule_id=1,
    schedule_code="nightly",
    revision=1,
    schedule=schedule_from(NIGHTLY),
    revised_at=FIRST_NOON,
    fired_until=FIRST_NOON,
)


class Turn:
    """A turn that keeps what it is told in lists."""

    def __init__(self, kept: KeptSchedule, pauses: Sequence[Pause] = ()) -> None:
        self.kept, self._pauses = kept, pauses
        self.firings: list[DecidedFiring] = []
        self.taken_up: list[tuple[int, Missed]] = []

    def schedules(self) -> list[KeptSchedule]:
        return [self.kept]

    def pauses(self, _after: datetime) -> Sequence[Pause]:
        return self._pauses

    def closed_days(self) -> frozenset[date]:
        return frozenset()

    def decided(self, _schedule_id: int, _after: datetime) -> frozenset[tuple[date, time]]:
        return frozenset((each.firing.nominal_date, each.firing.at_time) for each in self.firings)

    def keep(self, _schedule: KeptSchedule, decided: Sequence[DecidedFiring], until: datetime) -> None:
        self.firings += decided
        self.kept = replace(self.kept, fired_until=until)

    def ended_pauses(self, at: datetime) -> list[Pause]:
        return [each for each in self._pauses if each.until_at and each.until_at <= at]

    def take_up(self, pause_id: int, missed: Missed) -> None:
        self.taken_up.append((pause_id, missed))

    def open_firings(self) -> list[KeptFiring]:
        return []

    @contextmanager
    def firing_turn(self, _company_id: int, _activity: Activity) -> Iterator["Turn"]:
        yield self


def _days(turn: Turn) -> list[str]:
    return [str(each.firing.nominal_date) for each in turn.firings]


def test_each_look_decides_what_has_become_due_since() -> None:
    turn = Turn(KEPT)
    for number in range(1, 4):
        fire_schedules(1, Activity.INVOICE_RUN, FIRST_NOON + number * DAY, store=turn)
    assert _days(turn) == ["2024-01-11", "2024-01-12"]
    assert turn.kept.fired_until == FIRST_NOON + 3 * DAY


def test_a_look_at_an_earlier_instant_decides_nothing() -> None:
    turn = Turn(KEPT)
    decide_due(turn, KEPT, FIRST_NOON - DAY, frozenset())
    assert turn.firings == []


def test_what_an_opened_day_has_moved_into_the_past_is_found() -> None:
    later = replace(KEPT, revised_at=FIRST_NOON - 30 * DAY, fired_until=FIRST_NOON)
    turn = Turn(later)
    decide_due(turn, later, FIRST_NOON + timedelta(minutes=1), frozenset())
    assert "2024-01-08" in _days(turn)
    assert timedelta(days=30) < LOOK_BACK


def test_a_firing_in_a_pause_is_left_out_by_it_and_a_pause_that_is_over_is_taken_up() -> None:
    pause = Pause(
        pause_id=7,
        scope=PauseScope.COMPANY,
        reason="r",
        paused_by="bea",
        paused_at=FIRST_NOON,
        until_at=datetime(2024, 1, 12, tzinfo=UTC),
        missed=Missed.SKIP,
    )
    turn = Turn(KEPT, [pause])
    fire_schedules(1, Activity.INVOICE_RUN, FIRST_NOON + 2 * DAY, store=turn)
    assert [(each.state, each.pause_id) for each in turn.firings] == [
        (FiringState.PAUSED, 7),
        (FiringState.REQUESTED, None),
    ]
    assert turn.taken_up == [(7, Missed.SKIP)]
