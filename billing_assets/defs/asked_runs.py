"""Jobs without a partition: rehearse a date, decide on a run, bill a date in a way of its own or in part.

Belongs here: their forms in the launchpad, calling the facade.
Does not belong here: the daily flow (``assets``), what a rehearsal or a decision is (``steps``).

They have no partition: a date turns green by ``bill_date`` alone, which finds what they did and does none of
it twice.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from billing_assets.defs.conventions import POOL
from billing_assets.defs.metadata import reports_metadata, step_metadata
from billing_assets.defs.progress import LogProgress
from billing_assets.defs.rehearsals import rehearsal_metadata
from billing_assets.defs.resource import BillingResource
from billing_assets.domain.backdating import Backdating
from billing_assets.domain.errors import BillingError
from billing_assets.domain.run_decisions import RunDecision, RunDecisionOrder
from billing_assets.domain.runs import CatchUp, RunOrder, RunState
from billing_assets.domain.selections import SELECTION_FIELDS, selection_from

if TYPE_CHECKING:
    from billing_assets.steps.result import StepResult
    from billing_assets.wiring.build import Billing

Program = dg.ResourceParam[BillingResource]


class SelectionConfig(dg.Config):
    """A billing date, and which policies are billed of it; an empty list asks for nothing."""

    billing_date: str = Field(description="The billing date, as 2025-01-31.")
    product_codes: str = Field(default="", description="Only policies of these products: motor, home.")
    place_codes: str = Field(default="", description="Only policies of these places: ES, GB.")
    plan_codes: str = Field(default="", description="Only policies of these payment plans: monthly.")
    payer_groups: str = Field(default="", description="Only policies of payers of these groups: fleet.")
    template: str = Field(default="", description="Print by the company's templates of this name: winter.")


class DateConfig(SelectionConfig):
    """The same, and how its invoices are to be made."""

    catch_up: str = Field(
        default="",
        description="What was missed: 'per_period', an invoice for each due date, or 'one_invoice' for each "
        "policy term, of plans that bill per payer for each payer. Empty: as the run was planned.",
    )
    issuing_date: str = Field(
        default="", description="The date on the invoices, no later than today. Empty: the day of issue."
    )
    reason: str = Field(default="", description="Why the invoices carry a date long past; kept with the run.")
    approved_by: str = Field(default="", description="Who approved that date; kept with the run.")


class BillConfig(DateConfig):
    """The same, and whether the documents go out."""

    deliver: bool = Field(default=True, description="Whether the documents are sent once they are checked.")


class ApproveConfig(dg.Config):
    """A decision on a run, for it."""

    run_id: int = Field(description="The number of the run, as its rehearsal shows it.")
    reason: str = Field(description="Why; kept with the run.")
    approved_by: str = Field(description="Who approves; kept with the run.")
    shown_hash: str = Field(
        default="", description="Only if the run still shows this hash, or one that begins so."
    )
    deliver: bool = Field(
        default=False,
        description="Whether the documents are sent once they are checked; else 'billing deliver' does.",
    )


class RejectConfig(dg.Config):
    """A decision on a run, against it."""

    run_id: int = Field(description="The number of the run, as its rehearsal shows it.")
    reason: str = Field(description="Why; kept with the run.")
    rejected_by: str = Field(description="Who rejects; kept with the run.")


def build_asked_runs() -> list[dg.JobDefinition]:
    """Return the jobs.

    >>> [job.name for job in build_asked_runs()]
    ['rehearse', 'approve_run', 'reject_run', 'bill_once', 'bill_selection']
    """
    return [_rehearse_job, _approve_job, _reject_job, _bill_job, _selection_job]


@dg.op(pool=POOL, description="Prices a date as its run would and shows what it comes to; nothing is issued.")
def rehearse_date(context: dg.OpExecutionContext, config: DateConfig, billing: Program) -> None:
    """Plan a date with all its prices."""
    with billing.open() as program:
        order = _order_of(program, config)
        planned = program.plan(order, progress=LogProgress(context.log.info))
        context.add_output_metadata({**step_metadata(planned), **_rehearsal_of(program, planned)})


@dg.op(pool=POOL, description="Approves a rehearsed or held run and bills exactly what it shows.")
def approve(context: dg.OpExecutionContext, config: ApproveConfig, billing: Program) -> None:
    """Record the approval, then bill; both are done once, however often they are asked."""
    from billing_assets.wiring.desk import Desk

    decision = RunDecisionOrder(
        run_id=config.run_id,
        decision=RunDecision.APPROVE,
        reason=config.reason,
        decided_by=config.approved_by,
        shown_sha256=config.shown_hash.lower(),
    )
    with billing.open() as program:
        _decide(context, program, decision)
        # What is due of the date by now is another run, which nobody has looked at.
        if Desk(program).run(config.run_id).state != RunState.FINALISED:
            _bill(context, program, program.order_of_run(config.run_id), deliver=config.deliver)


@dg.op(
    pool=POOL, description="Drops the plan of a rehearsed or held run; the next run of its date plans anew."
)
def reject(context: dg.OpExecutionContext, config: RejectConfig, billing: Program) -> None:
    """Record the rejection."""
    decision = RunDecisionOrder(
        run_id=config.run_id,
        decision=RunDecision.REJECT,
        reason=config.reason,
        decided_by=config.rejected_by,
    )
    with billing.open() as program:
        _decide(context, program, decision)


@dg.op(
    pool=POOL, description="Bills a date from policy book to mailbox, dated or caught up as the form says."
)
def bill(context: dg.OpExecutionContext, config: BillConfig, billing: Program) -> None:
    """Bill a date as an order of its own says."""
    with billing.open() as program:
        _bill(context, program, _order_of(program, config), deliver=config.deliver)


@dg.op(
    pool=POOL,
    description="Bills of a date the policies of a selection, from policy book to mailbox.",
)
def bill_selected(context: dg.OpExecutionContext, config: SelectionConfig, billing: Program) -> None:
    """Bill a selection of a date; without one, nothing: the whole date is the work of its partition."""
    with billing.open() as program:
        order = _selected(program.order(day_of(config.billing_date, "billing_date")), config)
        if order.selection.is_everything:
            raise BillingError(
                "selection_empty",
                "no product, place, plan or payer group is given",
                "give one, or materialise the date, which bills every policy",
            )
        _bill(context, program, order, deliver=True)


def _order_of(program: "Billing", config: DateConfig) -> RunOrder:
    issuing = config.issuing_date.strip()
    order = program.order(
        day_of(config.billing_date, "billing_date"),
        day_of(issuing, "issuing_date") if issuing else None,
        Backdating(reason=config.reason, approved_by=config.approved_by),
        _catch_up(config.catch_up),
    )
    return _selected(order, config)


def _selected(order: RunOrder, config: SelectionConfig) -> RunOrder:
    texts = {name: getattr(config, name) for name in SELECTION_FIELDS}
    return replace(order, selection=selection_from(texts), template_name=config.template.strip())


def day_of(text: str, field: str) -> date:
    """Return the day that a field of a form says; raises ``date_unclear``.

    >>> day_of(" 2025-01-31 ", "billing_date")
    datetime.date(2025, 1, 31)
    """
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise BillingError(
            "date_unclear", f"{field} is {text!r}, which is no date", "write it as 2025-01-31"
        ) from error


def _catch_up(text: str) -> CatchUp | None:
    wanted = text.strip()
    if wanted and wanted not in {each.value for each in CatchUp}:
        known = " or ".join(each.value for each in CatchUp)
        raise BillingError("catch_up_unknown", f"catch_up is {wanted!r}", f"write {known}, or leave it empty")
    return CatchUp(wanted) if wanted else None


def _decide(context: dg.OpExecutionContext, program: "Billing", decision: RunDecisionOrder) -> None:
    decided = program.decide(decision, progress=LogProgress(context.log.info))
    context.add_output_metadata(dict(decided.facts))


def _bill(context: dg.OpExecutionContext, program: "Billing", order: RunOrder, *, deliver: bool) -> None:
    """Run every step of the order and tell what the runs of its date have done."""
    results = list(program.run(order, is_quiet=not deliver, progress=LogProgress(context.log.info)))
    reports = program.run_reports(order.billing_date)
    context.add_output_metadata({**reports_metadata(reports, program.run_chart), **_steps(results)})


def _steps(results: Iterable["StepResult"]) -> dict[str, object]:
    """Return what each step of this very job did, its name before each fact."""
    return {
        f"{result.step}_{name}": value for result in results for name, value in step_metadata(result).items()
    }


def _rehearsal_of(program: "Billing", planned: "StepResult") -> dict[str, object]:
    from billing_assets.wiring.desk import Desk

    run_id = planned.facts.get("run_id")
    if run_id is None:
        return {}
    desk = Desk(program)
    return rehearsal_metadata(desk.run(int(run_id)), desk.rehearsal_chart)


@dg.job(
    name="rehearse",
    description="Shows what the run of a date would issue, beside the bills before; nothing is issued.",
)
def _rehearse_job() -> None:
    rehearse_date()


@dg.job(name="approve_run", description="Approves a rehearsed or held run, and bills exactly what it shows.")
def _approve_job() -> None:
    approve()


@dg.job(name="reject_run", description="Drops the plan of a rehearsed or held run.")
def _reject_job() -> None:
    reject()


@dg.job(
    name="bill_once",
    description="Bills one date with an issue date, a reason or a way to catch up of its own. Afterwards "
    "materialise the date: that finds all of it done, and checks it.",
)
def _bill_job() -> None:
    bill()


@dg.job(
    name="bill_selection",
    description="Bills of one date the policies of a selection, as a schedule with a selection does. The "
    "date itself bills the rest, and turns green by that alone.",
)
def _selection_job() -> None:
    bill_selected()
