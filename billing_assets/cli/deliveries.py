"""``billing deliveries``: what did not arrive, why, and what a person decides on it.

Belongs here: the worklist, one delivery with its history, the decisions; the reason of a state in words.
Does not belong here: sending (``deliver``), which decision a state allows (``domain.decisions``).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli.arguments import (
    Before,
    By,
    Json,
    Limit,
    Note,
    OfDate,
    hint_next_page,
    name_of,
    open_desk,
)
from billing_assets.cli.output import Screen, count_of, instant, state_cell, styled
from billing_assets.domain.decisions import DECISIONS, Decision
from billing_assets.domain.list_pages import page_of

if TYPE_CHECKING:
    from billing_assets.store.delivery_listings import DeliveryDetail, DeliveryRow, ReasonCount

app = typer.Typer(
    help="See what was not delivered and decide on it; without a command, list it.",
    invoke_without_command=True,
)

_STATES = ("queued", "sending", "failed", "unknown")

_State = Annotated[
    str,
    typer.Option("--state", metavar="STATE", help="Only those that are queued, sending, failed or unknown."),
]

_OWN_REASONS = {
    "closed_day": "made on a closed day; 'billing deliver' sends it from {send_date} on",
    "no_address": "no address for a channel that its payer takes; a policy book that has one sends it",
    "held_back": "waits for an earlier event of its policy",
    "not_fetched": "the partner did not fetch it in time",
    "sender_died": "the sender died in the middle; ask whether it arrived, it is never sent again by itself",
    "unprintable": "no font of the template has a character of it; add one to templates/_shared/fonts",
    "template_does_not_compile": "its template cannot print it; mend the template, then send it again",
    "print_failed": "it could not be printed; report it with the document's number",
    "rendering_changed": "it would go out differently from its first rendering; send it another way",
    "gave_up_after_attempts": "refused for now as often as is allowed; ask the payer, or send it again",
    "print_folder_failed": "its folder could not be written; 'billing deliveries post' does it again",
    "again_by_decision": "to be sent again, as a person decided",
    "delivered_by_decision": "it did arrive, as a person decided",
    "given_up": "given up, by a decision that 'billing deliveries show' tells",
}
_NEWER_ADDRESS = "a newer address is known"
_NEXT = {
    "at_once": "leaves with the next 'billing deliver'",
    "later": "tried again from {at} UTC on",
    "on_day": "leaves on {day}",
    "in_hand": "being sent now",
    "next_way": "goes by {way} with the next 'billing deliver'",
    "post": "in the next folder: 'billing deliveries post'",
    "fetch": "a partner fetches it; from {at} UTC on it goes by the next channel",
    "address": "leaves once a policy book has an address",
    "person": "a person decides",
    "none": "-",
}


@app.callback(
    epilog="billing deliveries\n\nbilling deliveries --state unknown\n\nbilling deliveries show 7\n\n"
    'billing deliveries resolve 7 --as again --note "the address was mended"'
)
def deliveries(
    ctx: typer.Context,
    state: _State = "",
    billing_date: OfDate = None,
    with_given_up: Annotated[bool, typer.Option("--all", help="Also those that were given up.")] = False,
    before: Before = None,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """List what was not delivered, why and since when, the longest waiting first."""
    if ctx.invoked_subcommand is not None:
        return
    if state not in {"", *_STATES}:
        raise typer.BadParameter("it is one of queued, sending, failed, unknown", param_hint="--state")
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        from billing_assets.store.delivery_listings import DeliveryFilter

        wanted = DeliveryFilter(
            state=state,
            billing_date=billing_date,
            with_given_up=with_given_up,
            after_id=before or 0,
            limit=limit + 1,
        )
        counts, given_up_count = desk.delivery_counts(), desk.given_up_count()
        reasons = desk.delivery_reasons(with_given_up=with_given_up)
        found, following = page_of(desk.undelivered(wanted), limit, lambda row: row.delivery_id)
    screen.document(
        {
            "counts": counts,
            "given_up_count": given_up_count,
            "reasons": reasons,
            "undelivered": found,
            "before": following,
        }
    )
    _show_counts(screen, counts, given_up_count)
    if not found:
        screen.say("Nothing is left to deal with." if counts else "Nothing was queued yet.")
        return
    _show_reasons(screen, reasons)
    _show_list(screen, found)
    hint_next_page(screen, following)
    screen.hint("decide: billing deliveries resolve ID --as delivered|again|given-up --note TEXT")


@app.command("show", epilog="billing deliveries show 7")
def show(
    delivery_id: Annotated[int, typer.Argument(metavar="ID", help="Number of the delivery, as listed.")],
    as_json: Json = False,
) -> None:
    """Show one delivery: its attempts, and who decided what on it."""
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        detail = desk.delivery(delivery_id)
    screen.document(detail)
    row = detail.delivery
    answer, why = f"{row.reply_code} {row.reply_text}".strip("0 "), reason_words(row)
    screen.say(styled("[bold]delivery {}[/bold]  {}", row.delivery_id, state_cell(row.state)))
    screen.facts(
        [
            ("invoice", f"{row.invoice_number}, billed {row.billing_date}"),
            ("channel", row.channel),
            ("Message-ID", f"<{row.message_id}>"),
            ("since (UTC)", instant(row.changed_at)),
            ("owner", row.owner or "-"),
            ("why", why or "-"),
            ("what next", next_words(row)),
            *([("last answer", answer)] if answer and answer != why else []),
        ]
    )
    _show_history(screen, detail)


@app.command(
    "resolve",
    epilog='billing deliveries resolve 7 --as delivered --note "found in the mail server\'s log"\n\n'
    'billing deliveries resolve 7 8 9 --as again --note "the addresses were mended"\n\n'
    'billing deliveries resolve 7 --as given-up --note "sent by post" --by ana',
)
def resolve(
    delivery_ids: Annotated[
        list[int], typer.Argument(metavar="ID...", help="Numbers of the deliveries, as listed.")
    ],
    decision: Annotated[
        Decision,
        typer.Option(
            "--as",
            metavar="DECISION",
            help="delivered: an unknown one did arrive. again: send a failed or unknown one again; an "
            "unknown one may then arrive twice. given-up: send it no more, it counts as failed.",
        ),
    ],
    note: Note,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Decide what becomes of deliveries that were refused, or may or may not have arrived.

    All of the named ones or none; what was sent is never decided on. A message that goes again keeps its
    Message-ID, goes to the payer's newest address, and leaves with the next 'billing deliver'. Decisions are
    kept for ever with note, name and instant: 'billing deliveries show ID'.
    """
    screen = Screen(as_json)
    decided_by = name_of(by)
    with open_desk(screen) as desk:
        from billing_assets.steps.delivery_ports import DecisionOrder

        order = DecisionOrder(
            delivery_ids=tuple(delivery_ids), decision=decision, note=note, decided_by=decided_by
        )
        facts = desk.billing.resolve(order).facts
    state = DECISIONS[decision].to_state.value
    screen.document(
        {**facts, "delivery_ids": sorted(set(delivery_ids)), "state": state, "decided_by": decided_by}
    )
    screen.say(styled("{}: {}", count_of(int(facts["decided_count"]), "delivery"), state_cell(state)))
    if decision is Decision.AGAIN:
        screen.hint("send: billing deliver")


def reason_words(row: "DeliveryRow") -> str:
    """Return why a delivery is in its state: the other side's reply code, the reason in words."""
    by_person = row.reason_code in {rule.reason_code for rule in DECISIONS.values()}
    if not by_person and (row.state == "sent" or not row.reason_code):
        return f"{row.reply_code} {row.reply_text}".strip("0 ")
    words = code_words(row.reason_code, str(row.send_date))
    words = words if by_person or not row.reply_code else f"{row.reply_code}: {words}"
    return f"{words}; {_NEWER_ADDRESS}" if row.has_newer_address and row.state != "sent" else words


def next_words(row: "DeliveryRow") -> str:
    """Return what happens next to a delivery, without anybody asking."""
    at = instant(row.next_attempt_at) if row.next_attempt_at else ""
    return _NEXT[row.next_step.value].format(at=at, day=row.send_date, way=row.next_way)


def _show_counts(screen: Screen, counts: Mapping[str, int], given_up_count: int) -> None:
    states = [styled("{} {}", state_cell(name), f"{count:,}") for name, count in counts.items()]
    if given_up_count:
        states.append(styled("[dim](given up {})[/dim]", f"{given_up_count:,}"))
    if states:
        screen.say(styled("   ".join("{}" for _ in states), *states))
        screen.say()


def _show_reasons(screen: Screen, reasons: "list[ReasonCount]") -> None:
    """Show the worklist in short: a reason that hundreds share is one thing to put right."""
    if len(reasons) < 2 and all(row.delivery_count < 2 for row in reasons):  # noqa: PLR2004 - one row says it
        return
    screen.table(
        ["state", ">deliveries", "since (UTC)", "why"],
        [
            [
                state_cell(row.state),
                f"{row.delivery_count:,}",
                instant(row.since),
                code_words(row.reason_code, "that day"),
            ]
            for row in reasons
        ],
        wrap=["why"],
    )
    screen.say()


def code_words(reason_code: str, send_date: str = "that day") -> str:
    """Return the words for a reason; a message that is held leaves from ``send_date`` on."""
    from billing_assets.channels import api_push, email, portal_inbox

    own = _OWN_REASONS.get(reason_code, "").format(send_date=send_date)
    meanings = {
        **portal_inbox.REASON_MEANINGS,
        **api_push.REASON_MEANINGS,
        **email.REASON_MEANINGS,
    }
    return own or meanings.get(reason_code, reason_code)


def _show_list(screen: Screen, found: "list[DeliveryRow]") -> None:
    screen.table(
        [">id", "invoice", "by", "state", "since (UTC)", ">attempts", "owner", "why", "what next"],
        [
            [
                row.delivery_id,
                row.invoice_number,
                row.channel,
                state_cell(row.state),
                instant(row.changed_at),
                row.attempt_count,
                row.owner,
                reason_words(row),
                next_words(row),
            ]
            for row in found
        ],
        wrap=["why", "what next"],
    )


def _show_history(screen: Screen, detail: "DeliveryDetail") -> None:
    if detail.attempts:
        screen.heading("Attempts")
        screen.table(
            [">attempt", "begun (UTC)", "came to", ">reply", "reason"],
            [
                [
                    row.attempt_number,
                    instant(row.started_at),
                    state_cell(row.state),
                    row.reply_code or "",
                    row.reason_code,
                ]
                for row in detail.attempts
            ],
        )
    if detail.bounces:
        screen.heading("Returned")
        screen.table(
            ["read (UTC)", "report", "status", "reason", "what it says"],
            [
                [instant(row.recorded_at), row.action, row.status, row.reason_code, row.diagnostic]
                for row in detail.bounces
            ],
            wrap=["what it says"],
        )
    if detail.decisions:
        screen.heading("Decisions")
        screen.table(
            ["decided (UTC)", "by", "decision", "before", "after", "note"],
            [
                [
                    instant(row.decided_at),
                    row.decided_by,
                    row.decision,
                    f"{row.state_before} {row.reason_before}".strip(),
                    row.state_after,
                    row.note,
                ]
                for row in detail.decisions
            ],
            wrap=["note"],
        )
