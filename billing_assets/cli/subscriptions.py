"""``billing subscriptions``: which endpoints are sent what became of invoices.

Belongs here: the commands. Does not belong here: endpoints (``endpoints``), the events (``statuses``).
"""

from typing import Annotated

import typer

from billing_assets.cli.arguments import By, Json, Limit, name_of, open_desk
from billing_assets.cli.deliveries import code_words
from billing_assets.cli.output import Screen, instant, state_cell
from billing_assets.domain.status_subscriptions import StatusDecision, SubscriptionState
from billing_assets.domain.statuses import StatusKind, kinds_of

app = typer.Typer(no_args_is_help=True, help="Send what became of invoices to endpoints.")

_Code = Annotated[str, typer.Argument(metavar="CODE", help="The code of the subscription.")]
_Event = Annotated[int, typer.Argument(metavar="EVENT", min=1, help="The number of the event.")]
_Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; kept for ever.")]


@app.command("add", epilog="billing subscriptions add broker-7-paid --endpoint broker-7 --kind paid")
def add(
    code: _Code,
    endpoint: Annotated[
        str, typer.Option("--endpoint", metavar="CODE", help="An endpoint, as 'billing endpoints' has it.")
    ],
    kinds: Annotated[
        list[str] | None,
        typer.Option("--kind", metavar="KIND", help=f"Only these, again for more: {', '.join(StatusKind)}."),
    ] = None,
    from_number: Annotated[
        int | None,
        typer.Option(
            "--from", min=1, metavar="EVENT", help="Begin with this event; with the next, if left out."
        ),
    ] = None,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Send an endpoint the events of invoices, of all kinds or some, from now on or from an event on."""
    from billing_assets.wiring.status_desk import StatusDesk

    screen = Screen(as_json)
    wanted = kinds_of(kinds or [])
    after = None if from_number is None else from_number - 1
    with open_desk(screen) as desk:
        added = StatusDesk(desk.billing).subscribe(code, endpoint, wanted, after_number=after, by=name_of(by))
    screen.document({"subscription": added})
    screen.say(f"{code}: {endpoint} is sent every event from {added.begins_after + 1:,} on")
    screen.hint("Dagster's sensor sends by itself; or now: billing statuses tell")


@app.command("list", epilog="billing subscriptions list --all")
def listed(
    is_all: Annotated[bool, typer.Option("--all", help="Those that are retired too.")] = False,
    as_json: Json = False,
) -> None:
    """List the subscriptions with how far behind each is, and what was refused."""
    from billing_assets.wiring.status_desk import StatusDesk

    screen = Screen(as_json)
    with open_desk(screen) as desk:
        found = StatusDesk(desk.billing).listed(with_retired=is_all)
    screen.document({"subscriptions": found})
    if not found:
        screen.say("There is no subscription yet.")
        return
    screen.table(
        ["code", "endpoint", "state", "kinds", ">behind", ">waiting", ">failed", "oldest (UTC)"],
        [
            [
                row.subscription_code,
                row.endpoint_code,
                row.state,
                "all" if len(row.event_kinds) == len(StatusKind) else ", ".join(row.event_kinds),
                row.behind_count,
                row.waiting_count,
                row.failed_count,
                instant(row.oldest_at) if row.oldest_at else "",
            ]
            for row in found
        ],
        wrap=["kinds"],
    )
    if any(row.failed_count for row in found):
        screen.hint("what failed: billing subscriptions show CODE")


@app.command("show", epilog="billing subscriptions show broker-7-paid")
def show(code: _Code, limit: Limit = 20, as_json: Json = False) -> None:
    """List what a subscription was refused, and what it holds back behind that."""
    from billing_assets.wiring.status_desk import StatusDesk

    screen = Screen(as_json)
    with open_desk(screen) as desk:
        found = StatusDesk(desk.billing).waiting(code, limit=limit)
    screen.document({"events": found})
    if not found:
        screen.say(f"{code}: nothing is refused or held back")
        return
    screen.table(
        [">event", "policy", "state", ">attempts", "next (UTC)", "owner", "why"],
        [
            [
                row.event_number,
                ", ".join(row.policy_numbers),
                state_cell(row.state),
                row.attempt_count,
                instant(row.next_attempt_at) if row.next_attempt_at else "",
                row.owner,
                code_words(row.reason_code),
            ]
            for row in found
        ],
        wrap=["why"],
    )
    screen.hint(f"try one again: billing subscriptions again {code} EVENT; go on without it: skip")


@app.command("pause", epilog='billing subscriptions pause broker-7-paid --why "they move their servers"')
def pause(code: _Code, why: _Why = "", by: By = "", as_json: Json = False) -> None:
    """Send nothing until it goes on; what happens meanwhile waits."""
    _set_state(code, SubscriptionState.PAUSED, why, by, as_json)


@app.command("resume", epilog='billing subscriptions resume broker-7-paid --why "they are back"')
def resume(code: _Code, why: _Why = "", by: By = "", as_json: Json = False) -> None:
    """Let a paused subscription go on, with what has waited."""
    _set_state(code, SubscriptionState.ACTIVE, why, by, as_json)


@app.command("retire", epilog='billing subscriptions retire broker-7-paid --why "the contract ended"')
def retire(code: _Code, why: _Why = "", by: By = "", as_json: Json = False) -> None:
    """End a subscription for good; what it was sent stays on record."""
    _set_state(code, SubscriptionState.RETIRED, why, by, as_json)


@app.command("again", epilog='billing subscriptions again broker-7-paid 1200 --why "they mended it"')
def again(code: _Code, event: _Event, why: _Why = "", by: By = "", as_json: Json = False) -> None:
    """Try an event again that was refused, with all attempts anew."""
    _decide(code, event, StatusDecision.AGAIN, why, by, as_json)


@app.command("skip", epilog='billing subscriptions skip broker-7-paid 1200 --why "they have it by mail"')
def skip(code: _Code, event: _Event, why: _Why = "", by: By = "", as_json: Json = False) -> None:
    """Go on without an event that was refused; later ones of its policy are sent."""
    _decide(code, event, StatusDecision.SKIP, why, by, as_json)


def _set_state(code: str, state: SubscriptionState, why: str, by: str, as_json: bool) -> None:
    from billing_assets.wiring.status_desk import StatusDesk

    screen = Screen(as_json)
    with open_desk(screen) as desk:
        StatusDesk(desk.billing).set_state(code, state, reason=why, by=name_of(by))
    screen.document({"subscription_code": code, "state": state.value})
    screen.say(f"{code}: {state.value}")


def _decide(code: str, event: int, decision: StatusDecision, why: str, by: str, as_json: bool) -> None:
    from billing_assets.wiring.status_desk import StatusDesk

    screen = Screen(as_json)
    with open_desk(screen) as desk:
        StatusDesk(desk.billing).decide(code, event, decision, reason=why, by=name_of(by))
    screen.document({"subscription_code": code, "event_number": event, "decision": decision.value})
    words = "is tried again" if decision is StatusDecision.AGAIN else "is left out"
    screen.say(f"{code}: event {event:,} {words}")
    screen.hint("send what is due: billing statuses tell")
