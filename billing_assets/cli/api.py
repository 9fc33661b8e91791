"""``billing api``: the REST API alone, on this machine.

Belongs here: serving it over the program. Does not belong here: any call (``portal.api``).
"""

from typing import Annotated

import typer

from billing_assets.cli.arguments import Json, open_desk
from billing_assets.cli.output import Screen, styled

LOCALHOST = "127.0.0.1"
APP = "billing_assets.portal.api.served:served_api"
EPILOG = "billing api\n\nbilling api --port 8011"


def serve(
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, metavar="N", help="Port on this machine.")
    ] = 8010,
    as_json: Json = False,
) -> None:
    """Serve the REST API for other systems until Ctrl-C; 'billing office' has it beside its pages.

    It lies below /api/v1; /api/v1/openapi.json says what there is. Each system needs a key: 'billing api-keys
    add'.
    """
    import uvicorn

    screen = Screen(as_json)
    with open_desk(screen):
        url = f"http://{LOCALHOST}:{port}/api/v1"
        screen.say(styled("The API listens on [bold]{}[/bold]; Ctrl-C ends it", url))
        screen.document({"url": url})
        # By name: the two entrances, this and the app, know nothing of each other.
        uvicorn.run(APP, factory=True, host=LOCALHOST, port=port, log_level="warning")
