"""The inbox of requests for invoices on demand: a job that drains it, and the sensor that starts the job.

Belongs here: when the inbox is drained. Does not belong here: how a request is answered (``steps``).

There is no run of Dagster per request: a run drains all that there is, and the sensor starts none while one
is on.
"""

import dagster as dg

from billing_assets.defs.conventions import POOL, run_unless_under_way
from billing_assets.defs.progress import LogProgress
from billing_assets.defs.resource import BillingResource

SENSOR_SECONDS = 30
"""So often the sensor looks; a request waits about as long, and for the start of a run."""

Program = dg.ResourceParam[BillingResource]


@dg.op(pool=POOL, description="Answers the open requests for invoices on demand, a batch with one run.")
def drain(context: dg.OpExecutionContext, billing: Program) -> None:
    """Drain the inbox."""
    from billing_assets.wiring.on_demand import OnDemandDesk

    with billing.open() as program:
        result = OnDemandDesk(program).drain(progress=LogProgress(context.log.info))
        context.add_output_metadata(dict(result.facts))


@dg.job(name="drain_inbox", description="Answers the open requests for invoices on demand.")
def _drain_job() -> None:
    drain()


def build_inbox_job() -> dg.JobDefinition:
    """Return the job.

    >>> build_inbox_job().name
    'drain_inbox'
    """
    return _drain_job


def build_inbox_sensor() -> dg.SensorDefinition:
    """Return the sensor, which is off until somebody turns it on.

    >>> build_inbox_sensor().name
    'drain_requests'
    """

    @dg.sensor(
        name="drain_requests",
        job_name=_drain_job.name,
        minimum_interval_seconds=SENSOR_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Drains the inbox of requests for invoices on demand as soon as there are any.",
    )
    def drain_requests(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        from billing_assets.wiring.on_demand import OnDemandDesk

        with BillingResource() as resource, resource.open() as program:
            count = OnDemandDesk(program).open_count()
        if not count:
            return dg.SkipReason("no request is open")
        busy = f"a run drains the inbox already; {count} requests are open"
        return run_unless_under_way(context.instance, _drain_job.name, busy)

    return drain_requests
