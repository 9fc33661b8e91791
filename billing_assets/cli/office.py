"""``billing office``: the pages of the billing office on this machine.

Belongs here: serving the app over the program. Does not belong here: any page (``portal``).
"""

from typing import Annotated

import typer

from billing_assets.cli.arguments import Json, login_actor, open_desk
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
    """Open the pages of the billing office until Ctrl-C: day, runs, worklists, outbox, forecast.

    It prints a link that signs you in, as administrator, once, within ten minutes, on this machine. Where
    BILLING_OFFICE_URL says that the office is for others too, there is no link: 'billing users add' lets
    people in.
    """
    import uvicorn

    screen = Screen(as_json)
    with open_desk(screen) as desk:
        settings = desk.billing.settings
        url = f"http://{LOCALHOST}:{port}"
        found = {"url": settings.office_url or url}
        if settings.office_url:
            screen.say(
                styled("The office of [bold]{}[/bold] listens on {}; Ctrl-C ends it", found["url"], url)
            )
        else:
            token = desk.access.make_link(login_actor().name)
            found["sign_in_url"] = f"{url}/sign-in/link?token={token}"
            screen.say(styled("The office opens on [bold]{}[/bold]; Ctrl-C ends it", url))
            screen.say(styled("Sign in, once, within ten minutes: [bold]{}[/bold]", found["sign_in_url"]))
        screen.document(found)
        # By name: the two entrances, this and the app, know nothing of each other.
        uvicorn.run(APP, factory=True, host=LOCALHOST, port=port, log_level="warning")
