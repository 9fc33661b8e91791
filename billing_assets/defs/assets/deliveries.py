"""Deliveries: every document of a billing date goes out once, or it is known why not.

Belongs here: calling the step for each date, behind the same gate as the command line.
Does not belong here: channels, the outbox.
"""

import dagster as dg

from billing_assets.defs.conventions import GROUP, ONE_RUN_PER_DATE, OWNERS, POOL, TAGS
from billing_assets.defs.metadata import chart_metadata, step_metadata
from billing_assets.defs.partitions import billing_dates_of
from billing_assets.defs.progress import LogProgress
from billing_assets.defs.resource import BillingResource
from billing_assets.defs.tables import table_metadata


def build_deliveries(
    dates: dg.PartitionsDefinition[str], freshness: dg.FreshnessPolicy
) -> dg.AssetsDefinition:
    """Return the asset over the billing dates, which is to be as fresh as a policy says."""

    @dg.asset(
        deps=["documents"],
        partitions_def=dates,
        backfill_policy=ONE_RUN_PER_DATE,
        freshness_policy=freshness,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"email", "postgres"},
        tags=TAGS,
        pool=POOL,
        code_version="1",
        metadata=table_metadata("deliveries"),
        description=(
            "The outbox of a billing date, sent. Materialising again sends only what still waits; what may "
            "have left already is never sent twice by itself."
        ),
    )
    def deliveries(
        context: dg.AssetExecutionContext, billing: dg.ResourceParam[BillingResource]
    ) -> dg.MaterializeResult[None]:
        from billing_assets.wiring.asset_charts import AssetCharts

        with billing.open() as program:
            charts = AssetCharts(program)
            for billing_date in billing_dates_of(context):
                # This asset can be materialised alone, and then no check of another asset has run.
                result = program.send(billing_date, progress=LogProgress(context.log.info))
                facts = step_metadata(result)
                facts |= chart_metadata("chart", charts.messages(billing_date))
                context.add_asset_metadata(facts, partition_key=billing_date.isoformat())
        return dg.MaterializeResult()

    return deliveries
