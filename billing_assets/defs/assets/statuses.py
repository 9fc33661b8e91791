"""Statuses: what became of invoices, told to other systems, of whatever date.

Belongs here: calling the steps. Does not belong here: what is told (``frames``), when (``defs.statuses``).
"""

import dagster as dg

from billing_assets.defs.conventions import GROUP, OWNERS, TAGS
from billing_assets.defs.metadata import chart_metadata, step_metadata
from billing_assets.defs.progress import LogProgress
from billing_assets.defs.resource import BillingResource
from billing_assets.defs.tables import table_metadata


def build_statuses() -> dg.AssetsDefinition:
    """Return the asset, which has no dates: it tells all that waits.

    >>> build_statuses().key.to_user_string()
    'statuses'
    """

    # Not of the pool: it locks out nobody but itself, and a night of billing is told while it goes on.
    @dg.asset(
        deps=["invoices", "deliveries", "allocations"],
        group_name=GROUP,
        owners=OWNERS,
        kinds={"postgres", "polars"},
        tags=TAGS,
        code_version="1",
        metadata=table_metadata("statuses"),
        description=(
            "What became of invoices, event by event: issued, delivered, paid, past due and so on. "
            "Materialising tells what happened since last time and sends it to the subscriptions; other "
            "systems read it at /api/v1/events."
        ),
    )
    def statuses(
        context: dg.AssetExecutionContext, billing: dg.ResourceParam[BillingResource]
    ) -> dg.MaterializeResult[None]:
        from billing_assets.wiring.asset_charts import AssetCharts
        from billing_assets.wiring.status_desk import StatusDesk

        with billing.open() as program:
            desk, progress = StatusDesk(program), LogProgress(context.log.info)
            last_number = desk.lag().last_number
            told = desk.tell(progress=progress)
            sent = desk.send(progress=progress)
            counts = desk.told_since(last_number)
            chart = chart_metadata("chart", AssetCharts(program).statuses(counts))
            lag = desk.lag()
        facts = {**step_metadata(sent), **step_metadata(told), "last_number": lag.last_number}
        kinds = {f"{kind}_count": count for kind, count in sorted(counts.items())}
        return dg.MaterializeResult(metadata={**facts, **kinds, "untold_count": lag.fact_count, **chart})

    return statuses
