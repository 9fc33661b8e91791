"""Schedules: when jobs start by themselves.

Belongs here: the hour and the date it stands for. Does not belong here: what is due on that date.
"""

from zoneinfo import ZoneInfo

import dagster as dg

from billing_assets.wiring.settings import Settings

BEFORE_BACKFILLS = {"dagster/priority": "5"}


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
