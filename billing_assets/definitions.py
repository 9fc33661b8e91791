"""Dagster's entry: everything it may run.

Belongs here: collecting the definitions. Does not belong here: any of them (``defs``).

Loading this opens no store and imports neither Polars nor a database driver: every process of Dagster
does it.
"""

import dagster as dg

from billing_assets.defs.activities import build_activity_schedules
from billing_assets.defs.asked_invoices import build_asked_invoices
from billing_assets.defs.asked_runs import build_asked_runs
from billing_assets.defs.assets.allocations import build_allocations
from billing_assets.defs.assets.deliveries import build_deliveries
from billing_assets.defs.assets.document_requests import build_document_requests
from billing_assets.defs.assets.documents import build_documents
from billing_assets.defs.assets.due_charges import build_due_charges
from billing_assets.defs.assets.invoices import build_invoices
from billing_assets.defs.assets.policy_book import build_policy_book
from billing_assets.defs.assets.statuses import build_statuses
from billing_assets.defs.bounces import build_bounces_job, build_bounces_sensor
from billing_assets.defs.checks import build_checks
from billing_assets.defs.chores import build_chores
from billing_assets.defs.conventions import accepted_features
from billing_assets.defs.document_requests import (
    build_request_check,
    build_request_job,
    build_request_sensor,
)
from billing_assets.defs.freshness import build_freshness
from billing_assets.defs.inbox import build_inbox_job, build_inbox_sensor
from billing_assets.defs.jobs import build_jobs
from billing_assets.defs.notifications import build_notification_sensors, build_notify_job
from billing_assets.defs.partitions import build_billing_dates
from billing_assets.defs.policy_events import build_events_job, build_events_sensor
from billing_assets.defs.resource import BILLING
from billing_assets.defs.statuses import build_status_check, build_status_job, build_status_sensor
from billing_assets.wiring.settings import Settings, read_settings


def build_definitions(settings: Settings) -> dg.Definitions:
    """Return all definitions for the dates and zone of ``settings``.

    Steps run in the process of their run: a process of its own would cost each several seconds of start.
    """
    dates, freshness = build_billing_dates(settings), build_freshness(settings)
    chain = (build_due_charges, build_invoices, build_documents, build_deliveries)
    with accepted_features():
        return dg.Definitions(
            assets=[
                build_policy_book(),
                *(build(dates, freshness) for build in chain),
                build_allocations(dates),
                build_statuses(),
                build_document_requests(),
            ],
            asset_checks=[*build_checks(dates), build_status_check(), build_request_check()],
            jobs=[
                *build_jobs(),
                *build_asked_runs(),
                *build_asked_invoices(),
                *build_chores(),
                build_inbox_job(),
                build_events_job(),
                build_bounces_job(),
                build_notify_job(),
                build_status_job(),
                build_request_job(),
            ],
            sensors=[
                build_inbox_sensor(),
                build_events_sensor(),
                build_bounces_sensor(),
                build_status_sensor(),
                build_request_sensor(),
                *build_notification_sensors(),
            ],
            schedules=build_activity_schedules(settings),
            resources={"billing": BILLING},
            executor=dg.in_process_executor,
        )


defs = build_definitions(read_settings())
