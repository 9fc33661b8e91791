"""Documents: every issued invoice of a billing date becomes one, and proofs show that it prints.

Belongs here: calling the step for each date. Does not belong here: pages (``templates``).
"""

import dagster as dg

from billing_assets.defs.conventions import GROUP, ONE_RUN_PER_DATE, OWNERS, POOL, TAGS
from billing_assets.defs.metadata import chart_metadata, step_metadata
from billing_assets.defs.partitions import billing_dates_of
from billing_assets.defs.progress import LogProgress
from billing_assets.defs.resource import BillingResource
from billing_assets.defs.tables import table_metadata


def build_documents(
    dates: dg.PartitionsDefinition[str], freshness: dg.FreshnessPolicy
) -> dg.AssetsDefinition:
    """Return the asset over the billing dates, which is to be as fresh as a policy says."""

    @dg.asset(
        deps=["invoices"],
        partitions_def=dates,
        backfill_policy=ONE_RUN_PER_DATE,
        freshness_policy=freshness,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"postgres", "typst", "jinja2"},
        tags=TAGS,
        pool=POOL,
        code_version="1",
        metadata=table_metadata("documents"),
        description=(
            "One document for each invoice of a billing date, and printed proofs, one per language and "
            "template. A template that cannot print fails here, before anything is sent."
        ),
    )
    def documents(
        context: dg.AssetExecutionContext, billing: dg.ResourceParam[BillingResource]
    ) -> dg.MaterializeResult[None]:
        from billing_assets.wiring.asset_charts import AssetCharts

        with billing.open() as program:
            charts = AssetCharts(program)
            for billing_date in billing_dates_of(context):
                result = program.print(billing_date, progress=LogProgress(context.log.info))
                facts = step_metadata(result)
                facts |= chart_metadata("chart", charts.documents(facts))
                context.add_asset_metadata(facts, partition_key=billing_date.isoformat())
        return dg.MaterializeResult()

    return documents
