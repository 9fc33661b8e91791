"""Notifications: a job that tells people, the sensor that starts it, and one that looks after a failure.

Belongs here: when people are told. Does not belong here: what and whom (``steps``, ``domain``).

What is told comes from our own ledger, checks and outbox, whatever started a run; Dagster's events only say
when to look.
"""

import dagster as dg

from billing_assets.defs.conventions import is_under_way
from billing_assets.defs.progress import LogProgress
from billing_assets.defs.resource import BillingResource

SENSOR_SECONDS = 30
"""So often the sensor looks; what happened is told about as late, and after the start of a run."""

Program = dg.ResourceParam[BillingResource]


@dg.op(description="Collects what happened since last time and sends the messages that are due.")
def tell(context: dg.OpExecutionContext, billing: Program) -> None:
    """Collect and send."""
    from billing_assets.wiring.notification_desk import NotificationDesk

    with billing.open() as program:
        desk = NotificationDesk(program)
        collected = desk.collect()
        sent = desk.send(progress=LogProgress(context.log.info))
        context.add_output_metadata({**collected.facts, **sent.facts})


@dg.job(
    name="notify", description="Tells people what happened since last time, by the rules of notification."
)
def _notify_job() -> None:
    tell()


def build_notify_job() -> dg.JobDefinition:
    """Return the job.

    >>> build_notify_job().name
    'notify'
    """
    return _notify_job


def build_notification_sensors() -> list[dg.SensorDefinition]:
    """Return the sensors, which are off until somebody turns them on.

    >>> [sensor.name for sensor in build_notification_sensors()]
    ['notify_people', 'look_after_a_failure']
    """
    return [_notify_people(), _look_after_a_failure()]


def _notify_people() -> dg.SensorDefinition:
    @dg.sensor(
        name="notify_people",
        job_name=_notify_job.name,
        minimum_interval_seconds=SENSOR_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Collects what happened, and sends as soon as a message is due.",
    )
    def notify_people(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        count = _collected_due_count()
        if not count:
            return dg.SkipReason("no message is due")
        if is_under_way(context.instance, _notify_job.name):
            return dg.SkipReason(f"a run tells people already; messages due: {count}")
        return dg.RunRequest()

    return notify_people


def _look_after_a_failure() -> dg.SensorDefinition:
    @dg.run_failure_sensor(
        name="look_after_a_failure",
        minimum_interval_seconds=SENSOR_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Collects what happened as soon as a run of Dagster fails; 'notify_people' sends it.",
    )
    def look_after_a_failure(_context: dg.RunFailureSensorContext) -> dg.SkipReason:
        return dg.SkipReason(f"looked; messages due: {_collected_due_count()}")

    return look_after_a_failure


def _collected_due_count() -> int:
    from billing_assets.wiring.notification_desk import NotificationDesk

    with BillingResource() as resource, resource.open() as program:
        desk = NotificationDesk(program)
        desk.collect()
        return desk.due_count()
