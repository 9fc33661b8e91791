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
from billing_assets.domain.on_demand import REQUEST_REASONS, RequestState

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
    words = REQUEST_REASONS.get(answer.reason_code, answer.reason_code)
    if answer.state is RequestState.FAILED:
        found = f"policy {policy[:40]} is not billed: {words}"
        raise BillingError(answer.reason_code, found, "nothing was issued; put that right and ask again")
    screen.document(
        {
            "policy_number": policy,
            "state": answer.state,
            "reason_code": answer.reason_code,
            "until": answer.until,
            "run_id": answer.run_id,
            "invoice_numbers": numbers,
        }
    )
    if numbers:
        screen.say(f"{', '.join(numbers)}  policy {policy}, billing dates up to {answer.until}")
        screen.hint("send: billing deliver")
        return
    screen.say(f"No invoice for policy {policy}: {words}")
    if answer.state is RequestState.WAITING:
        screen.hint("the request is in the inbox: billing inbox drain")
