"""Invoices: what is due on a billing date, issued exactly once, with legal numbers.

Belongs here: calling the step for each date.
Does not belong here: pricing (``frames``), numbering (``store``).
"""

import dagster as dg

from billing_assets.defs.conventions import GROUP, ONE_RUN_PER_DATE, OWNERS, POOL, TAGS
from billing_assets.defs.metadata import reports_metadata, step_metadata
from billing_assets.defs.partitions import billing_dates_of
from billing_assets.defs.progress import LogProgress
from billing_assets.defs.resource import BillingResource

_COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("invoice_number", "int", description="consecutive in its series, without a gap"),
        dg.TableColumn("issue_date", "date", description="never runs backwards along the numbers"),
        dg.TableColumn("due_date", "date", description="when the payer owes it"),
        dg.TableColumn("currency", "string", description="ISO 4217"),
        dg.TableColumn("net_minor", "int", description="sum of the lines, minor units of currency"),
        dg.TableColumn("tax_minor", "int", description="sum of the taxes, minor units of currency"),
        dg.TableColumn("total_minor", "int", description="net and tax, minor units of currency"),
    ]
)


def build_invoices(dates: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """Return the asset over the billing dates."""

    @dg.asset(
        deps=["due_charges"],
        partitions_def=dates,
        backfill_policy=ONE_RUN_PER_DATE,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"postgres", "polars"},
        tags=TAGS,
        pool=POOL,
        code_version="1",
        metadata={"dagster/column_schema": _COLUMNS},
        description=(
            "The invoices of a billing date. Once numbered they are records and never edited; materialising "
            "a date again issues only what is not issued yet, most times nothing. The checks on this asset "
            "stop documents and deliveries when an invariant is broken."
        ),
    )
    def invoices(
        context: dg.AssetExecutionContext, billing: dg.ResourceParam[BillingResource]
    ) -> dg.MaterializeResult[None]:
        with billing.open() as program:
            for billing_date in billing_dates_of(context):
                result = program.invoice(program.order(billing_date), progress=LogProgress(context.log.info))
                of_date = reports_metadata(program.run_reports(billing_date), program.run_chart)
                facts = step_metadata(result)
                now = {"newly_issued_count": facts["invoice_count"], "seconds": facts["seconds"]}
                context.add_asset_metadata({**of_date, **now}, partition_key=billing_date.isoformat())
        return dg.MaterializeResult()

    return invoices
