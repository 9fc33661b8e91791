"""``billing notifications``: the messages to people, and sending again what did not get through.

Belongs here: the list, one message, sending again. Does not belong here: sending (``notify``), channels and
rules (``notification_channels``, ``notification_rules``).
"""

from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli import notification_channels, notification_rules
from billing_assets.cli.arguments import Before, By, Json, Limit, hint_next_page, name_of, open_desk
from billing_assets.cli.notify import reason_words
from billing_assets.cli.output import Screen, count_of, instant, state_cell, styled
from billing_assets.domain.deliveries import DeliveryState
from billing_assets.domain.list_pages import page_of

if TYPE_CHECKING:
    from billing_assets.store.notification_listings import MessageDetail, MessageRow

app = typer.Typer(
    help="See what people were told, and say who hears what; without a command, list the messages.",
    invoke_without_command=True,
)
app.add_typer(notification_channels.app, name="channels")
app.add_typer(notification_rules.app, name="rules")

_STATES = tuple(state.value for state in DeliveryState)


@app.callback(
    epilog="billing notifications\n\nbilling notifications --state failed\n\nbilling notifications show 7\n\n"
    "billing notifications retry 7"
)
def notifications(
    ctx: typer.Context,
    state: Annotated[
        str, typer.Option("--state", metavar="STATE", help=f"Only those that are {', '.join(_STATES)}.")
    ] = "",
    channel: Annotated[str, typer.Option("--channel", metavar="NAME", help="Only to this channel.")] = "",
    before: Before = None,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """List the messages to people, newest first, with their states."""
    if ctx.invoked_subcommand is not None:
        return
    if state and state not in _STATES:
        raise typer.BadParameter(f"it is one of {', '.join(_STATES)}", param_hint="--state")
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        from billing_assets.store.notification_listings import MessageFilter
        from billing_assets.wiring.notification_desk import NotificationDesk

        told = NotificationDesk(desk.billing)
        wanted = MessageFilter(state=state, channel_name=channel, before_id=before, limit=limit + 1)
        counts = told.message_counts()
        found, following = page_of(told.messages(wanted), limit, lambda row: row.message_id)
    screen.document({"counts": counts, "notifications": found, "before": following})
    if not found:
        screen.say("No notification fits." if counts else "Nobody was told anything yet.")
        if not counts:
            screen.hint("who hears what: billing notifications rules --help")
        return
    columns = [">id", "channel", "rule", "state", ">events", "due (UTC)", ">attempts", "what happened"]
    screen.table(columns, [_row(row) for row in found], wrap=["what happened"])
    hint_next_page(screen, following)
    if counts.get("failed") or counts.get("unknown"):
        screen.hint("send again: billing notifications retry ID, or retry --all for all that failed")


@app.command("show", epilog="billing notifications show 7")
def show(
    message_id: Annotated[int, typer.Argument(metavar="ID", help="Number of the message, as listed.")],
    as_json: Json = False,
) -> None:
    """Show one message: what it tells, and each attempt at it."""
    from billing_assets.wiring.notification_desk import NotificationDesk

    screen = Screen(as_json)
    with open_desk(screen) as desk:
        detail = NotificationDesk(desk.billing).message(message_id)
    screen.document(detail)
    row = detail.message
    screen.say(styled("[bold]notification {}[/bold]  {}", row.message_id, state_cell(row.state)))
    screen.facts(
        [
            ("channel", row.channel_name),
            ("rule", row.rule_name),
            ("company", row.company_code or "the whole store"),
            ("due (UTC)", instant(row.due_at)),
            ("next attempt (UTC)", instant(row.next_attempt_at) if row.state == "queued" else "-"),
            ("what happened", _why(row)),
            ("sent again by", row.retried_by or "-"),
        ]
    )
    _show_history(screen, detail)


@app.command("retry", epilog="billing notifications retry 7\n\nbilling notifications retry --all --by ana")
def retry(
    message_ids: Annotated[
        list[int] | None, typer.Argument(metavar="ID...", help="Numbers of the messages, as listed.")
    ] = None,
    is_all: Annotated[bool, typer.Option("--all", help="Every message that failed.")] = False,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Let messages be sent again that failed, or that may or may not have arrived.

    The latter have to be named one by one: they may then arrive twice. They leave with the next 'billing
    notify'.
    """
    from billing_assets.wiring.notification_desk import NotificationDesk

    if bool(message_ids) == is_all:
        raise typer.BadParameter("name messages, or say --all", param_hint="ID... or --all")
    screen = Screen(as_json)
    decided_by = name_of(by)
    with open_desk(screen) as desk:
        queued = NotificationDesk(desk.billing).send_again(None if is_all else message_ids, decided_by)
    screen.document({"message_ids": queued, "retried_by": decided_by})
    screen.say(f"{count_of(len(queued), 'message')} will be sent again")
    if queued:
        screen.hint("send: billing notify")


def _row(row: "MessageRow") -> list[object]:
    return [
        row.message_id,
        row.channel_name,
        row.rule_name,
        state_cell(row.state),
        row.event_count,
        instant(row.due_at),
        row.attempt_count,
        _why(row),
    ]


def _why(row: "MessageRow") -> str:
    told = reason_words(row.reason_code, row.reply_code) if row.reason_code else ""
    if row.state == "queued" and row.attempt_count:
        return f"{told}; next attempt {instant(row.next_attempt_at)} UTC".removeprefix("; ")
    return told or "-"


def _show_history(screen: Screen, detail: "MessageDetail") -> None:
    if detail.body_text:
        screen.heading(detail.message.subject)
        for line in detail.body_text.splitlines():
            screen.say(line)
    elif detail.events:
        screen.heading("Tells of")
        screen.table(
            ["since (UTC)", "severity", "what", "billing date", ">run"],
            [
                [instant(e.occurred_at), e.severity, e.event_kind, e.billing_date or "-", e.run_id or "-"]
                for e in detail.events
            ],
        )
    if detail.attempts:
        screen.heading("Attempts")
        screen.table(
            [">attempt", "begun (UTC)", "came to", ">reply", "reason"],
            [
                [
                    a.attempt_number,
                    instant(a.started_at),
                    state_cell(a.state),
                    a.reply_code or "",
                    a.reason_code,
                ]
                for a in detail.attempts
            ],
        )
