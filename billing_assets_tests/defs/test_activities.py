"""Dagster's schedules start what people have scheduled, once each, and say why they start nothing."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.schedule_definition import ScheduleExecutionData
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)

from billing_assets.definitions import build_definitions
from billing_assets.defs.activities import (
    FIRING_TAG,
    JOBS,
    NAMES,
    REASON_TAG,
    SCHEDULE_TAG,
    SELECTION_JOB,
    SELECTION_OP,
    SELECTION_RUNS,
    SELECTION_TAG,
)
from billing_assets.defs.conventions import TEMPLATE_TAG
from billing_assets.domain.activities import Activity
from billing_assets.domain.schedule_pauses import Missed, PauseScope
from billing_assets.store.connection import Database
from billing_assets.store.schedule_firings import FiringFilter
from billing_assets.wiring.opening import open_billing
from billing_assets.wiring.pause_desk import PauseDesk
from billing_assets.wiring.schedule_desk import ScheduleDesk
from billing_assets.wiring.settings import Settings, read_settings
from billing_assets_tests.own_templates import activated, own_folder
from billing_assets_tests.scheduled import DAY, HOURLY, NIGHTLY, Clock

WEDNESDAY = datetime(2024, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def daemon() -> Iterator[dg.DagsterInstance]:
    """Dagster's own store on disk: a tick opens it by its address."""
    with dg.instance_for_test() as made:
        yield made


@pytest.fixture
def desk(store: Database) -> Iterator[ScheduleDesk]:
    with open_billing(read_settings()) as billing:
        yield ScheduleDesk(billing, Clock(WEDNESDAY))


def tick(
    daemon: dg.DagsterInstance,
    at: datetime,
    activity: Activity = Activity.INVOICE_RUN,
    *,
    name: str = "",
    **settings: object,
) -> ScheduleExecutionData:
    """What the activity's schedule asks for at an instant."""
    definitions = build_definitions(Settings(_env_file=None, **settings))  # type: ignore[arg-type]
    found = definitions.resolve_schedule_def(name or NAMES[activity])
    assert isinstance(found, dg.ScheduleDefinition)
    context = dg.build_schedule_context(
        daemon, scheduled_execution_time=at, repository_def=definitions.get_repository_def()
    )
    return found.evaluate_tick(context)


def states(desk: ScheduleDesk) -> list[str]:
    return [each.state.value for each in desk.firings(FiringFilter())]


def start(daemon: dg.DagsterInstance, request: dg.RunRequest, status: dg.DagsterRunStatus) -> None:
    """Let Dagster have a run of a request, in a state."""
    origin = RemoteJobOrigin(
        repository_origin=RemoteRepositoryOrigin(
            code_location_origin=RegisteredCodeLocationOrigin("billing"), repository_name="billing"
        ),
        job_name="bill_date",
    )
    run = dg.DagsterRun(
        job_name="bill_date", tags=dict(request.tags), status=status, remote_job_origin=origin
    )
    daemon.add_run(run)


def test_each_activity_has_one_schedule_that_is_on_and_a_job_that_is_there() -> None:
    definitions = build_definitions(Settings(_env_file=None))
    for activity in Activity:
        schedule = definitions.resolve_schedule_def(NAMES[activity])
        assert isinstance(schedule, dg.ScheduleDefinition)
        assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
        assert schedule.job_name == JOBS[activity]
        assert definitions.resolve_job_def(JOBS[activity]).name == JOBS[activity]
    assert {each.name for each in definitions.schedules or ()} == {*NAMES.values(), SELECTION_RUNS}
    assert definitions.resolve_job_def(SELECTION_JOB).name == SELECTION_JOB


def test_what_is_due_becomes_a_run_with_schedule_date_and_reason(
    desk: ScheduleDesk, daemon: dg.DagsterInstance
) -> None:
    desk.add("nightly", NIGHTLY, "the daily run", "ana")
    [request] = tick(daemon, WEDNESDAY + DAY).run_requests or []
    assert request.partition_key == "2024-02-01"
    assert request.tags[SCHEDULE_TAG] == "nightly"
    assert request.tags[REASON_TAG] == "due by its schedule at 2024-02-01 05:00 UTC"
    assert request.tags["dagster/priority"] == "5"


def test_until_a_run_has_it_a_firing_is_asked_for_again_by_the_same_key(
    desk: ScheduleDesk, daemon: dg.DagsterInstance
) -> None:
    desk.add("nightly", NIGHTLY, "the daily run", "ana")
    [first] = tick(daemon, WEDNESDAY + DAY).run_requests or []
    [again] = tick(daemon, WEDNESDAY + DAY + timedelta(minutes=1)).run_requests or []
    assert first.run_key == again.run_key
    start(daemon, first, dg.DagsterRunStatus.QUEUED)
    later = tick(daemon, WEDNESDAY + DAY + timedelta(minutes=2))
    assert not later.run_requests
    assert "runs are on already" in str(later.skip_message)
    assert states(desk) == ["started"]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (dg.DagsterRunStatus.SUCCESS, "done"),
        (dg.DagsterRunStatus.FAILURE, "failed"),
        (dg.DagsterRunStatus.CANCELED, "failed"),
        (dg.DagsterRunStatus.STARTED, "started"),
    ],
)
def test_what_became_of_its_run_becomes_of_the_firing(
    desk: ScheduleDesk, daemon: dg.DagsterInstance, status: dg.DagsterRunStatus, state: str
) -> None:
    desk.add("nightly", NIGHTLY, "the daily run", "ana")
    [request] = tick(daemon, WEDNESDAY + DAY).run_requests or []
    start(daemon, request, status)
    tick(daemon, WEDNESDAY + DAY + timedelta(minutes=1))
    assert states(desk) == [state]


def test_paused_it_is_skipped_with_who_and_why_and_catches_up_when_resumed(
    desk: ScheduleDesk, daemon: dg.DagsterInstance
) -> None:
    desk.add("nightly", NIGHTLY, "the daily run", "ana")
    pauses = PauseDesk(desk)
    pause = pauses.pause(PauseScope.SCHEDULE, "nightly", reason="rates are late", by="bea")
    at = WEDNESDAY + 2 * DAY
    assert "nightly is paused by bea: rates are late" in str(tick(daemon, at).skip_message)
    assert isinstance(desk.clock, Clock)
    desk.clock.at = at
    pauses.resume(pause.pause_id, Missed.ONE_RUN, reason="rates are there", by="bea")
    [request] = tick(daemon, at + timedelta(minutes=1)).run_requests or []
    assert request.partition_key == "2024-02-02"
    assert request.tags[REASON_TAG].startswith("catches up what a pause left out")


def test_a_date_that_dagster_does_not_offer_fails_and_is_not_asked_for(
    desk: ScheduleDesk, daemon: dg.DagsterInstance
) -> None:
    desk.add("nightly", NIGHTLY, "the daily run", "ana")
    tick(daemon, WEDNESDAY + DAY, first_date=date(2024, 5, 1))
    assert states(desk) == ["failed"]


def test_after_an_outage_the_oldest_dates_are_asked_for_first_and_not_all_at_once(
    desk: ScheduleDesk, daemon: dg.DagsterInstance
) -> None:
    desk.add("nightly", NIGHTLY, "the daily run", "ana")
    requests = tick(daemon, WEDNESDAY + 40 * DAY).run_requests or []
    keys = [str(each.partition_key) for each in requests]
    assert keys[0] == "2024-02-01"
    assert keys == sorted(keys)
    assert len(keys) == 25


def test_a_retry_of_deliveries_is_of_no_date(desk: ScheduleDesk, daemon: dg.DagsterInstance) -> None:
    desk.add("hourly", HOURLY, "keep trying", "ana")
    [request] = tick(daemon, WEDNESDAY + DAY, Activity.DELIVERY_RETRY).run_requests or []
    assert request.partition_key is None
    assert int(request.tags[FIRING_TAG]) > 0


SELECTED = {**NIGHTLY, "product_codes": "motor, home", "payer_groups": "fleet"}


def test_a_selection_starts_a_job_without_a_partition_and_the_whole_book_its_date(
    desk: ScheduleDesk, daemon: dg.DagsterInstance
) -> None:
    desk.add("nightly", NIGHTLY, "the daily run", "ana")
    desk.add("motor", SELECTED, "motor goes first", "ana")
    at = WEDNESDAY + DAY
    [whole] = tick(daemon, at).run_requests or []
    assert (whole.tags[SCHEDULE_TAG], whole.partition_key) == ("nightly", "2024-02-01")
    [selected] = tick(daemon, at, name=SELECTION_RUNS).run_requests or []
    assert (selected.tags[SCHEDULE_TAG], selected.partition_key) == ("motor", None)
    assert selected.tags[SELECTION_TAG] == "product home, motor; payer group fleet"
    config = {
        "billing_date": "2024-02-01",
        "product_codes": "home, motor",
        "payer_groups": "fleet",
    }
    assert selected.run_config == {"ops": {SELECTION_OP: {"config": config}}}
    start(daemon, selected, dg.DagsterRunStatus.SUCCESS)
    assert not tick(daemon, at + timedelta(minutes=1), name=SELECTION_RUNS).run_requests
    assert sorted(states(desk)) == ["done", "requested"]


@pytest.mark.long
def test_a_template_goes_with_the_run_as_its_tag_and_with_a_selection_in_its_form(
    desk: ScheduleDesk, daemon: dg.DagsterInstance, tmp_path: Path
) -> None:
    activated(desk.billing, own_folder(tmp_path / "own"), name="winter")
    desk.add("nightly", {**NIGHTLY, "template": "winter"}, "in winter colours", "ana")
    desk.add("motor", {**SELECTED, "template": "winter"}, "motor goes first", "ana")
    [whole] = tick(daemon, WEDNESDAY + DAY).run_requests or []
    assert (whole.tags[TEMPLATE_TAG], whole.run_config) == ("winter", {})
    [selected] = tick(daemon, WEDNESDAY + DAY, name=SELECTION_RUNS).run_requests or []
    assert selected.run_config["ops"][SELECTION_OP]["config"]["template"] == "winter"


def test_a_firing_bills_what_its_schedule_said_when_it_was_due(
    desk: ScheduleDesk, daemon: dg.DagsterInstance
) -> None:
    desk.add("motor", SELECTED, "motor goes first", "ana")
    assert isinstance(desk.clock, Clock)
    desk.clock.at = WEDNESDAY + DAY
    desk.edit("motor", {"product_codes": "", "payer_groups": ""}, "all of it", "ana")
    later = WEDNESDAY + 2 * DAY
    [first] = tick(daemon, later, name=SELECTION_RUNS).run_requests or []
    assert first.tags[SELECTION_TAG] == "product home, motor; payer group fleet"
    [second] = tick(daemon, later).run_requests or []
    assert second.partition_key == "2024-02-02"
    only_whole = tick(daemon, later + timedelta(minutes=1), Activity.INVOICE_RUN)
    assert [each.run_key for each in only_whole.run_requests or []] == [second.run_key]


def test_a_pause_leaves_a_selection_out_and_catches_it_up_as_it_was(
    desk: ScheduleDesk, daemon: dg.DagsterInstance
) -> None:
    desk.add("motor", SELECTED, "motor goes first", "ana")
    pauses = PauseDesk(desk)
    pause = pauses.pause(PauseScope.SCHEDULE, "motor", reason="rates are late", by="bea")
    at = WEDNESDAY + 2 * DAY
    assert "motor is paused by bea" in str(tick(daemon, at, name=SELECTION_RUNS).skip_message)
    assert isinstance(desk.clock, Clock)
    desk.clock.at = at
    pauses.resume(pause.pause_id, Missed.ONE_RUN, reason="rates are there", by="bea")
    [request] = tick(daemon, at + timedelta(minutes=1), name=SELECTION_RUNS).run_requests or []
    assert request.tags[REASON_TAG].startswith("catches up what a pause left out")
    assert request.run_config["ops"][SELECTION_OP]["config"]["billing_date"] == "2024-02-02"
    assert "nothing is due of invoice_run" in str(tick(daemon, at + timedelta(minutes=1)).skip_message)
