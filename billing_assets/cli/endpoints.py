"""``billing endpoints``: where documents are pushed to.

Belongs here: the commands. Does not belong here: how an endpoint is called (``channels.api_push``), which
payers have one (a policy book says it).
"""

from pathlib import Path
from typing import Annotated

import typer

from billing_assets.cli.arguments import By, Json, name_of, open_desk, text_of
from billing_assets.cli.deliveries import code_words
from billing_assets.cli.failures import ExitCode
from billing_assets.cli.output import Screen, instant, state_cell, styled
from billing_assets.domain.deliveries import DeliveryState
from billing_assets.domain.errors import BillingError

app = typer.Typer(
    help="See and set the endpoints that documents are pushed to; without a command, list them.",
    invoke_without_command=True,
)
_Code = Annotated[
    str, typer.Argument(metavar="CODE", help="Its code, as the policy book names it: payer_endpoint.")
]


@app.callback(epilog="billing endpoints\n\nbilling endpoints set broker-7 --url-file URL --secrets-file KEYS")
def endpoints(ctx: typer.Context, as_json: Json = False) -> None:
    """List the endpoints; of an address only its host."""
    if ctx.invoked_subcommand is not None:
        return
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        found = desk.endpoints.listed()
    screen.document({"endpoints": found})
    if not found:
        screen.say("There is no endpoint yet.")
        return
    screen.table(
        ["code", "host", ">secrets", "by", "since (UTC)"],
        [
            [row.endpoint_code, row.host, row.secret_count, row.added_by, instant(row.added_at)]
            for row in found
        ],
    )


@app.command(
    "set",
    epilog="billing endpoints set broker-7 --url-file broker-7.url --secrets-file broker-7.secrets --by ana",
)
def set_endpoint(
    code: _Code,
    url_file: Annotated[
        Path, typer.Option("--url-file", metavar="FILE", help="A file that holds the https address alone.")
    ],
    secrets_file: Annotated[
        Path,
        typer.Option(
            "--secrets-file",
            metavar="FILE",
            help="A file with a secret on each line (whsec_...), the newest first; all of them sign.",
        ),
    ],
    by: By = "",
    as_json: Json = False,
) -> None:
    """Keep an endpoint, or give one another address or other secrets.

    Address and secrets come from files, so that they stand in no history of a shell. To change a secret
    without a gap, give the new one and the old one; when the receiver checks the new one, give it alone.
    """
    screen = Screen(as_json)
    recorded_by = name_of(by)
    url = _lines(url_file)[0]
    with open_desk(screen) as desk:
        desk.endpoints.set(code, url, _lines(secrets_file), recorded_by)
        is_sealed = desk.endpoints.is_sealed
    screen.document({"endpoint_code": code, "is_sealed": is_sealed})
    screen.say(styled("endpoint [bold]{}[/bold]: kept", code))
    if not is_sealed:
        screen.hint(
            "its secrets stand in the store as they are: protect the database's files, or set "
            "BILLING_NOTIFICATION_KEY and set it again"
        )
    screen.hint(f"try it: billing endpoints test {code}")


@app.command("test", epilog="billing endpoints test broker-7")
def send_test(code: _Code, as_json: Json = False) -> None:
    """Push a message without a document, and say what happened."""
    screen = Screen(as_json)
    with open_desk(screen) as desk, screen.waiting("pushing"):
        result = desk.endpoints.test(code)
    screen.document(
        {
            "endpoint_code": code,
            "state": result.state.value,
            "reason_code": result.reason_code,
            "reply_code": result.reply_code,
            "reply_text": result.reply_text,
        }
    )
    screen.say(
        styled(
            "{}: {} {}",
            state_cell(result.state.value),
            result.reply_code or "",
            code_words(result.reason_code),
        )
    )
    if result.state is not DeliveryState.SENT:
        raise typer.Exit(ExitCode.ATTENTION)


@app.command("remove", epilog="billing endpoints remove broker-7")
def remove(code: _Code, by: By = "", as_json: Json = False) -> None:
    """Remove an endpoint; its payers are reached by their next channel, or wait for another endpoint."""
    screen = Screen(as_json)
    removed_by = name_of(by)
    with open_desk(screen) as desk:
        desk.endpoints.remove(code, removed_by)
    screen.document({"endpoint_code": code, "is_removed": True})
    screen.say(styled("endpoint [bold]{}[/bold]: removed, with its secrets", code))


def _lines(path: Path) -> list[str]:
    unreadable = BillingError(
        "endpoint_file_unreadable",
        f"{path} cannot be read, or is empty",
        "name a text file that holds it alone",
    )
    lines = [line.strip() for line in text_of(path, unreadable).splitlines()]
    found = [line for line in lines if line]
    if not found:
        raise unreadable
    return found
