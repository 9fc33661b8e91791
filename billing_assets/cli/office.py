"""``billing office``: the pages of the billing office on this machine.

Belongs here: serving the app over the program. Does not belong here: any page (``portal``).
"""

from typing import Annotated

import typer

from billing_assets.cli.arguments import Json, open_desk
from billing_assets.cli.output import Screen, styled

LOCALHOST = "127.0.0.1"
APP = "billing_assets.portal.served:served_app"
EPILOG = "billing office\n\nbilling office --port 8001"


def serve(
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, metavar="N", help="Port on this machine.")
    ] = 8000,
    as_json: Json = False,
) -> None:
    """Open the pages of the billing office until Ctrl-C: day, runs, worklists, outbox, forecast."""
    import uvicorn

    screen = Screen(as_json)
    with open_desk(screen) as desk:
        desk.company()
        url = f"http://{LOCALHOST}:{port}"
        screen.document({"url": url})
        screen.say(styled("The office opens on [bold]{}[/bold]; Ctrl-C ends it", url))
        # By name: the two entrances, this and the app, know nothing of each other.
        uvicorn.run(APP, factory=True, host=LOCALHOST, port=port, log_level="warning")
