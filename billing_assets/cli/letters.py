"""``billing deliveries post``: folders for a print shop.

Belongs here: the command. Does not belong here: the order of work (``steps.post_letters``), what is in a
folder (``channels.print_post``).
"""

from pathlib import Path
from typing import Annotated

import typer

from billing_assets.cli.arguments import Json, open_desk
from billing_assets.cli.failures import ExitCode
from billing_assets.cli.output import Screen, count_of, styled

EPILOG = "billing deliveries post --to letters"


def post(
    folder: Annotated[
        Path | None,
        typer.Option("--to", metavar="FOLDER", help="Where the folders go; else BILLING_PRINT_FOLDER."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write what goes by post into folders for a print shop, each document once.

    A folder has one PDF for each document, the list of them with addresses, pages and sheets (manifest.csv
    and manifest.json), and the sums of all files (SHA256SUMS). It appears whole or not at all. What goes by
    post is queued by 'billing deliver'.
    """
    screen = Screen(as_json)
    with open_desk(screen) as desk, screen.progress("posting") as progress:
        from billing_assets.wiring.letters import LetterDesk

        facts = LetterDesk(desk.billing).post(folder, progress=progress).facts
    screen.document(dict(facts))
    if not facts["posted_count"]:
        screen.say("Nothing waited to go by post.")
    else:
        documents, sheets = count_of(int(facts["posted_count"]), "document"), int(facts["sheet_count"])
        screen.say(
            styled("{}, {} sheets, in [bold]{}[/bold]", documents, f"{sheets:,}", facts["last_folder"])
        )
    if facts["print_fault_count"]:
        screen.hint("which could not be printed, and why: billing deliveries --state failed")
        raise typer.Exit(ExitCode.ATTENTION)
