"""``billing demo``: an invented insurer, billed for a quarter in front of you.

Belongs here: telling what happens and where to look. Does not belong here: the work (``wiring.demo``).
"""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli.arguments import Json, open_desk
from billing_assets.cli.imports import show_import
from billing_assets.cli.interrupts import stop_on_request
from billing_assets.cli.output import Screen, count_of, styled
from billing_assets.cli.runs import show_amounts, show_deliveries

if TYPE_CHECKING:
    from billing_assets.wiring.demo import DemoOutcome
    from billing_assets.wiring.settings import Settings

EPILOG = "billing demo\n\nbilling demo --policies 500\n\nBILLING_HOME=/tmp/try billing demo"


def show(
    policies: Annotated[
        int, typer.Option("--policies", min=1, metavar="N", help="Rows of the invented book.")
    ] = 10_000,
    seed: Annotated[
        int, typer.Option("--seed", min=0, metavar="N", help="Another seed invents another book.")
    ] = 1,
    is_kept: Annotated[
        bool, typer.Option("--keep", help="Leave the embedded server running afterwards.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Invent a policy book, bill the first quarter of 2025 day by day, deliver to a local mailbox.

    Nothing leaves this machine. Run it again: everything is there, and nothing is sent twice.
    """
    from billing_assets.wiring.demo import demo_mailbox, demo_settings, run_demo
    from billing_assets.wiring.settings import read_settings

    screen = Screen(as_json)
    settings = read_settings()
    started = time.perf_counter()
    with (
        stop_on_request(
            "go on with the same command: billing demo", lambda: screen.warn("stopping ...")
        ) as stop,
        demo_mailbox(settings.home) as mailbox,
        open_desk(screen, **demo_settings(settings, mailbox)) as desk,
        screen.progress("demo") as progress,
    ):
        outcome = run_demo(
            desk, policies, seed, mailbox.folder, progress=stop.checked(progress), check=stop.check
        )
    if is_kept and not settings.database_url:
        from billing_assets.store.embedded import EmbeddedServer

        EmbeddedServer(settings.home).start()
    screen.document(outcome)
    _tell(screen, outcome, time.perf_counter() - started)


def load_demo_book(screen: Screen, settings: "Settings") -> None:
    """Put the demo book into a store that has no company yet."""
    from billing_assets.wiring.demo import demo_settings, is_empty, load_demo

    if not is_empty(settings):
        return
    screen.hint("the store is empty: the demo book goes in")
    with open_desk(screen, **demo_settings(settings)) as desk, screen.progress("demo book") as progress:
        result = load_demo(desk, progress=progress)
    show_import(screen, result)


def _tell(screen: Screen, outcome: "DemoOutcome", seconds: float) -> None:
    if outcome.is_repeat:
        screen.say(
            styled("[bold]Everything is already there:[/bold] nothing was billed again or sent twice.\n")
        )
    else:
        dates = f"{outcome.first_date} to {outcome.last_date}"
        told = f"{dates}, {seconds:.0f} seconds"
        screen.say(styled("[bold]A quarter is billed and delivered:[/bold] {}\n", told))
    kept = [count_of(outcome.problem_count, "problem"), count_of(outcome.duplicate_count, "repeated row")]
    book = f"{count_of(outcome.row_count, 'row')}: {outcome.accepted_count:,} taken, {', '.join(kept)}"
    days = f"{outcome.date_count}, from {outcome.first_date} to {outcome.last_date}"
    audit = f"{count_of(outcome.check_count, 'check')}, no offender"
    screen.facts([("policy book", book), ("billing dates", days), ("audit", audit)])
    screen.heading("Invoices")
    show_amounts(screen, outcome.invoices)
    screen.heading("Deliveries")
    show_deliveries(screen, outcome.delivery_counts)
    screen.heading("Look at it")
    screen.facts(
        [
            ("a PDF", outcome.pdf_path or "-"),
            ("an e-mail", outcome.email_path or "-"),
            ("the mailbox", outcome.mailbox_dir),
            ("the book", outcome.book_path),
            ("the office", "billing office"),
            ("Dagster", "make ui"),
            ("next", "billing invoices list    billing problems    billing runs    billing audit"),
        ]
    )
    if outcome.seconds:
        spent = "  ".join(f"{part} {seconds}" for part, seconds in outcome.seconds.items())
        screen.say(styled("\n[dim]seconds  {}[/dim]", spent))
