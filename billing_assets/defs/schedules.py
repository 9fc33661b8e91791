"""Schedules: when jobs start by themselves.

Belongs here: the hour, and the dates that are started then. Does not belong here: what is due on a date, what
waits to be sent (``store``).
"""

from datetime import UTC
from zoneinfo import ZoneInfo

import dagster as dg

from billing_assets.defs.resource import BillingResource
from billing_assets.wiring.settings import Settings

BEFORE_BACKFILLS = {"dagster/priority": "5"}
AFTER_TODAY = {"dagster/priority": "3"}
"""Behind the day's own run, before backfills."""

UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
"""States of a run of Dagster that has not ended."""

_PARTITION = "dagster/partition"


def build_bill_every_day(settings: Settings) -> dg.ScheduleDefinition:
    """Return the schedule that bills each date on its own day, at ``daily_hour`` in the company's zone.

    Dagster's own schedule over partitions would wait until the day has ended, or, with coming dates opened
    early, start the last of those. It is off until somebody turns it on.
    """
    zone = ZoneInfo(settings.time_zone)

    @dg.schedule(
        name="bill_every_day",
        job_name="bill_date",
        cron_schedule=f"0 {settings.daily_hour} * * *",
        execution_timezone=settings.time_zone,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=(
            f"Bills each date at {settings.daily_hour:02d}:00 ({settings.time_zone}). A date that was billed "
            "early is looked at again: what the book gained since then is billed, nothing twice."
        ),
    )
    def bill_every_day(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        billing_date = context.scheduled_execution_time.astimezone(zone).date()
        if billing_date < settings.first_date:
            return dg.SkipReason(f"{billing_date} lies before the first billing date {settings.first_date}")
        key = billing_date.isoformat()
        return dg.RunRequest(run_key=key, partition_key=key, tags=BEFORE_BACKFILLS)

    return bill_every_day


def build_deliver_every_hour(settings: Settings) -> dg.ScheduleDefinition:
    """Return the schedule that sends what still waits, of whatever billing date, half past each hour.

    It asks the store which dates those are, and leaves out a date that a run works on or waits for. It is off
    until somebody turns it on.
    """

    @dg.schedule(
        name="deliver_every_hour",
        job_name="deliver",
        cron_schedule="30 * * * *",
        execution_timezone=settings.time_zone,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=(
            "Sends what still waits in the outbox of any billing date, half past each hour. What was refused "
            "too often, and what may have arrived, waits for a person."
        ),
    )
    def deliver_every_hour(
        context: dg.ScheduleEvaluationContext,
    ) -> list[dg.RunRequest] | dg.SkipReason:
        with BillingResource() as resource, resource.open() as program:
            waiting = [day.isoformat() for day in program.waiting_dates() if day >= settings.first_date]
        if not waiting:
            return dg.SkipReason("no message waits to be sent")
        unfinished = dg.RunsFilter(statuses=UNFINISHED)
        busy = {run.tags.get(_PARTITION) for run in context.instance.get_runs(unfinished)}
        free = [key for key in waiting if key not in busy]
        if not free:
            return dg.SkipReason(f"runs are on already for what waits: {', '.join(waiting[:10])}")
        tick = context.scheduled_execution_time.astimezone(UTC).isoformat(timespec="minutes")
        return [
            dg.RunRequest(run_key=f"{key} at {tick}", partition_key=key, tags=AFTER_TODAY) for key in free
        ]

    return deliver_every_hour
