"""Statuses: the job that tells and sends them, the sensor that starts it, and the check that it keeps up.

Belongs here: when statuses are told. Does not belong here: telling (``assets.statuses``).

There is no run of Dagster per event: a run takes all that waits, and the sensor starts none while one is on.
"""

from typing import TYPE_CHECKING

import dagster as dg

from billing_assets.defs.conventions import run_unless_under_way
from billing_assets.defs.resource import BillingResource

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

SENSOR_SECONDS = 30
"""So often the sensor looks: an event waits about as long, and for the start of a run."""

STATUS_JOB = "tell_statuses"


def build_status_job() -> "UnresolvedAssetJobDefinition":
    """Return the job.

    >>> build_status_job().name
    'tell_statuses'
    """
    return dg.define_asset_job(
        STATUS_JOB,
        dg.AssetSelection.assets("statuses"),
        description="Tells other systems what became of invoices since last time.",
    )


def build_status_sensor() -> dg.SensorDefinition:
    """Return the sensor, which is on: a look costs two questions to indexes.

    >>> build_status_sensor().name
    'watch_statuses'
    """

    @dg.sensor(
        name="watch_statuses",
        job_name=STATUS_JOB,
        minimum_interval_seconds=SENSOR_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells other systems what became of invoices as soon as there is any news.",
    )
    def watch_statuses(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        from billing_assets.wiring.status_desk import StatusDesk

        with BillingResource() as resource, resource.open() as program:
            has_news = StatusDesk(program).has_news()
        if not has_news:
            return dg.SkipReason("everything is told, and nothing is due to be sent")
        return run_unless_under_way(context.instance, STATUS_JOB, "a run tells statuses already")

    return watch_statuses


def build_status_check() -> dg.AssetChecksDefinition:
    """Return the check that receivers get what is told; it warns and blocks nothing.

    >>> list(build_status_check().check_specs)[0].name
    'in_time'
    """

    @dg.asset_check(
        name="in_time",
        asset="statuses",
        description="Everything is told, and every subscription has got it, within the time of the settings.",
    )
    def in_time(billing: dg.ResourceParam[BillingResource]) -> dg.AssetCheckResult:
        from billing_assets.wiring.status_desk import StatusDesk

        with billing.open() as program:
            stuck = StatusDesk(program).stuck()
        said = "; ".join(
            f"{row.subscription_code}: {row.event_count:,} wait, {row.failed_count:,} failed" for row in stuck
        )
        return dg.AssetCheckResult(
            passed=not stuck,
            severity=dg.AssetCheckSeverity.WARN,
            description=said or "everything is told and sent",
            metadata={
                "waiting_count": sum(row.event_count for row in stuck),
                "failed_count": sum(row.failed_count for row in stuck),
            },
        )

    return in_time
