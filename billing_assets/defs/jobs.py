"""Jobs: what people and schedules start.

Belongs here: which assets run together. Does not belong here: when (``schedules``).
"""

from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

_FLOW = ("policy_book", "due_charges", "invoices", "documents", "deliveries")


def build_jobs() -> list["UnresolvedAssetJobDefinition"]:
    """Return ``bill_date``, the flow of a billing date, ``deliver``, its last step, and ``allocate_date``.

    >>> [job.name for job in build_jobs()]
    ['bill_date', 'deliver', 'allocate_date']
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
        dg.define_asset_job(
            "allocate_date",
            dg.AssetSelection.assets("allocations"),
            description="Lets payments pay what is due on a date; again it finds nothing to do.",
        ),
    ]
