"""``billing deliver`` and ``billing deliveries``: sending what waits, and what did not arrive.

Belongs here: the two commands. Does not belong here: the order of sending (``steps.deliver_documents``).
"""

from datetime import date
from typing import Annotated

import typer

from billing_assets.cli.arguments import AnyDay, Json, Limit, iso_date, open_desk
from billing_assets.cli.deliveries import reason_words
from billing_assets.cli.failures import ExitCode
from billing_assets.cli.interrupts import stop_on_request
from billing_assets.cli.output import Screen, instant, state_cell

EPILOG = "billing deliver\n\nbilling deliver 2025-01-31"
LIST_EPILOG = "billing deliveries\n\nbilling deliveries --state unknown"

_WORDS = {
    "sent_count": "sent",
    "failed_count": "refused",
    "waiting_count": "to be tried again",
    "unknown_count": "may or may not have arrived",
    "without_address_count": "without an address",
    "interrupted_count": "left over by a sender that died",
}
NEEDS_A_LOOK = ("failed_count", "waiting_count", "unknown_count", "interrupted_count")
"""Facts of a delivery that somebody has to look at."""


def send(billing_date: AnyDay = None, as_json: Json = False) -> None:
    """Send what waits to be sent: of one billing date, or all of it.

    Documents are made where they are missing, and every check passes before anything leaves. What was sent is
    never sent again.
    """
    screen = Screen(as_json)
    again = f"billing deliver {billing_date or ''}".strip()
    with (
        open_desk(screen) as desk,
        stop_on_request(
            f"send the rest: {again}", lambda: screen.warn("stopping after this batch ...")
        ) as stop,
        screen.progress("delivering") as progress,
    ):
        billing = desk.billing
        billing.print(billing_date, progress=stop.checked(progress))
        facts = billing.send(billing_date, progress=stop.checked(progress)).facts
    screen.document(dict(facts))
    rows = [[words, f"{int(facts[name]):,}"] for name, words in _WORDS.items() if facts[name]]
    if rows:
        screen.table(["messages", ">count"], rows)
    else:
        screen.say("Nothing waited to be sent.")
    if any(facts[name] for name in NEEDS_A_LOOK):
        screen.hint("which and why: billing deliveries")
        raise typer.Exit(ExitCode.ATTENTION)


def show(
    state: Annotated[
        str, typer.Option("--state", metavar="STATE", help="Only queued, sending, failed or unknown ones.")
    ] = "",
    billing_date: Annotated[
        date | None,
        typer.Option("--date", parser=iso_date, metavar="DATE", help="Only of this billing date."),
    ] = None,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """List what was not delivered, why and since when, the longest waiting first."""
    if state not in {"", "queued", "sending", "failed", "unknown"}:
        raise typer.BadParameter("it is one of queued, sending, failed, unknown", param_hint="--state")
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        counts = desk.delivery_counts()
        found = desk.undelivered(limit, state=state, billing_date=billing_date)
    screen.document({"counts": counts, "undelivered": found})
    if counts:
        screen.say("   ".join(f"{state_cell(name)} {count:,}" for name, count in counts.items()) + "\n")
    if not found:
        screen.say("Nothing is undelivered." if counts else "Nothing was queued yet.")
        return
    screen.table(
        ["invoice", "state", "since (UTC)", "owner", "why"],
        [
            [row.invoice_number, state_cell(row.state), instant(row.changed_at), row.owner, reason_words(row)]
            for row in found
        ],
        wrap=["why"],
    )
    if len(found) == limit:
        screen.hint("there are more: add --limit 1000")
