"""Which schedules a pause stops, and when."""

from datetime import UTC, datetime, timedelta

import pytest

from billing_assets.domain.schedule_pauses import Pause, PauseScope, pause_unknown

NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _pause(scope: PauseScope, **more: object) -> Pause:
    values: dict[str, object] = {"reason": "r", "paused_by": "ana", "paused_at": NOON, **more}
    return Pause(pause_id=1, scope=scope, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pause", "stopped"),
    [
        (_pause(PauseScope.SCHEDULE, schedule_code="nightly"), {"nightly"}),
        (_pause(PauseScope.ACTIVITY, activity="invoice_run"), {"nightly", "weekly"}),
        (_pause(PauseScope.COMPANY), {"nightly", "weekly", "hourly"}),
        (_pause(PauseScope.EVERYTHING), {"nightly", "weekly", "hourly"}),
    ],
)
def test_a_pause_stops_what_lies_in_its_scope(pause: Pause, stopped: set[str]) -> None:
    kept = {"nightly": "invoice_run", "weekly": "invoice_run", "hourly": "delivery_retry"}
    assert {code for code, activity in kept.items() if pause.covers(code, activity, NOON)} == stopped


def test_it_stops_from_its_begin_to_just_before_its_end() -> None:
    pause = _pause(PauseScope.COMPANY, until_at=NOON + 2 * HOUR)
    at = [NOON - HOUR, NOON, NOON + HOUR, NOON + 2 * HOUR]
    assert [pause.covers("nightly", "invoice_run", each) for each in at] == [False, True, True, False]


def test_resumed_early_it_stops_nothing_from_then_on() -> None:
    pause = _pause(PauseScope.COMPANY, until_at=NOON + 2 * HOUR, resumed_at=NOON + HOUR)
    assert not pause.covers("nightly", "invoice_run", NOON + HOUR)
    assert pause.covers("nightly", "invoice_run", NOON)


def test_an_unknown_pause_is_told() -> None:
    assert "no pause 7 goes on" in pause_unknown(7).found
