"""Jobs that a person starts for single policies or invoices: bill policies now, regenerate invoices.

Belongs here: their forms in the launchpad, calling the facade.
Does not belong here: whole dates (``asked_runs``), what is due or may be replaced (``steps``).

They have no partition: no date turns green by them. A dry run is the default, and writes nothing.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from billing_assets.defs.asked_runs import day_of
from billing_assets.defs.conventions import POOL
from billing_assets.defs.progress import LogProgress
from billing_assets.defs.resource import BillingResource
from billing_assets.domain.money import plain_amount
from billing_assets.domain.on_demand import CurrencySum, Request

if TYPE_CHECKING:
    from billing_assets.wiring.build import Billing

Program = dg.ResourceParam[BillingResource]


class PoliciesConfig(dg.Config):
    """Policies that are billed now."""

    policy_numbers: list[str] = Field(description="The numbers of the policies.")
    until: str = Field(description="What has its billing date up to this day is billed, as 2025-03-31.")
    dry_run: bool = Field(default=True, description="Whether it is only worked out; nothing is issued then.")


class RegenerateConfig(dg.Config):
    """Invoices that are given back, each with another in its place."""

    invoice_numbers: list[str] = Field(description="The numbers of the invoices, as printed on them.")
    reason: str = Field(description="Why; printed on the credit notes and kept with each run.")
    approved_by: str = Field(description="Who approves; kept with each run.")
    even_if_same: bool = Field(
        default=False, description="Whether also an invoice is replaced that would come out as it is."
    )
    dry_run: bool = Field(default=True, description="Whether it is only worked out; nothing is issued then.")


def build_asked_invoices() -> list[dg.JobDefinition]:
    """Return the jobs.

    >>> [job.name for job in build_asked_invoices()]
    ['invoice_policies', 'regenerate_invoices']
    """
    return [_policies_job, _regenerate_job]


@dg.op(pool=POOL, description="Bills policies up to a day of their own, or shows what that comes to.")
def bill_policies(context: dg.OpExecutionContext, config: PoliciesConfig, billing: Program) -> None:
    """Bill what the policies have due up to a day, in one run."""
    from billing_assets.wiring.on_demand import OnDemandDesk

    until = day_of(config.until, "until")
    asked = [Request(policy_number=number.strip(), until=until) for number in config.policy_numbers]
    with billing.open() as program:
        desk = OnDemandDesk(program)
        if config.dry_run:
            previews = desk.preview(asked)
            sums = _sums(each for preview in previews for each in preview.sums)
            billed = sum(bool(preview.sums) for preview in previews)
            context.add_output_metadata({"dry_run": True, "policies_billed": billed, **sums})
            return
        answers = desk.invoice_all(asked)
        numbers = [desk.numbers_of(answer) for answer in answers]
        context.add_output_metadata(
            {
                "dry_run": False,
                "policies_billed": sum(bool(each) for each in numbers),
                "documents": ", ".join(sorted({number for each in numbers for number in each})) or "none",
                "waiting": sum(answer.is_waiting for answer in answers),
            }
        )


@dg.op(pool=POOL, description="Gives invoices back, each with another in its place, or shows what that is.")
def replace_invoices(context: dg.OpExecutionContext, config: RegenerateConfig, billing: Program) -> None:
    """Replace the invoices one by one, each in a run of its own; a refused one ends the job."""
    with billing.open() as program:
        told = {}
        for number in config.invoice_numbers:
            told[number.strip()] = _replaced(context, program, config, number.strip())
        context.add_output_metadata({"dry_run": config.dry_run, **told})


def _replaced(
    context: dg.OpExecutionContext, program: "Billing", config: RegenerateConfig, number: str
) -> str:
    from billing_assets.wiring.replacements import outcome_record, regenerate, replacement_order

    order = replacement_order(
        program,
        number,
        reason=config.reason,
        approved_by=config.approved_by,
        is_forced=config.even_if_same,
    )
    outcome = regenerate(program, order, is_dry_run=config.dry_run, progress=LogProgress(context.log.info))
    found = outcome_record(outcome, is_dry_run=config.dry_run)
    note, invoice = found["credit_note"], found["invoice"]
    back, new = (
        f"{plain_amount(each['payable_minor'], each['currency'])} {each['currency']}"
        for each in (note, invoice)
    )
    name = f"{invoice['number']}: " if invoice["number"] else ""
    return f"{name}{back} given back, {new} billed; otherwise: {', '.join(found['changes']) or 'nothing'}"


def _sums(rows: Iterable[CurrencySum]) -> dict[str, str]:
    """Return currency -> what it comes to, with its taxes."""
    totals: dict[str, int] = {}
    for row in rows:
        totals[row.currency] = totals.get(row.currency, 0) + row.total_minor
    return {f"total_{code.lower()}": plain_amount(total, code) for code, total in sorted(totals.items())}


@dg.job(
    name="invoice_policies",
    description="Bills single policies now, up to a day; the run of that day finds them billed.",
)
def _policies_job() -> None:
    bill_policies()


@dg.job(
    name="regenerate_invoices",
    description="Gives issued invoices back in full and issues another in the place of each.",
)
def _regenerate_job() -> None:
    replace_invoices()
