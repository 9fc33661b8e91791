"""``billing ui``: Dagster on this machine.

Belongs here: starting it with a store, a book and a mailbox to play with. Does not belong here: Dagster
(``defs``), its folder and command (``wiring.ui``).
"""

import os
import signal
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from billing_assets.cli.arguments import Json
from billing_assets.cli.demo import load_demo_book
from billing_assets.cli.output import Screen, styled

_STDERR = 2
"""Dagster talks there, whatever it calls it: our stdout is for the result."""

EPILOG = "billing ui\n\nbilling ui --port 3001"


def serve(
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, metavar="N", help="Port on this machine.")
    ] = 3000,
    as_json: Json = False,
) -> None:
    """Open Dagster on this machine until Ctrl-C. An empty store gets the demo book first.

    Dagster has no sign-in: it listens on this machine only.
    """
    from billing_assets.wiring.demo import demo_mailbox, demo_variables, is_demo
    from billing_assets.wiring.opening import hold_store
    from billing_assets.wiring.settings import read_settings
    from billing_assets.wiring.ui import agreed_time_zone, prepare_ui

    screen = Screen(as_json)
    settings = read_settings()
    with ExitStack() as stack:
        stack.enter_context(hold_store(settings))
        load_demo_book(screen, settings)
        environment = dict(os.environ)
        if is_demo(settings) and "BILLING_SMTP_HOST" not in environment:
            mailbox = stack.enter_context(demo_mailbox(settings.home))
            environment |= demo_variables(mailbox)
            screen.hint(f"e-mail that Dagster's runs send is kept in {mailbox.folder}")
        environment["BILLING_TIME_ZONE"] = agreed_time_zone(settings)
        launch = prepare_ui(settings, environment, port)
        screen.document({"url": launch.url, "dagster_home": launch.dagster_home})
        screen.say(styled("Dagster opens on [bold]{}[/bold]; Ctrl-C ends it", launch.url))
        _run_until_stopped(list(launch.command), dict(launch.environment), launch.dagster_home)


def _run_until_stopped(command: list[str], environment: dict[str, str], folder: Path) -> None:
    """Run Dagster to its end; a signal of ours is passed on, and Dagster ends its own children.

    It runs in its own folder: in another it would warn that the dagster.yaml found there is ignored.
    """
    with subprocess.Popen(command, env=environment, cwd=folder, stdout=_STDERR) as process:
        before = {
            number: signal.signal(number, lambda number, _frame: process.send_signal(number))
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            code = process.wait()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
    if code not in {0, -signal.SIGINT, -signal.SIGTERM, 128 + signal.SIGINT}:
        raise typer.Exit(1)
