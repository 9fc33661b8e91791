"""Jobs: what people and schedules start.

Belongs here: which assets run together. Does not belong here: when (``schedules``).
"""

from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

_FLOW = ("policy_book", "due_charges", "invoices", "documents", "deliveries")


def build_jobs() -> list["UnresolvedAssetJobDefinition"]:
    """Return ``bill_date``, the whole flow of a billing date, and ``deliver``, its last step.

    >>> [job.name for job in build_jobs()]
    ['bill_date', 'deliver']
    """
    return [
        dg.define_asset_job(
            "bill_date",
            dg.AssetSelection.assets(*_FLOW),
            description=(
                "Bills a date from policy book to mailbox. "
                "Starting a date again is safe: only what is missing is done."
            ),
        ),
        dg.define_asset_job(
            "deliver",
            dg.AssetSelection.assets("deliveries"),
            description="Sends what still waits in the outbox of a date, once the mail server is back, say.",
        ),
    ]
