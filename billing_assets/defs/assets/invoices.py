"""Invoices: what is due on a billing date, issued exactly once, with legal numbers.

Belongs here: calling the step for each date.
Does not belong here: pricing (``frames``), numbering (``store``).
"""

import dagster as dg

from billing_assets.defs.conventions import GROUP, ONE_RUN_PER_DATE, OWNERS, POOL, TAGS
from billing_assets.defs.dated_orders import order_of
from billing_assets.defs.metadata import chart_metadata, reports_metadata, step_metadata, volume_metadata
from billing_assets.defs.partitions import billing_dates_of
from billing_assets.defs.progress import LogProgress
from billing_assets.defs.resource import BillingResource
from billing_assets.defs.tables import table_metadata


def build_invoices(dates: dg.PartitionsDefinition[str], freshness: dg.FreshnessPolicy) -> dg.AssetsDefinition:
    """Return the asset over the billing dates, which is to be as fresh as a policy says."""

    @dg.asset(
        deps=["due_charges"],
        partitions_def=dates,
        backfill_policy=ONE_RUN_PER_DATE,
        freshness_policy=freshness,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"postgres", "polars"},
        tags=TAGS,
        pool=POOL,
        code_version="1",
        metadata=table_metadata("invoices"),
        description=(
            "The invoices of a billing date. Once numbered they are records and never edited; materialising "
            "a date again issues only what is not issued yet, most times nothing. The checks on this asset "
            "stop documents and deliveries when an invariant is broken."
        ),
    )
    def invoices(
        context: dg.AssetExecutionContext, billing: dg.ResourceParam[BillingResource]
    ) -> dg.MaterializeResult[None]:
        from billing_assets.wiring.asset_charts import AssetCharts

        with billing.open() as program:
            charts = AssetCharts(program)
            for billing_date in billing_dates_of(context):
                order = order_of(context, program, billing_date)
                result = program.invoice(order, progress=LogProgress(context.log.info))
                of_date = reports_metadata(program.run_reports(billing_date), program.run_chart)
                facts = step_metadata(result)
                now = {"newly_issued_count": facts["invoice_count"], "seconds": facts["seconds"]}
                beside = {
                    **chart_metadata("volume", charts.volume(billing_date)),
                    **volume_metadata(charts.volume_rows(billing_date)),
                }
                context.add_asset_metadata(
                    {**of_date, **now, **beside}, partition_key=billing_date.isoformat()
                )
        return dg.MaterializeResult()

    return invoices
