"""Allocations: on each date what is free of payments pays what is due.

Belongs here: calling the step for each date. Does not belong here: what pays what (``steps``).
"""

import dagster as dg

from billing_assets.defs.conventions import GROUP, ONE_RUN_PER_DATE, OWNERS, POOL, TAGS
from billing_assets.defs.metadata import step_metadata
from billing_assets.defs.partitions import billing_dates_of
from billing_assets.defs.resource import BillingResource
from billing_assets.defs.tables import table_metadata


def build_allocations(dates: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """Return the asset over the billing dates."""

    @dg.asset(
        deps=["invoices"],
        partitions_def=dates,
        backfill_policy=ONE_RUN_PER_DATE,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"postgres", "polars"},
        tags=TAGS,
        pool=POOL,
        code_version="1",
        metadata=table_metadata("allocations"),
        description=(
            "What payments pay, as of a date: what went back is taken off, and what is free pays what its "
            "payer names and then the oldest due. A date again allocates only what is free since."
        ),
    )
    def allocations(
        context: dg.AssetExecutionContext, billing: dg.ResourceParam[BillingResource]
    ) -> dg.MaterializeResult[None]:
        from billing_assets.wiring.payment_desk import PaymentDesk

        with billing.open() as program:
            desk = PaymentDesk(program)
            for day in billing_dates_of(context):
                context.add_asset_metadata(step_metadata(desk.allocate(day)), partition_key=day.isoformat())
        return dg.MaterializeResult()

    return allocations
