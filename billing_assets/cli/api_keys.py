"""``billing api-keys``: which systems may call the API, and for what.

Belongs here: making, listing and revoking keys. Does not belong here: what a key goes through
(``wiring.key_desk``).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli.arguments import Json, open_desk
from billing_assets.cli.output import Screen, instant, styled
from billing_assets.domain.api_keys import Scope
from billing_assets.domain.errors import BillingError

if TYPE_CHECKING:
    from billing_assets.domain.api_keys import ApiKey
    from billing_assets.wiring.key_desk import KeyDesk

app = typer.Typer(no_args_is_help=True, help="Say which systems may call the API, and for what.")

ADD_EPILOG = (
    "billing api-keys add 'policy system' --scope policies:write --scope invoices:read\n\n"
    "billing api-keys add 'policy system' --scope policies:write --output policy-system.key"
)


@app.command("add", epilog=ADD_EPILOG)
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which system has it.")],
    scope: Annotated[
        list[Scope], typer.Option("--scope", help="What it may do; give it as often as there are scopes.")
    ],
    days: Annotated[
        int | None,
        typer.Option("--days", min=1, max=3_650, metavar="N", help="It is over after so many days."),
    ] = None,
    partner: Annotated[
        str,
        typer.Option("--partner", metavar="CODE", help="Whose documents it may fetch: their payer_endpoint."),
    ] = "",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", metavar="FILE", help="Write the key to this new file, which its owner alone may read."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a key and show it, once: of its secret only a hash is kept, and nobody can show it again."""
    screen = Screen(as_json)
    with _open_keys(screen) as keys:
        key, text = keys.add(name, [each.value for each in scope], days=days, partner_code=partner)
        if output is not None:
            _write(output, text)
    shown = {} if output is not None else {"key": text}
    screen.document({**_record(key), **shown})
    screen.say(styled("key [bold]{}[/bold] of {}: made", key.key_code, key.key_name))
    if output is None:
        screen.say(text)
        screen.hint("keep it now: it is not shown again")
    else:
        screen.say(f"written to {output}")


@app.command("list", epilog="billing api-keys list")
def listed(as_json: Json = False) -> None:
    """List the keys, what each may do, and when it was used last."""
    from billing_assets.wiring.key_desk import is_over

    screen = Screen(as_json)
    with _open_keys(screen) as keys:
        found = keys.listed()
    screen.document({"keys": [_record(key) for key in found]})
    if not found:
        screen.say("There is no key yet.")
        screen.hint("the first one: billing api-keys add NAME --scope policies:write")
        return
    rows = [
        [
            key.key_code,
            key.key_name,
            ", ".join(key.scopes),
            "over" if is_over(key) else "in use",
            instant(key.expires_at) if key.expires_at else "-",
            instant(key.last_used_at) if key.last_used_at else "-",
        ]
        for key in found
    ]
    columns = ["code", "name", "scopes", "state", "until (UTC)", "last used (UTC)"]
    screen.table(columns, rows, wrap=["scopes"])


@app.command("revoke", epilog="billing api-keys revoke k3f9a1c2d4e5")
def revoke(
    code: Annotated[str, typer.Argument(metavar="CODE", help="Its code, as 'billing api-keys list' has it.")],
    as_json: Json = False,
) -> None:
    """End a key, and every token that was given for it, at once."""
    screen = Screen(as_json)
    with _open_keys(screen) as keys:
        keys.revoke(code)
    screen.document({"key_code": code, "is_revoked": True})
    screen.say(styled("key [bold]{}[/bold]: revoked", code))


@contextmanager
def _open_keys(screen: Screen) -> "Iterator[KeyDesk]":
    from billing_assets.wiring.key_desk import KeyDesk

    with open_desk(screen) as desk:
        yield KeyDesk(desk.database, desk.company_id, desk.billing.settings)


def _record(key: "ApiKey") -> dict[str, object]:
    return {
        "key_code": key.key_code,
        "key_name": key.key_name,
        "scopes": list(key.scopes),
        "partner_code": key.partner_code,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
    }


def _write(path: Path, text: str) -> None:
    """Write a key to a new file; where there is one, or none can be made, the key is lost and made again."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{text}\n")
    except OSError as error:
        raise BillingError(
            "key_file_unwritable",
            f"{path} cannot be written, or is there already",
            "revoke the key that was made ('billing api-keys list'), and make another with a new file",
        ) from error
