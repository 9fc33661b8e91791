"""``billing deliveries bounces``: what mail systems returned.

Belongs here: the command. Does not belong here: what a mail says (``channels.email``), what becomes of its
delivery (``steps.read_bounces``).
"""

import typer

from billing_assets.cli.arguments import Json, open_desk
from billing_assets.cli.fact_rows import fact_rows
from billing_assets.cli.failures import ExitCode
from billing_assets.cli.output import Screen

EPILOG = "billing deliveries bounces\n\nbilling deliveries --state failed"

_WORDS = {
    "returned_count": "came back: a person decides",
    "noted_count": "kept with their delivery, which stays as it is",
    "unmatched_count": "on messages that nobody here sent",
    "foreign_count": "no reports on a message",
    "repeated_count": "read before",
}


def read(as_json: Json = False) -> None:
    """Read the bounce mailbox; a message that came back counts as sent no more.

    The mailbox is the folder or Maildir that BILLING_BOUNCE_FOLDER names. Each mail is taken once and moved
    to its folder 'read'. Dagster's sensor 'watch_bounces' does the same as soon as a mail is there.
    """
    screen = Screen(as_json)
    with open_desk(screen) as desk, screen.progress("reading") as progress:
        from billing_assets.wiring.bounces import BounceDesk

        facts = BounceDesk(desk.billing).read(progress=progress).facts
    screen.document(dict(facts))
    rows = fact_rows(_WORDS, facts)
    if not rows:
        screen.say("No mail waited to be read.")
        return
    screen.table(["mails", ">count"], rows)
    if facts["returned_count"]:
        screen.hint("which and why: billing deliveries --state failed")
        raise typer.Exit(ExitCode.ATTENTION)
