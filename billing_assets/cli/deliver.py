"""``billing deliver``: sending what waits.

Belongs here: the command. Does not belong here: the order of sending (``steps.deliver_documents``), what did
not arrive (``deliveries``).
"""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli.arguments import AnyDay, Json, open_desk
from billing_assets.cli.fact_rows import fact_rows
from billing_assets.cli.failures import ExitCode, UnfinishedError
from billing_assets.cli.interrupts import stop_on_request
from billing_assets.cli.output import Screen, count_of, instant

if TYPE_CHECKING:
    from billing_assets.steps.result import Report, StepResult
    from billing_assets.store.delivery_listings import WaitingLater

EPILOG = "billing deliver\n\nbilling deliver 2025-01-31\n\nbilling deliver --due"

_WORDS = {
    "sent_count": "sent",
    "failed_count": "refused",
    "waiting_count": "to be tried again",
    "unknown_count": "may or may not have arrived",
    "without_address_count": "without an address",
    "address_found_count": "queued again: an address is known now",
    "fallen_back_count": "go by the next channel of their payer",
    "held_count": "held until an open day or the end of a hold",
    "interrupted_count": "left over by a sender that died",
}
NEEDS_A_LOOK = ("failed_count", "waiting_count", "unknown_count", "interrupted_count")
"""Facts of a delivery that somebody has to look at."""


def send(
    billing_date: AnyDay = None,
    is_due_only: Annotated[
        bool,
        typer.Option("--due", help="Leave alone what was refused for now until its next attempt is due."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Send what waits to be sent: of one billing date, or all of it.

    Documents are made where they are missing, and every check passes before anything leaves. What was sent is
    never sent again. What was refused for now is tried at once, unless --due leaves it alone until its time,
    as the scheduled retries do. What then waits for its next attempt is told, with the time.
    """
    screen = Screen(as_json)
    done: list[StepResult] = []
    try:
        later = _send(screen, billing_date, done.append, is_due_only=is_due_only)
    except (Exception, KeyboardInterrupt) as error:
        for result in done:
            _show(screen, result.facts)
        raise UnfinishedError(dict(done[-1].facts) if done else {}) from error
    facts = done[-1].facts
    screen.document(
        {
            **facts,
            "later_count": later.delivery_count,
            "first_attempt_at": later.first_at,
            "last_attempt_at": later.last_at,
        }
    )
    _show(screen, facts, _later_words(later))
    if any(facts[name] for name in NEEDS_A_LOOK):
        screen.hint("which and why: billing deliveries")
        raise typer.Exit(ExitCode.ATTENTION)


def _send(
    screen: Screen, billing_date: date | None, report: "Report", *, is_due_only: bool
) -> "WaitingLater":
    """Send what waits; return what has its next attempt later."""
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
        billing.send(billing_date, is_due_only=is_due_only, progress=stop.checked(progress), report=report)
        return desk.waiting_later(billing_date)


def _later_words(later: "WaitingLater") -> str:
    """Return how many messages wait for their time, and until when; empty where none does."""
    if not later.delivery_count:
        return ""
    first, last = instant(later.first_at), instant(later.last_at)
    until = first if first == last else f"{first} to {last}"
    verb = "waits" if later.delivery_count == 1 else "wait"
    return f"{count_of(later.delivery_count, 'message')} {verb} for the next attempt, until {until} UTC."


def _show(screen: Screen, facts: Mapping[str, int | str], later: str = "") -> None:
    rows = fact_rows(_WORDS, facts)
    if rows:
        screen.table(["messages", ">count"], rows)
    elif not later:
        screen.say("Nothing waited to be sent.")
    if later:
        screen.say(later if rows else f"Nothing is due. {later}")
