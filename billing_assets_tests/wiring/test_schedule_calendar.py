"""The days of schedules: what was done beside what comes, and what a pause will leave out is marked."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from billing_assets.domain.activities import Activity
from billing_assets.domain.schedule_pauses import PauseScope
from billing_assets.store.connection import Database
from billing_assets.wiring import schedule_calendar
from billing_assets.wiring.pause_desk import PauseDesk
from billing_assets.wiring.schedule_calendar import ScheduleCalendar
from billing_assets.wiring.schedule_desk import ScheduleDesk
from billing_assets_tests.scheduled import DAY, HOURLY, NIGHTLY, Clock, desk_over


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(database: Database, tmp_path: Path, clock: Clock) -> Iterator[ScheduleDesk]:
    with ExitStack() as stack:
        yield desk_over(database, tmp_path, stack, clock)


def test_what_was_due_what_was_missed_and_what_comes_stand_in_one_line(
    desk: ScheduleDesk, clock: Clock
) -> None:
    desk.add("nightly", NIGHTLY, "the daily run", "ana")
    desk.look(Activity.INVOICE_RUN, clock.pass_by(DAY))
    clock.pass_by(DAY)
    PauseDesk(desk).pause(PauseScope.SCHEDULE, "nightly", reason="r", by="bea", until=clock() + 4 * DAY)
    found = ScheduleCalendar(desk).moments(date(2024, 1, 8), date(2024, 1, 18))
    assert [(str(each.nominal_date), each.state) for each in found] == [
        ("2024-01-11", "requested"),
        ("2024-01-12", "late"),
        *[(f"2024-01-{day}", "paused") for day in (13, 14, 15, 16)],
        ("2024-01-17", "planned"),
    ]
    assert [f"{each.due_at:%d %H:%M}" for each in found[2:5]] == ["15 05:00"] * 3


def test_a_day_is_that_of_the_company_and_none_is_cut_short(
    desk: ScheduleDesk, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule_calendar, "_AT_ONCE", 5)
    desk.add("hourly", HOURLY, "keep trying", "ana")
    desk.look(Activity.DELIVERY_RETRY, clock.pass_by(2 * DAY))
    desk.retire("hourly", "no more", "ana")
    calendar = ScheduleCalendar(desk)
    found = calendar.moments(date(2024, 1, 11), date(2024, 1, 12))
    assert len(found) == 24
    assert f"{found[0].due_at:%d %H:%M}" == "10 23:30"
    assert calendar.moments(date(2024, 1, 13), date(2024, 1, 20)) == []
