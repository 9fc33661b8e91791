"""``billing statuses``: what became of invoices, told to other systems.

Belongs here: telling, sending, looking and replaying. Does not belong here: subscriptions
(``subscriptions``), which events there are (``frames.statuses``).
"""

from typing import Annotated

import typer

from billing_assets.cli.arguments import Before, By, Json, Limit, hint_next_page, name_of, open_desk
from billing_assets.cli.output import Screen, amount, count_of
from billing_assets.domain.list_pages import page_of
from billing_assets.domain.statuses import StatusKind, kinds_of

app = typer.Typer(no_args_is_help=True, help="Tell other systems what became of invoices.")

_Kind = Annotated[str, typer.Option("--kind", metavar="KIND", help=f"Only these: {', '.join(StatusKind)}.")]
_Invoice = Annotated[str, typer.Option("--invoice", metavar="NUMBER", help="Only of this invoice.")]
_Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; kept for ever.")]


@app.command("tell", epilog="billing statuses tell")
def tell(
    is_send: Annotated[
        bool, typer.Option("--send/--no-send", help="Send the events to the subscriptions as well.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Tell what happened since last time, and send it; cheap where nothing did.

    Dagster's sensor does it by itself. What was interrupted goes on with the same command.
    """
    from billing_assets.wiring.status_desk import StatusDesk

    screen = Screen(as_json)
    with open_desk(screen) as desk, screen.progress("telling") as progress:
        statuses = StatusDesk(desk.billing)
        facts = dict(statuses.tell(progress=progress).facts)
        if is_send:
            facts |= statuses.send(progress=progress).facts
    screen.document(facts)
    told = count_of(int(facts["event_count"]), "event")
    screen.say(f"{told} told, {int(facts['past_due_count']):,} of them past due")
    if is_send:
        names = {"sent": "sent", "refused": "tried again later", "failed": "failed", "held_back": "held back"}
        screen.say(", ".join(f"{int(facts[f'{name}_count']):,} {words}" for name, words in names.items()))
        if facts["failed_count"] or facts["unreachable_count"]:
            screen.hint("what waits for a person: billing subscriptions list")


@app.command(
    "list", epilog="billing statuses list --kind past_due\n\nbilling statuses list --invoice INV-00000001"
)
def listed(
    kind: _Kind = "",
    invoice: _Invoice = "",
    before: Before = None,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """List the events that were told, the newest first, and say how far telling is behind."""
    from billing_assets.wiring.status_desk import StatusDesk

    screen = Screen(as_json)
    wanted = kinds_of([kind])[0].value if kind else ""
    with open_desk(screen) as desk:
        statuses = StatusDesk(desk.billing)
        lag = statuses.lag()
        events = statuses.events(kind=wanted, invoice_number=invoice, before_number=before, limit=limit + 1)
    found, following = page_of(events, limit, lambda row: row.event_number)
    screen.document({"events": found, "before": following, "untold_count": lag.fact_count})
    if not found:
        screen.say("No event fits.")
    else:
        screen.table(
            [">event", "status", "invoice", "policy", ">amount", ">open", "day", "by"],
            [
                [
                    row.event_number,
                    row.event_kind.value,
                    row.invoice_number,
                    ", ".join(row.policy_numbers),
                    amount(row.amount_minor, row.currency),
                    amount(row.open_minor, row.currency),
                    row.occurred_date,
                    row.channel or row.related_number or row.reason_code,
                ]
                for row in found
            ],
        )
        hint_next_page(screen, following)
    if lag.fact_count:
        screen.hint(f"{count_of(lag.fact_count, 'fact')} not told yet: billing statuses tell")


@app.command("replay", epilog='billing statuses replay broker-7 --from 1200 --why "their queue was lost"')
def replay(
    subscription: Annotated[str, typer.Argument(metavar="CODE", help="The code of the subscription.")],
    from_number: Annotated[
        int, typer.Option("--from", min=1, metavar="EVENT", help="The first event that is sent again.")
    ],
    why: _Why = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Send a subscription everything again from an event on, in order and with the same ids.

    It goes with the next telling. A receiver that keeps ids drops what it has.
    """
    from billing_assets.wiring.status_desk import StatusDesk

    screen = Screen(as_json)
    with open_desk(screen) as desk, screen.progress("setting back") as progress:
        found = StatusDesk(desk.billing).replay(
            subscription, from_number, reason=why, by=name_of(by), progress=progress
        )
    first = found.settled_number + 1
    screen.document({"subscription_code": subscription, "from_number": first})
    screen.say(f"{subscription}: everything from event {first:,} on is sent again")
    screen.hint("send it now: billing statuses tell")
