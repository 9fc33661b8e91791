"""``billing mailbox``: a mail server for trials, on this machine only.

Belongs here: running it in the foreground. Does not belong here: receiving (``channels.mailbox``).
"""

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from billing_assets.cli.arguments import Json
from billing_assets.cli.output import Screen, styled
from billing_assets.domain.errors import BillingError

EPILOG = (
    "billing mailbox mails --port 2525\n\nthen, in another terminal: BILLING_SMTP_PORT=2525 billing deliver"
)


def receive(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where each message becomes an .eml file.")
    ],
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, metavar="N", help="0 takes any free port.")
    ] = 2525,
    as_json: Json = False,
) -> None:
    """Receive e-mail on this machine and keep each message as a file, until Ctrl-C. Nothing is passed on."""
    from billing_assets.channels.mailbox import MailboxServer

    screen = Screen(as_json)
    is_over = threading.Event()
    server = MailboxServer(folder, port=port)
    try:
        server.start()
    except OSError as error:
        raise BillingError(
            "mailbox_not_started",
            f"port {port} or folder {folder}: {error.strerror}",
            "choose another: --port 0",
        ) from error
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: is_over.set())
        screen.document({"host": server.host, "port": server.port, "folder": folder})
        where = f"receiving on {server.host}:{server.port}"
        screen.say(styled("{}, messages go to [bold]{}[/bold]; Ctrl-C ends it", where, folder))
        is_over.wait()
    finally:
        server.stop()
