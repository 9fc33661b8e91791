"""The daily schedule bills each date on its own day in the company's zone, on days of any length."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice

import dagster as dg
import pytest
from dagster._core.definitions.schedule_definition import ScheduleExecutionData
from dagster._utils.schedules import schedule_execution_time_iterator

from billing_assets.definitions import build_definitions
from billing_assets.wiring.settings import Settings


class Daily:
    """The schedule as Dagster finds it, with some settings."""

    def __init__(self, **settings: object) -> None:
        definitions = build_definitions(Settings(_env_file=None, **settings))  # type: ignore[arg-type]
        found = definitions.resolve_schedule_def("bill_every_day")
        assert isinstance(found, dg.ScheduleDefinition)
        self.schedule = found
        self.repository = definitions.get_repository_def()

    def ticks(self, start: datetime, count: int) -> list[datetime]:
        """The first instants after ``start`` at which Dagster fires it."""
        cron, zone = str(self.schedule.cron_schedule), self.schedule.execution_timezone
        return list(
            islice(schedule_execution_time_iterator(start.timestamp(), cron, zone, ascending=True), count)
        )

    def evaluate(self, at: datetime) -> ScheduleExecutionData:
        """What a tick asks for."""
        context = dg.build_schedule_context(scheduled_execution_time=at, repository_def=self.repository)
        return self.schedule.evaluate_tick(context)

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
