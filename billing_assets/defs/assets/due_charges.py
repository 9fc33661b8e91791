"""Due charges: what falls due on a billing date, counted before anything is issued.

Belongs here: calling the step for each date. Does not belong here: what is due (``frames.due_charges``).
"""

import dagster as dg

from billing_assets.defs.conventions import GROUP, ONE_RUN_PER_DATE, OWNERS, POOL, TAGS
from billing_assets.defs.dated_orders import order_of
from billing_assets.defs.metadata import chart_metadata, step_metadata, totals_metadata
from billing_assets.defs.partitions import billing_dates_of
from billing_assets.defs.progress import LogProgress
from billing_assets.defs.resource import BillingResource
from billing_assets.defs.tables import table_metadata


def build_due_charges(
    dates: dg.PartitionsDefinition[str], freshness: dg.FreshnessPolicy
) -> dg.AssetsDefinition:
    """Return the asset over the billing dates, which is to be as fresh as a policy says."""

    @dg.asset(
        deps=["policy_book"],
        partitions_def=dates,
        backfill_policy=ONE_RUN_PER_DATE,
        freshness_policy=freshness,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"postgres", "polars"},
        tags=TAGS,
        pool=POOL,
        code_version="1",
        metadata=table_metadata("due_charges"),
        description=(
            "The installments that fall due on a billing date, planned and counted, with what will become of "
            "each. Nothing is issued here: a plan is made anew until its run begins."
        ),
    )
    def due_charges(
        context: dg.AssetExecutionContext, billing: dg.ResourceParam[BillingResource]
    ) -> dg.MaterializeResult[None]:
        from billing_assets.wiring.asset_charts import AssetCharts

        with billing.open() as program:
            charts = AssetCharts(program)
            for billing_date in billing_dates_of(context):
                order = order_of(context, program, billing_date)
                result = program.plan(order, progress=LogProgress(context.log.info))
                facts = {**step_metadata(result), **totals_metadata(result.totals)}
                facts |= chart_metadata("chart", charts.due(result.totals))
                context.add_asset_metadata(facts, partition_key=billing_date.isoformat())
        return dg.MaterializeResult()

    return due_charges
