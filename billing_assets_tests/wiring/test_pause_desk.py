"""Pausing and resuming over a real store: what is left out is shown, and taken up as it was chosen."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from billing_assets.domain.activities import Activity
from billing_assets.domain.errors import BillingError
from billing_assets.domain.schedule_pauses import FiringState, Missed, PauseScope
from billing_assets.store.audit_log import AuditFilter, list_acts
from billing_assets.store.connection import Database
from billing_assets.store.schedule_firings import FiringFilter
from billing_assets.wiring.pause_desk import PauseDesk
from billing_assets.wiring.schedule_desk import ScheduleDesk
from billing_assets_tests.scheduled import DAY, HOURLY, NIGHTLY, Clock, desk_over

RUNS, RETRIES = Activity.INVOICE_RUN, Activity.DELIVERY_RETRY


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(database: Database, tmp_path: Path, clock: Clock) -> Iterator[ScheduleDesk]:
    with ExitStack() as stack:
        made = desk_over(database, tmp_path, stack, clock)
        made.add("nightly", NIGHTLY, "the daily run", "ana")
        made.add("hourly", HOURLY, "keep trying", "ana")
        yield made


@pytest.fixture
def pauses(desk: ScheduleDesk) -> PauseDesk:
    return PauseDesk(desk)


def states(desk: ScheduleDesk, code: str = "nightly") -> list[tuple[str, str]]:
    found = desk.firings(FiringFilter(schedule_code=code))[::-1]
    return [(str(each.nominal_date), each.state.value) for each in found]


def stop_nightly(pauses: PauseDesk, **more: object) -> int:
    values: dict[str, object] = {"reason": "rates are late", "by": "bea", **more}
    return pauses.pause(PauseScope.SCHEDULE, "nightly", **values).pause_id  # type: ignore[arg-type]


def test_a_paused_schedule_says_who_why_and_until_when(
    desk: ScheduleDesk, pauses: PauseDesk, clock: Clock
) -> None:
    stop_nightly(pauses, until=clock() + 3 * DAY)
    look = desk.look(RUNS, clock.pass_by(DAY))
    assert look.firings == ()
    assert "nightly is paused until 2024-01-13 12:00 UTC by bea: rates are late" in look.why_none
    view = desk.schedule("nightly")
    assert (view.state, view.is_next_left_out) == ("paused", True)
    assert len(desk.look(RETRIES, clock()).firings) == 1


def test_what_is_due_after_a_pause_is_not_said_to_be_left_out(
    desk: ScheduleDesk, pauses: PauseDesk, clock: Clock
) -> None:
    stop_nightly(pauses, until=clock() + DAY / 2)
    view = desk.schedule("nightly")
    assert (view.state, view.is_next_left_out) == ("paused", False)


def test_what_is_missed_is_shown_with_what_one_run_of_it_would_bill(
    desk: ScheduleDesk, pauses: PauseDesk, clock: Clock
) -> None:
    pause_id = stop_nightly(pauses)
    clock.pass_by(3 * DAY)
    missed = pauses.missed(pause_id)
    assert [str(each.nominal_date) for each in missed.firings] == ["2024-01-11", "2024-01-12"]
    assert missed.preview is not None
    assert str(missed.preview.billing_date) == "2024-01-12"


@pytest.mark.parametrize(
    ("choice", "first", "second", "last"),
    [
        (Missed.SKIP, "skipped", "skipped", "skipped"),
        (Missed.ONE_RUN, "merged", "merged", "requested"),
        (Missed.EACH, "requested", "requested", "requested"),
    ],
)
def test_resuming_takes_up_what_was_missed_as_chosen(
    desk: ScheduleDesk, pauses: PauseDesk, clock: Clock, choice: Missed, first: str, second: str, last: str
) -> None:
    pause_id = stop_nightly(pauses)
    clock.at = clock().replace(day=12)
    clock.pass_by(5 * DAY)
    due = pauses.resume(pause_id, choice, reason="rates are there", by="bea")
    found = states(desk)
    assert [found[0][1], found[1][1], found[-1][1]] == [first, second, last]
    assert len(due) == sum(state == "requested" for _, state in found)
    assert all(each.catches_up == (choice is Missed.ONE_RUN) for each in due)
    assert desk.schedule("nightly").state == "active"


def test_a_pause_that_is_over_is_taken_up_as_it_said(
    desk: ScheduleDesk, pauses: PauseDesk, clock: Clock
) -> None:
    stop_nightly(pauses, until=clock() + 2 * DAY, missed=Missed.EACH)
    desk.look(RUNS, clock.pass_by(DAY))
    assert states(desk) == [("2024-01-11", "paused")]
    desk.look(RUNS, clock.pass_by(DAY + timedelta(hours=20)))
    assert states(desk) == [("2024-01-11", "requested"), ("2024-01-12", "requested")]


def test_a_pause_of_everything_is_taken_up_by_each_activity_when_it_is_next_looked_at(
    desk: ScheduleDesk, pauses: PauseDesk, clock: Clock
) -> None:
    pause = pauses.pause(PauseScope.EVERYTHING, "", reason="data centre moves", by="bea")
    clock.pass_by(DAY)
    assert desk.look(RUNS, clock()).firings == desk.look(RETRIES, clock()).firings == ()
    pauses.resume(pause.pause_id, Missed.ONE_RUN, reason="moved", by="bea")
    assert states(desk) == [("2024-01-11", "requested")]
    assert [state for _, state in states(desk, "hourly")] == [*["merged"] * 23, "requested"]


def test_an_activity_is_paused_for_all_its_schedules(
    desk: ScheduleDesk, pauses: PauseDesk, clock: Clock
) -> None:
    pauses.pause(PauseScope.ACTIVITY, "invoice_run", reason="r", by="bea")
    assert {view.kept.schedule_code: view.state for view in desk.schedules()} == {
        "hourly": "active",
        "nightly": "paused",
    }


def test_a_pause_is_refused_where_it_says_nothing_or_too_much(pauses: PauseDesk, clock: Clock) -> None:
    pause_id = stop_nightly(pauses)
    for code, scope, target, more in (
        ("already_paused", PauseScope.SCHEDULE, "nightly", {}),
        ("schedule_unknown", PauseScope.SCHEDULE, "weekly", {}),
        ("activity_unknown", PauseScope.ACTIVITY, "coffee", {}),
        ("pause_over", PauseScope.COMPANY, "", {"until": clock()}),
        ("note_missing", PauseScope.COMPANY, "", {"reason": " "}),
    ):
        values: dict[str, object] = {"reason": "r", "by": "bea", **more}
        with pytest.raises(BillingError, match=code):
            pauses.pause(scope, target, **values)  # type: ignore[arg-type]
    assert [each.pause_id for each in pauses.pauses()] == [pause_id]


def test_what_is_resumed_twice_is_refused(pauses: PauseDesk) -> None:
    pause_id = stop_nightly(pauses)
    pauses.resume(pause_id, Missed.SKIP, reason="r", by="bea")
    with pytest.raises(BillingError, match="pause_unknown"):
        pauses.resume(pause_id, Missed.SKIP, reason="r", by="bea")
    [ended] = pauses.pauses(with_ended=True)
    assert (ended.resumed_by, ended.resume_reason, ended.missed) == ("bea", "r", Missed.SKIP)


def test_after_a_pause_its_schedule_fires_as_before(
    desk: ScheduleDesk, pauses: PauseDesk, clock: Clock
) -> None:
    pause_id = stop_nightly(pauses)
    clock.pass_by(DAY)
    pauses.resume(pause_id, Missed.SKIP, reason="r", by="bea")
    found = desk.look(RUNS, clock.pass_by(DAY)).firings
    assert [(str(each.nominal_date), each.state) for each in found] == [("2024-01-12", FiringState.REQUESTED)]


def test_each_act_stands_in_the_audit_log_with_who_and_why(
    desk: ScheduleDesk, pauses: PauseDesk, clock: Clock
) -> None:
    desk.edit("nightly", {"at_times": "07:00"}, "the book comes late", "bea")
    pauses.resume(stop_nightly(pauses), Missed.SKIP, reason="rates are there", by="cid")
    desk.retire("hourly", "no more", "ana")
    with desk.database.transaction() as connection:
        found = list_acts(connection, desk.company_id, AuditFilter())
    assert [(row.act, row.subject_id, row.reason, row.signed_by) for row in found[:4]] == [
        ("retire_schedule", "hourly", "no more", "ana"),
        ("resume_schedules", "1", "rates are there", "cid"),
        ("pause_schedules", "1", "rates are late", "bea"),
        ("edit_schedule", "nightly", "the book comes late", "bea"),
    ]
    assert (found[3].before, found[3].after) == ({"at_times": "06:00"}, {"at_times": "07:00"})


def test_a_preview_is_of_the_selection_that_was_left_out(
    desk: ScheduleDesk, pauses: PauseDesk, clock: Clock
) -> None:
    desk.add("quarterly", {**NIGHTLY, "plan_codes": "quarterly"}, "these go first", "ana")
    pause = pauses.pause(PauseScope.SCHEDULE, "quarterly", reason="rates are late", by="bea")
    clock.pass_by(3 * DAY)
    preview = pauses.missed(pause.pause_id).preview
    assert preview is not None
    assert preview.selection.words() == "plan quarterly"
    both = pauses.pause(PauseScope.ACTIVITY, "invoice_run", reason="r", by="bea")
    clock.pass_by(7 * DAY)
    whole = pauses.missed(both.pause_id).preview
    assert whole is not None
    assert whole.selection.is_everything


def test_the_last_of_what_was_missed_does_the_work_of_its_own_selection_alone(
    desk: ScheduleDesk, pauses: PauseDesk, clock: Clock
) -> None:
    pause_id = stop_nightly(pauses)
    clock.pass_by(2 * DAY)
    desk.edit("nightly", {"place_codes": "ES"}, "only Spain", "ana")
    clock.pass_by(4 * DAY)
    due = pauses.resume(pause_id, Missed.ONE_RUN, reason="rates are there", by="bea")
    assert [(str(each.nominal_date), each.selection.words()) for each in due] == [
        ("2024-01-12", "every policy"),
        ("2024-01-16", "place ES"),
    ]
