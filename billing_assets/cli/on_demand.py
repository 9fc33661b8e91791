"""``billing invoices request``: bill one policy now.

Belongs here: which policy and up to when, and what is shown of the answer.
Does not belong here: what is due (``frames``), the order of work (``steps.invoice_on_demand``).
"""

from datetime import date
from typing import Annotated

import typer

from billing_assets.cli.arguments import Json, iso_date, open_desk
from billing_assets.cli.output import Screen
from billing_assets.domain.errors import BillingError
from billing_assets.domain.on_demand import Answer, RequestState, reason_words

EPILOG = "billing invoices request ES-00000042\n\nbilling invoices request ES-00000042 --until 2025-03-31"


def request(
    policy: Annotated[str, typer.Argument(metavar="POLICY", help="Number of the policy.")],
    until: Annotated[
        date | None,
        typer.Option(
            "--until",
            parser=iso_date,
            metavar="DATE",
            help="Bill what has its billing date up to this day; the next installment if left out.",
        ),
    ] = None,
    as_of: Annotated[
        date | None,
        typer.Option("--date", parser=iso_date, metavar="DATE", help="Business date; today if left out."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Bill one policy now, however far ahead its billing date lies; the run of that date bills the rest.

    The invoice has a number of its own series and leaves by e-mail with the next 'billing deliver'. Where a
    run under way is about to bill the policy, the request waits in the inbox.
    """
    from billing_assets.wiring.on_demand import OnDemandDesk

    screen = Screen(as_json)
    with open_desk(screen) as desk, screen.waiting("billing the policy"):
        on_demand = OnDemandDesk(desk.billing)
        answer = on_demand.invoice(policy, until, billing_date=as_of)
        numbers = on_demand.numbers_of(answer)
    words = reason_words(answer.reason_code, answer.run_id)
    if answer.state is RequestState.FAILED:
        raise _refusal(policy, answer, words)
    screen.document(
        {
            "policy_number": policy,
            "state": answer.state,
            "reason_code": answer.reason_code,
            "until": answer.until,
            "run_id": answer.run_id,
            "request_id": answer.request.request_id or None,
            "invoice_numbers": numbers,
        }
    )
    if numbers:
        screen.say(f"{', '.join(numbers)}  policy {policy}, billing dates up to {answer.until}")
        screen.hint("send: billing deliver")
        return
    screen.say(f"No invoice for policy {policy}: {words}")
    if answer.state is RequestState.WAITING:
        screen.hint(f"the request is number {answer.request.request_id} of the inbox: billing inbox drain")


def _refusal(policy: str, answer: Answer, words: str) -> BillingError:
    kept = f"; run {answer.run_id} keeps it as failed or held" if answer.run_id else ""
    return BillingError(
        answer.reason_code,
        f"policy {policy[:40]} is not billed: {words}",
        f"nothing was issued{kept}; put that right and ask again",
    )
