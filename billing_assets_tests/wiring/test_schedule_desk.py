"""Schedules over a real store: added, changed, retired, fired once each."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from billing_assets.domain.activities import Activity
from billing_assets.domain.errors import BillingError
from billing_assets.domain.schedule_pauses import FiringState
from billing_assets.steps.schedule_ports import KeptFiring
from billing_assets.store.connection import Database
from billing_assets.store.schedule_firings import FiringFilter
from billing_assets.wiring.schedule_desk import ScheduleDesk
from billing_assets_tests.own_templates import activated, own_folder
from billing_assets_tests.scheduled import DAY, FIRST_NOON, HOURLY, NIGHTLY, Clock, desk_over

RUNS, RETRIES = Activity.INVOICE_RUN, Activity.DELIVERY_RETRY


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(database: Database, tmp_path: Path, clock: Clock) -> Iterator[ScheduleDesk]:
    with ExitStack() as stack:
        yield desk_over(database, tmp_path, stack, clock)


def days(firings: tuple[KeptFiring, ...] | list[KeptFiring]) -> list[str]:
    return [str(each.nominal_date) for each in firings]


def test_a_new_schedule_fires_for_what_is_due_from_then_on(desk: ScheduleDesk, clock: Clock) -> None:
    view = desk.add("nightly", NIGHTLY, "the daily run", "ana")
    assert view.state == "active"
    assert view.following[0].due_at == datetime(2024, 1, 11, 5, tzinfo=UTC)
    assert desk.look(RUNS, clock()).firings == ()
    assert days(desk.look(RUNS, clock.pass_by(DAY)).firings) == ["2024-01-11"]


def test_what_is_asked_for_again_is_the_same_firing(desk: ScheduleDesk, clock: Clock) -> None:
    desk.add("nightly", NIGHTLY, "the daily run", "ana")
    first = desk.look(RUNS, clock.pass_by(DAY)).firings
    assert desk.look(RUNS, clock.pass_by(timedelta(minutes=1))).firings == first


def test_a_firing_that_has_ended_is_not_asked_for_again(desk: ScheduleDesk, clock: Clock) -> None:
    desk.add("nightly", NIGHTLY, "the daily run", "ana")
    [firing] = desk.look(RUNS, clock.pass_by(DAY)).firings
    desk.mark([(firing.firing_id, FiringState.STARTED, "run-1")])
    assert desk.look(RUNS, clock()).firings[0].state is FiringState.STARTED
    desk.mark([(firing.firing_id, FiringState.DONE, "run-1")])
    look = desk.look(RUNS, clock())
    assert look.firings == ()
    assert "nightly is next due at 2024-01-12 05:00 UTC" in look.why_none
    desk.mark([(firing.firing_id, FiringState.FAILED, "run-2")])
    assert desk.firings(FiringFilter())[0].state is FiringState.DONE


def test_after_an_outage_each_date_is_asked_for_oldest_first(desk: ScheduleDesk, clock: Clock) -> None:
    desk.add("nightly", NIGHTLY, "the daily run", "ana")
    assert days(desk.look(RUNS, clock.pass_by(6 * DAY)).firings) == [
        f"2024-01-{day}" for day in range(11, 17)
    ]


def test_of_an_activity_without_dates_the_last_does_the_work_of_all(desk: ScheduleDesk, clock: Clock) -> None:
    desk.add("hourly", HOURLY, "keep trying", "ana")
    [firing] = desk.look(RETRIES, clock.pass_by(timedelta(hours=5))).firings
    assert firing.due_at == datetime(2024, 1, 10, 16, 30, tzinfo=UTC)
    states = [each.state for each in desk.firings(FiringFilter())]
    assert states == [FiringState.REQUESTED, *[FiringState.MERGED] * 4]


def test_looks_at_once_decide_each_firing_once(desk: ScheduleDesk, clock: Clock) -> None:
    desk.add("nightly", NIGHTLY, "the daily run", "ana")
    at = clock.pass_by(9 * DAY)
    with ThreadPoolExecutor(4) as pool:
        looks = list(pool.map(lambda _: desk.look(RUNS, at).firings, range(8)))
    assert all(look == looks[0] for look in looks)
    assert len(desk.firings(FiringFilter())) == len(looks[0]) == 9


def test_a_change_holds_from_then_on_and_keeps_what_was_due_before(desk: ScheduleDesk, clock: Clock) -> None:
    desk.add("nightly", NIGHTLY, "the daily run", "ana")
    clock.pass_by(DAY)
    view = desk.edit("nightly", {"at_times": "14:00"}, "the book comes late", "bea")
    assert view.following[0].due_at == datetime(2024, 1, 11, 13, tzinfo=UTC)
    found = desk.look(RUNS, clock.pass_by(timedelta(hours=2))).firings
    assert [(str(each.nominal_date), each.revision) for each in found] == [
        ("2024-01-11", 1),
        ("2024-01-11", 2),
    ]
    assert [(row.revision, row.note, row.revised_by) for row in desk.revisions("nightly")] == [
        (1, "the daily run", "ana"),
        (2, "the book comes late", "bea"),
    ]


def test_who_has_seen_another_revision_changes_and_retires_nothing(desk: ScheduleDesk) -> None:
    seen = desk.add("nightly", NIGHTLY, "the daily run", "ana").kept.revision
    desk.edit("nightly", {"at_times": "14:00"}, "the book comes late", "bea", revision=seen)
    with pytest.raises(BillingError, match="schedule_changed"):
        desk.edit("nightly", {"at_times": "15:00"}, "later still", "ana", revision=seen)
    with pytest.raises(BillingError, match="schedule_changed"):
        desk.retire("nightly", "not needed", "ana", revision=seen)
    view = desk.schedule("nightly")
    assert (view.kept.revision, view.state) == (seen + 1, "active")


def test_an_activity_stays_what_it_is(desk: ScheduleDesk) -> None:
    desk.add("nightly", NIGHTLY, "the daily run", "ana")
    with pytest.raises(BillingError, match="activity_fixed"):
        desk.edit("nightly", {"activity": "delivery_retry"}, "why", "ana")


def test_what_cannot_be_kept_leaves_nothing(desk: ScheduleDesk) -> None:
    with pytest.raises(BillingError, match="pattern_invalid"):
        desk.add("odd", {**NIGHTLY, "frequency_code": "own_rule", "pattern": "FREQ=NEVER"}, "why", "ana")
    with pytest.raises(BillingError, match="note_missing"):
        desk.add("odd", NIGHTLY, "", "ana")
    assert desk.schedules() == []
    desk.add("nightly", NIGHTLY, "the daily run", "ana")
    with pytest.raises(BillingError, match="schedule_exists"):
        desk.add("nightly", NIGHTLY, "again", "ana")


def test_a_retired_schedule_fires_no_more_and_what_was_due_is_done(desk: ScheduleDesk, clock: Clock) -> None:
    desk.add("nightly", NIGHTLY, "the daily run", "ana")
    clock.pass_by(DAY)
    view = desk.retire("nightly", "moved to another company", "ana")
    assert (view.state, view.following) == ("retired", ())
    assert days(desk.look(RUNS, clock.pass_by(5 * DAY)).firings) == ["2024-01-11"]
    with pytest.raises(BillingError, match="schedule_retired"):
        desk.edit("nightly", {"at_times": "07:00"}, "why", "ana")


def test_without_a_schedule_a_look_says_how_to_add_one(desk: ScheduleDesk) -> None:
    assert "billing schedules add" in desk.look(RUNS, FIRST_NOON).why_none
    with pytest.raises(BillingError, match="schedule_unknown"):
        desk.schedule("nightly")


def test_a_day_closed_afterwards_moves_what_is_due_and_loses_nothing(
    desk: ScheduleDesk, clock: Clock
) -> None:
    from billing_assets.steps.calendar_ports import ClosedDayOrder

    desk.add("nightly", NIGHTLY, "the daily run", "ana")
    order = ClosedDayOrder(
        day=date(2024, 1, 11), purpose=None, is_closed=True, note="move", recorded_by="ana"
    )
    desk.billing.close_day(order)
    assert desk.look(RUNS, clock.pass_by(DAY)).firings == ()
    assert days(desk.look(RUNS, clock.pass_by(DAY)).firings) == ["2024-01-11", "2024-01-12"]


def test_the_preview_and_the_coming_weeks_are_what_fires(desk: ScheduleDesk) -> None:
    shown = desk.preview(NIGHTLY, 20)
    desk.add("nightly", NIGHTLY, "the daily run", "ana")
    coming = list(desk.schedule("nightly", 20).following)
    fired = desk.look(RUNS, shown[-1].due_at).firings[:20]
    assert shown == coming
    assert [each.nominal_date for each in fired] == [each.nominal_date for each in shown]


@pytest.mark.long
def test_a_schedule_asks_for_templates_that_there_are_and_a_firing_for_those_of_its_revision(
    desk: ScheduleDesk, clock: Clock, tmp_path: Path
) -> None:
    asked = {**NIGHTLY, "template": "winter"}
    with pytest.raises(BillingError, match="template_name_unknown"):
        desk.add("nightly", asked, "in winter colours", "ana")
    activated(desk.billing, own_folder(tmp_path / "own"), name="winter")
    assert desk.template_names() == ["winter"]
    assert desk.add("nightly", asked, "in winter colours", "ana").kept.schedule.template == "winter"
    clock.pass_by(DAY)
    desk.edit("nightly", {"template": ""}, "winter is over", "ana")
    assert [each.schedule.template for each in desk.revisions("nightly")] == ["winter", ""]
    firings = desk.look(RUNS, clock.pass_by(DAY)).firings
    assert [each.template for each in firings] == ["winter", ""]
