"""Events of policies: a job that takes them and bills their policies, and the sensor that starts the job.

Belongs here: when events are taken. Does not belong here: what becomes of one (``steps``).

There is no run of Dagster per event: a run takes all that there is, and the sensor starts none while one is
on. The cursor is the state of each row: whatever a run or a tick misses is open the next time.
"""

import dagster as dg

from billing_assets.defs.conventions import POOL, run_unless_under_way
from billing_assets.defs.progress import LogProgress
from billing_assets.defs.resource import BillingResource

SENSOR_SECONDS = 15
"""So often the sensor looks: an event waits about as long, for the start of a run, and for its drain."""

Program = dg.ResourceParam[BillingResource]


@dg.op(pool=POOL, description="Takes the open events of policies and bills what is due of their policies.")
def take_events(context: dg.OpExecutionContext, billing: Program) -> None:
    """Drain the events."""
    from billing_assets.wiring.policy_events import EventDesk

    with billing.open() as program:
        result = EventDesk(program).drain(progress=LogProgress(context.log.info))
        context.add_output_metadata(dict(result.facts))


@dg.job(
    name="drain_policy_events", description="Takes events of policies and bills what is due of them, at once."
)
def _events_job() -> None:
    take_events()


def build_events_job() -> dg.JobDefinition:
    """Return the job.

    >>> build_events_job().name
    'drain_policy_events'
    """
    return _events_job


def build_events_sensor() -> dg.SensorDefinition:
    """Return the sensor, which is on: who inserts an event wants it taken, and where nobody does it rests.

    >>> build_events_sensor().name
    'take_policy_events'
    """

    @dg.sensor(
        name="take_policy_events",
        job_name=_events_job.name,
        minimum_interval_seconds=SENSOR_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Takes events of policies, and bills their policies, as soon as there are any.",
    )
    def take_policy_events(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        from billing_assets.wiring.policy_events import EventDesk

        with BillingResource() as resource, resource.open() as program:
            count = EventDesk(program).work_count()
        if not count:
            return dg.SkipReason("no event is open, or a billing run has to end first")
        busy = f"a run takes events already; {count} wait"
        return run_unless_under_way(context.instance, _events_job.name, busy)

    return take_policy_events
