"""Requests for documents: the job that answers them, its sensor, and the check that none waits.

Belongs here: when requests are answered. Does not belong here: answering (``assets.document_requests``).
"""

from typing import TYPE_CHECKING

import dagster as dg

from billing_assets.defs.conventions import run_unless_under_way
from billing_assets.defs.resource import BillingResource

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

SENSOR_SECONDS = 30
"""So often the sensor looks: a request waits about as long, and for the start of a run."""

_JOB = "answer_requests"


def build_request_job() -> "UnresolvedAssetJobDefinition":
    """Return the job.

    >>> build_request_job().name
    'answer_requests'
    """
    return dg.define_asset_job(
        _JOB,
        dg.AssetSelection.assets("document_requests"),
        description="Answers the documents that payers ask for, by whichever way.",
    )


def build_request_sensor() -> dg.SensorDefinition:
    """Return the sensor, which is on: a look costs a question to an index and a look into a folder.

    >>> build_request_sensor().name
    'watch_document_requests'
    """

    @dg.sensor(
        name="watch_document_requests",
        job_name=_JOB,
        minimum_interval_seconds=SENSOR_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Answers documents that payers ask for as soon as one is asked, also by mail.",
    )
    def watch_document_requests(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        from billing_assets.wiring.document_request_desk import DocumentRequestDesk

        with BillingResource() as resource, resource.open() as program:
            desk = DocumentRequestDesk(program)
            count = desk.counts()["asked_count"] + desk.mail_count()
        if not count:
            return dg.SkipReason("nobody asks for a document")
        return run_unless_under_way(context.instance, _JOB, f"a run answers requests already; {count} wait")

    return watch_document_requests


def build_request_check() -> dg.AssetChecksDefinition:
    """Return the check that nothing waits for a person; it warns and blocks nothing.

    >>> list(build_request_check().check_specs)[0].name
    'nobody_waits'
    """

    @dg.asset_check(
        name="nobody_waits",
        asset="document_requests",
        description="No request waits for a person, and what was to be handed over was.",
    )
    def nobody_waits(billing: dg.ResourceParam[BillingResource]) -> dg.AssetCheckResult:
        from billing_assets.wiring.document_request_desk import DocumentRequestDesk

        with billing.open() as program:
            counts = DocumentRequestDesk(program).counts()
        waiting, to_hand_over = counts["waiting_count"], counts["to_hand_over_count"]
        said = f"{waiting:,} wait for a person, {to_hand_over:,} are to be handed over"
        return dg.AssetCheckResult(
            passed=not waiting and not to_hand_over,
            severity=dg.AssetCheckSeverity.WARN,
            description=said,
            metadata={"waiting_count": waiting, "to_hand_over_count": to_hand_over},
        )

    return nobody_waits
