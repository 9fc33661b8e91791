"""The daily schedule bills each date on its own day in the company's zone; the hourly one sends what waits.

The days may be of any length.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice

import dagster as dg
import pytest
from dagster._core.definitions.schedule_definition import ScheduleExecutionData
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._utils.schedules import schedule_execution_time_iterator

from billing_assets.definitions import build_definitions
from billing_assets.store.connection import Database
from billing_assets.wiring.settings import Settings
from billing_assets_tests.defs.conftest import FIRST, Run, tamper

TICK = datetime(2024, 3, 1, 5, 30, tzinfo=UTC)


class Scheduled:
    """A schedule as Dagster finds it, with some settings."""

    name: str

    def __init__(self, **settings: object) -> None:
        definitions = build_definitions(Settings(_env_file=None, **settings))  # type: ignore[arg-type]
        found = definitions.resolve_schedule_def(self.name)
        assert isinstance(found, dg.ScheduleDefinition)
        self.schedule = found
        self.repository = definitions.get_repository_def()

    def ticks(self, start: datetime, count: int) -> list[datetime]:
        """The first instants after ``start`` at which Dagster fires it."""
        cron, zone = str(self.schedule.cron_schedule), self.schedule.execution_timezone
        return list(
            islice(schedule_execution_time_iterator(start.timestamp(), cron, zone, ascending=True), count)
        )

    def evaluate(self, at: datetime, instance: dg.DagsterInstance | None = None) -> ScheduleExecutionData:
        """What a tick asks for."""
        context = dg.build_schedule_context(
            instance, scheduled_execution_time=at, repository_def=self.repository
        )
        return self.schedule.evaluate_tick(context)


class Daily(Scheduled):
    """The schedule that bills."""

    name = "bill_every_day"

    def requested(self, at: datetime) -> dg.RunRequest:
        """The one run that a tick asks for."""
        [request] = self.evaluate(at).run_requests or []
        return request


@pytest.mark.parametrize("hour", [0, 2, 6, 23])
@pytest.mark.parametrize("zone", ["Europe/Madrid", "America/Santiago", "Asia/Tokyo", "Pacific/Apia"])
def test_each_day_of_a_year_is_billed_once_under_its_own_date(zone: str, hour: int) -> None:
    daily = Daily(time_zone=zone, daily_hour=hour)
    begin = datetime(2024, 1, 2, 12, tzinfo=UTC)
    dates = [daily.requested(at).partition_key for at in daily.ticks(begin, 366)]
    first = date.fromisoformat(str(dates[0]))
    assert dates == [(first + timedelta(days=number)).isoformat() for number in range(366)]


@pytest.mark.parametrize(
    ("day", "instant"),
    [
        ("2024-03-30", datetime(2024, 3, 30, 5, tzinfo=UTC)),
        ("2024-03-31", datetime(2024, 3, 31, 4, tzinfo=UTC)),
        ("2024-10-27", datetime(2024, 10, 27, 5, tzinfo=UTC)),
    ],
)
def test_six_in_the_morning_in_madrid_moves_with_summer_time(day: str, instant: datetime) -> None:
    daily = Daily()
    [at] = daily.ticks(instant - timedelta(hours=3), 1)
    assert at == instant
    assert daily.requested(at).partition_key == day


def test_a_date_before_the_first_billing_date_is_skipped_with_the_reason() -> None:
    daily = Daily(first_date=date(2024, 5, 1))
    result = daily.evaluate(datetime(2024, 4, 30, 4, tzinfo=UTC))
    assert not result.run_requests
    assert "before the first billing date 2024-05-01" in str(result.skip_message)


def test_the_schedule_is_off_until_somebody_turns_it_on_and_goes_before_backfills() -> None:
    daily = Daily()
    assert daily.schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    assert daily.schedule.job_name == "bill_date"
    request = daily.requested(datetime(2024, 3, 1, 5, tzinfo=UTC))
    assert request.run_key == "2024-03-01"
    assert request.tags["dagster/priority"] == "5"


class Hourly(Scheduled):
    """The schedule that sends what waits."""

    name = "deliver_every_hour"


@pytest.fixture
def daemon() -> Iterator[dg.DagsterInstance]:
    """Dagster's own store on disk: a tick opens it by its address."""
    with dg.instance_for_test() as made:
        yield made


def queue_again(store: Database) -> None:
    """Let one message of each billing date wait, as after an outage of the mail server."""
    tamper(
        store,
        "update billing.delivery set state = 'queued' where delivery_id in (select min(v.delivery_id) "
        "from billing.delivery v join billing.document d using (document_id) join billing.invoice i using "
        "(invoice_id) join billing.billing_run r using (run_id) where v.state = 'sent' "
        "group by r.billing_date)",
    )


def test_what_waits_of_any_date_is_sent_by_a_run_of_its_own_until_nothing_waits(
    store: Database, run: Run, daemon: dg.DagsterInstance
) -> None:
    dates = [FIRST, "2024-02-20"]
    for day in dates:
        assert run(day).success
    hourly = Hourly()
    nothing = hourly.evaluate(TICK, daemon)
    assert (nothing.run_requests, nothing.skip_message) == ([], "no message waits to be sent")
    queue_again(store)
    requests = hourly.evaluate(TICK, daemon).run_requests or []
    assert [request.partition_key for request in requests] == dates
    assert {request.tags["dagster/priority"] for request in requests} == {"3"}
    following = hourly.evaluate(TICK + timedelta(hours=1), daemon).run_requests or []
    assert len({request.run_key for request in (*requests, *following)}) == 4
    tamper(store, "update billing.delivery set state = 'sent' where state = 'queued'")
    assert not hourly.evaluate(TICK, daemon).run_requests


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTED])
@pytest.mark.parametrize("job", ["bill_date", "deliver"])
def test_a_date_that_a_run_works_on_is_not_started_again(
    store: Database, run: Run, daemon: dg.DagsterInstance, status: dg.DagsterRunStatus, job: str
) -> None:
    assert run().success
    queue_again(store)
    tags = {"dagster/partition": FIRST}
    origin = RemoteJobOrigin(
        repository_origin=RemoteRepositoryOrigin(
            code_location_origin=RegisteredCodeLocationOrigin("billing"), repository_name="billing"
        ),
        job_name=job,
    )
    daemon.add_run(
        dg.DagsterRun(job_name=job, run_id="7" * 8, status=status, tags=tags, remote_job_origin=origin)
    )
    result = Hourly().evaluate(TICK, daemon)
    assert not result.run_requests
    assert result.skip_message == f"runs are on already for what waits: {FIRST}"


def test_what_waits_of_a_date_that_dagster_does_not_have_is_left_to_the_command_line(
    store: Database, run: Run, daemon: dg.DagsterInstance
) -> None:
    assert run().success
    queue_again(store)
    assert not Hourly(first_date=date(2024, 5, 1)).evaluate(TICK, daemon).run_requests


@pytest.mark.parametrize("zone", ["Europe/Madrid", "Asia/Tokyo"])
def test_the_hourly_schedule_is_off_until_somebody_turns_it_on_and_runs_the_delivery_alone(zone: str) -> None:
    hourly = Hourly(time_zone=zone)
    assert hourly.schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    assert (hourly.schedule.job_name, hourly.schedule.execution_timezone) == ("deliver", zone)
    first, second = hourly.ticks(TICK, 2)
    assert second - first == timedelta(hours=1)
