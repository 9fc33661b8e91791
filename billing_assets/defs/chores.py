"""Jobs of activities that are of no billing date: sending what waits, retrying, allocating, checking all.

Belongs here: calling the facade. Does not belong here: when they are done (``activities``).
"""

import dagster as dg

from billing_assets.defs.conventions import POOL
from billing_assets.defs.metadata import step_metadata
from billing_assets.defs.progress import LogProgress
from billing_assets.defs.resource import BillingResource

Program = dg.ResourceParam[BillingResource]


@dg.op(
    pool=POOL,
    description="Sends what is due in the outbox, date by date, each behind its checks; then writes what "
    "goes by post, where BILLING_PRINT_FOLDER is set.",
)
def retry_waiting(context: dg.OpExecutionContext, billing: Program) -> None:
    """Send what still waits."""
    sent: dict[str, object] = {}
    with billing.open() as program:
        for day in program.waiting_dates(is_due_only=True):
            sending = program.send(day, is_due_only=True, progress=LogProgress(context.log.info))
            facts = step_metadata(sending)
            sent |= {f"{day.isoformat()}_{name}": value for name, value in facts.items()}
        if program.settings.print_folder is not None:
            from billing_assets.wiring.letters import LetterDesk

            sent |= step_metadata(LetterDesk(program).post(progress=LogProgress(context.log.info)))
        context.add_output_metadata(sent)


@dg.op(pool=POOL, description="Tries what failed and is due to be tried again, each thing once.")
def retry_failed(context: dg.OpExecutionContext, billing: Program) -> None:
    """Retry what failed; what is due by then is looked up when it begins."""
    from billing_assets.wiring.on_demand import OnDemandDesk

    with billing.open() as program:
        result = OnDemandDesk(program).retry(progress=LogProgress(context.log.info))
        context.add_output_metadata(step_metadata(result))


@dg.op(
    pool=POOL,
    description="Lets what is free of payments pay what is due: what its payer names, then the oldest due.",
)
def allocate_free(context: dg.OpExecutionContext, billing: Program) -> None:
    """Allocate as of the day on which it is done."""
    from billing_assets.wiring.payment_desk import PaymentDesk

    with billing.open() as program:
        context.add_output_metadata(step_metadata(PaymentDesk(program).allocate(None)))


@dg.op(pool=POOL, description="Asks for every offender against every invariant, over everything.")
def check_everything(context: dg.OpExecutionContext, billing: Program) -> None:
    """Check every invariant, and fail where one is broken."""
    with billing.open() as program:
        results = program.audit(progress=LogProgress(context.log.info))
    broken = {each.check.check_id: each.offender_count for each in results if each.offender_count}
    context.add_output_metadata({"check_count": len(results), "broken": broken})
    if broken:
        raise dg.Failure(
            f"broken: {', '.join(broken)}; 'billing audit' names the offenders", allow_retries=False
        )


@dg.job(name="retry_deliveries", description="Sends what still waits in the outbox, of any billing date.")
def _retry_job() -> None:
    retry_waiting()


@dg.job(
    name="retry_failed_invoices",
    description="Tries what failed and is due to be tried again; after the last attempt a person has it.",
)
def _failed_job() -> None:
    retry_failed()


@dg.job(name="allocate_payments", description="Allocates what is free of payments, of any billing date.")
def _allocation_job() -> None:
    allocate_free()


@dg.job(name="check_invariants", description="Checks every invariant over everything that is stored.")
def _check_job() -> None:
    check_everything()


def build_chores() -> list[dg.JobDefinition]:
    """Return the jobs.

    >>> [job.name for job in build_chores()]
    ['retry_deliveries', 'retry_failed_invoices', 'allocate_payments', 'check_invariants']
    """
    return [_retry_job, _failed_job, _allocation_job, _check_job]
