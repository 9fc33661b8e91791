"""Bounces: a job that reads the bounce mailbox, and the sensor that starts the job.

Belongs here: when the mailbox is read. Does not belong here: what a mail says (``channels``), what becomes of
its delivery (``steps``).
"""

import dagster as dg

from billing_assets.defs.conventions import POOL, run_unless_under_way
from billing_assets.defs.progress import LogProgress
from billing_assets.defs.resource import BillingResource

SENSOR_SECONDS = 60
"""So often the sensor looks into the mailbox."""

Program = dg.ResourceParam[BillingResource]


@dg.op(pool=POOL, description="Reads the bounce mailbox; what came back counts as sent no more.")
def take_bounces(context: dg.OpExecutionContext, billing: Program) -> None:
    """Read what waits."""
    from billing_assets.wiring.bounces import BounceDesk

    with billing.open() as program:
        result = BounceDesk(program).read(progress=LogProgress(context.log.info))
        context.add_output_metadata(dict(result.facts))


@dg.job(name="read_bounces", description="Reads the bounce mailbox; what came back waits for a person.")
def _bounces_job() -> None:
    take_bounces()


def build_bounces_job() -> dg.JobDefinition:
    """Return the job.

    >>> build_bounces_job().name
    'read_bounces'
    """
    return _bounces_job


def build_bounces_sensor() -> dg.SensorDefinition:
    """Return the sensor, which is on, and rests where no mailbox is set.

    >>> build_bounces_sensor().name
    'watch_bounces'
    """

    @dg.sensor(
        name="watch_bounces",
        job_name=_bounces_job.name,
        minimum_interval_seconds=SENSOR_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Reads the bounce mailbox (BILLING_BOUNCE_FOLDER) as soon as there is any mail.",
    )
    def watch_bounces(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        from billing_assets.wiring.bounces import BounceDesk

        with BillingResource() as resource, resource.open() as program:
            desk = BounceDesk(program)
            if not desk.is_set:
                return dg.SkipReason("no bounce mailbox is set: BILLING_BOUNCE_FOLDER")
            count = desk.waiting_count()
        if not count:
            return dg.SkipReason("no mail waits in the bounce mailbox")
        busy = f"a run reads the bounce mailbox already; {count} mails wait"
        return run_unless_under_way(context.instance, _bounces_job.name, busy)

    return watch_bounces
