"""``billing runs approve`` and ``reject``: a person decides on a run that has not begun.

Belongs here: the two decisions. Does not belong here: what they change (``steps.decide_run``), billing what
was approved (``run``).
"""

from typing import Annotated

import typer

from billing_assets.cli.arguments import Json, name_of, open_desk
from billing_assets.cli.interrupts import stop_on_request
from billing_assets.cli.output import Screen
from billing_assets.cli.run import bill_order, days_document, end_with
from billing_assets.cli.runs import show_run
from billing_assets.cli.waiting import has_unsent
from billing_assets.domain.run_decisions import RunDecision, RunDecisionOrder
from billing_assets.domain.runs import RunState

APPROVE_EPILOG = (
    "billing runs approve 12 --reason 'the fleet renewed' --approved-by 'A. Gil'\n\n"
    "billing runs approve 12 --reason 'the fleet renewed' --approved-by 'A. Gil' --deliver"
)
REJECT_EPILOG = "billing runs reject 12 --reason 'the book was doubled' --rejected-by 'A. Gil'"

_RunId = Annotated[int, typer.Argument(metavar="ID", help="Number of the run, as 'billing runs' lists it.")]
# Whoever had the run made may have asked that nothing be sent, and whoever approves it need not know.
_Deliver = Annotated[
    bool,
    typer.Option(
        "--deliver/--no-deliver",
        help="Send the documents once they are checked; if left out nothing is sent, and 'billing deliver' "
        "sends them.",
    ),
]
_Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept with the run.")]


def approve(
    run_id: _RunId,
    reason: _Reason,
    approved_by: Annotated[
        str,
        typer.Option(
            "--approved-by", metavar="NAME", help="Who approves; the login on this machine if left out."
        ),
    ] = "",
    shown: Annotated[
        str,
        typer.Option(
            "--hash", metavar="HASH", help="Only if the run still shows this hash, or one that begins so."
        ),
    ] = "",
    is_delivering: _Deliver = False,
    as_json: Json = False,
) -> None:
    """Approve a rehearsed or held run, and bill exactly what it shows; nothing is sent without --deliver.

    Where the book or a rule has moved since, so that anything else would be issued, nothing is: the run shows
    the new figures and waits for a new decision. Approving twice bills once.
    """
    screen = Screen(as_json)
    order = RunDecisionOrder(
        run_id=run_id,
        decision=RunDecision.APPROVE,
        reason=reason,
        decided_by=name_of(approved_by),
        shown_sha256=shown.lower(),
    )
    _bill(screen, order, is_quiet=not is_delivering)


def _bill(screen: Screen, order: RunDecisionOrder, *, is_quiet: bool) -> None:
    """Record an approval, then bill the date of the run; both are done once, however often they are asked."""
    mode = "--no-deliver" if is_quiet else "--deliver"
    todo = f"go on with the same command: billing runs approve {order.run_id} {mode}"
    with (
        open_desk(screen) as desk,
        stop_on_request(todo, lambda: screen.warn("stopping where nothing is half done ...")) as stop,
        screen.progress(f"billing run {order.run_id}") as progress,
    ):
        desk.billing.decide(order, progress=progress)
        stop.check()
        detail, billed = desk.run(order.run_id), []
        # What is due of the date by now is another run, which nobody has looked at.
        if detail.state != RunState.FINALISED:
            approved = desk.billing.order_of_run(order.run_id)
            billed.append(bill_order(desk, approved, is_quiet=is_quiet, stop=stop, progress=progress))
            detail = desk.run(order.run_id)
        is_unsent = is_quiet and any(has_unsent(desk, day.billing_date) for day in billed)
    screen.document({"run": detail, **days_document(billed)})
    show_run(screen, detail)
    if is_unsent:
        screen.hint(f"send: billing deliver {detail.report['billing_date']}")
    end_with(screen, billed)


def reject(
    run_id: _RunId,
    reason: _Reason,
    rejected_by: Annotated[
        str,
        typer.Option(
            "--rejected-by", metavar="NAME", help="Who rejects; the login on this machine if left out."
        ),
    ] = "",
    as_json: Json = False,
) -> None:
    """Drop the plan of a rehearsed or held run; the next run of its date, or of a later one, plans anew."""
    screen = Screen(as_json)
    order = RunDecisionOrder(
        run_id=run_id, decision=RunDecision.REJECT, reason=reason, decided_by=name_of(rejected_by)
    )
    with open_desk(screen) as desk, screen.progress("rejecting") as progress:
        result = desk.billing.decide(order, progress=progress)
    screen.document(result.facts)
    done = "was rejected before" if result.facts["is_repeat"] else "is rejected"
    screen.say(f"run {run_id} {done}; what is due is planned anew by the next run")
