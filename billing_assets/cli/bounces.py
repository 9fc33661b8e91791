"""``billing deliveries bounces``: what mail systems returned.

Belongs here: the command. Does not belong here: what a mail says (``channels.email``), what becomes of its
delivery (``steps.read_bounces``).
"""

from collections.abc import Sequence

import typer

from billing_assets.cli.arguments import Json, open_desk
from billing_assets.cli.fact_rows import fact_rows
from billing_assets.cli.failures import ExitCode
from billing_assets.cli.output import Screen

EPILOG = "billing deliveries bounces\n\nbilling deliveries --state failed"

MOST_NAMED = 10
"""So many mails are named."""

_WORDS = {
    "returned_count": "came back: a person decides",
    "noted_count": "kept with their delivery, which stays as it is",
    "unmatched_count": "on messages that nobody here sent",
    "personal_count": "for a person to read: no report, and no machine wrote it",
    "foreign_count": "no reports on a message",
    "repeated_count": "read before",
}


def read(as_json: Json = False) -> None:
    """Read the bounce mailbox; a message that came back counts as sent no more.

    The mailbox is the folder or Maildir that BILLING_BOUNCE_FOLDER names. Each mail is taken once and moved
    to its folder 'read'; what a person should read goes to 'to-read', and is listed until somebody takes it
    away. Dagster's sensor 'watch_bounces' does the same as soon as a mail is there.
    """
    screen = Screen(as_json)
    with open_desk(screen) as desk, screen.progress("reading") as progress:
        from billing_assets.wiring.bounces import BounceDesk

        bounces = BounceDesk(desk.billing)
        facts, to_read = bounces.read(progress=progress).facts, bounces.to_read()
    screen.document({**facts, "to_read": to_read})
    rows = fact_rows(_WORDS, facts)
    if rows:
        screen.table(["mails", ">count"], rows)
    else:
        screen.say("No mail waited to be read.")
    if to_read:
        _say_to_read(screen, to_read)
    if facts["returned_count"]:
        screen.hint("which and why: billing deliveries --state failed")
    if to_read or facts["returned_count"]:
        raise typer.Exit(ExitCode.ATTENTION)


def _say_to_read(screen: Screen, names: Sequence[str]) -> None:
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    screen.say(f"To be read by a person: {', '.join(names[:MOST_NAMED])}{more}")
    screen.hint("they are in the folder 'to-read' of the mailbox; take away what was read")
