"""Due charges: what falls due on a billing date, counted before anything is issued.

Belongs here: calling the step for each date. Does not belong here: what is due (``frames.due_charges``).
"""

import dagster as dg

from billing_assets.defs.conventions import GROUP, ONE_RUN_PER_DATE, OWNERS, POOL, TAGS
from billing_assets.defs.metadata import step_metadata, totals_metadata
from billing_assets.defs.partitions import billing_dates_of
from billing_assets.defs.progress import LogProgress
from billing_assets.defs.resource import BillingResource

_COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("policy_term_id", "int", description="the term the installment belongs to"),
        dg.TableColumn("installment_number", "int", description="counted from 1 within the term"),
        dg.TableColumn("due_date", "date", description="when the payer owes it, rolled to a business day"),
        dg.TableColumn("period_from_date", "date", description="first day of the billing period"),
        dg.TableColumn("period_to_date", "date", description="day after the billing period"),
        dg.TableColumn(
            "net_minor", "int", description="premium of the covered days, minor units of currency"
        ),
        dg.TableColumn("currency", "string", description="ISO 4217"),
        dg.TableColumn("outcome", "string", description="invoiced, zero, held or failed"),
        dg.TableColumn("reason_code", "string", description="why, unless invoiced"),
    ]
)


def build_due_charges(dates: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """Return the asset over the billing dates."""

    @dg.asset(
        deps=["policy_book"],
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
            "The installments that fall due on a billing date, planned and counted, with what will become of "
            "each. Nothing is issued here: a plan is made anew until its run begins."
        ),
    )
    def due_charges(
        context: dg.AssetExecutionContext, billing: dg.ResourceParam[BillingResource]
    ) -> dg.MaterializeResult[None]:
        with billing.open() as program:
            for billing_date in billing_dates_of(context):
                result = program.plan(program.order(billing_date), progress=LogProgress(context.log.info))
                facts = {**step_metadata(result), **totals_metadata(result.totals)}
                context.add_asset_metadata(facts, partition_key=billing_date.isoformat())
        return dg.MaterializeResult()

    return due_charges
