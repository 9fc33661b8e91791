"""``billing users``: who may open the pages of the office, and as what.

Belongs here: adding, listing and changing accounts. Does not belong here: what an account goes through
(``wiring.access_desk``), signing in (``portal``).
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli.arguments import Json, open_desk
from billing_assets.cli.output import Screen, instant, styled
from billing_assets.domain.access import Role

if TYPE_CHECKING:
    from billing_assets.wiring.access_desk import AccessDesk

app = typer.Typer(no_args_is_help=True, help="Say who may open the pages of the office, and as what.")

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="Address of the user.")]
_Role = Annotated[Role, typer.Option("--role", help="What they may do; each role may do all before it.")]
_Stdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the first line of stdin.")
]


@app.command(
    "add",
    epilog="billing users add ana@example.com --role administrator\n\n"
    "billing users add luis@example.com --role viewer --single-sign-on",
)
def add(
    email: Email,
    role: _Role,
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="Name; the first part of the address if left out.")
    ] = "",
    has_stdin: _Stdin = False,
    is_provided: Annotated[
        bool,
        typer.Option("--single-sign-on", help="Without a password: the identity provider signs them in."),
    ] = False,
    of_all: Annotated[
        bool, typer.Option("--all-companies", help="For every company of the store, not this one alone.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Let somebody in; asks for their password."""
    screen = Screen(as_json)
    password = None if is_provided else _password(has_stdin=has_stdin)
    with _open_access(screen) as access:
        access.add_user(email, role, name=name, password=password, of_all_companies=of_all)
    screen.document({"email": email, "role": role.value})
    screen.say(styled("[bold]{}[/bold] may come in as {}", email, role.value))


@app.command("list", epilog="billing users list")
def listed(as_json: Json = False) -> None:
    """List who may come in, as what, and when they were seen last."""
    screen = Screen(as_json)
    with _open_access(screen) as access:
        found = access.users()
    screen.document({"users": found})
    if not found:
        screen.say("Nobody has an account yet.")
        screen.hint("the first one: billing users add EMAIL --role administrator")
        return
    screen.table(
        ["e-mail", "name", "role", "signs in by", "last seen (UTC)"],
        [
            [
                user.email,
                user.user_name,
                user.role.value,
                "locked out" if user.is_disabled else _ways(user.has_password, user.has_single_sign_on),
                instant(user.last_seen_at) if user.last_seen_at else "-",
            ]
            for user in found
        ],
    )


@app.command("set-role", epilog="billing users set-role luis@example.com --role approver")
def set_role(email: Email, role: _Role, as_json: Json = False) -> None:
    """Give somebody another role; it counts from their next page on."""
    screen = Screen(as_json)
    with _open_access(screen) as access:
        is_changed = access.set_role(email, role)
    screen.document({"email": email, "role": role.value, "is_changed": is_changed})
    screen.say(styled("[bold]{}[/bold] is {}{}", email, role.value, "" if is_changed else " already"))


@app.command("set-password", epilog="billing users set-password luis@example.com")
def set_password(email: Email, has_stdin: _Stdin = False, as_json: Json = False) -> None:
    """Give somebody another password and end their sessions."""
    screen = Screen(as_json)
    password = _password(has_stdin=has_stdin)
    with _open_access(screen) as access:
        access.set_password(email, password)
    screen.document({"email": email})
    screen.say(styled("[bold]{}[/bold] has another password and signs in again", email))


@app.command("disable", epilog="billing users disable luis@example.com")
def disable(email: Email, as_json: Json = False) -> None:
    """Lock somebody out, at once; what they did stays theirs."""
    _set_disabled(Screen(as_json), email, is_disabled=True)


@app.command("enable", epilog="billing users enable luis@example.com")
def enable(email: Email, as_json: Json = False) -> None:
    """Let somebody in again who was locked out."""
    _set_disabled(Screen(as_json), email, is_disabled=False)


def _set_disabled(screen: Screen, email: str, *, is_disabled: bool) -> None:
    with _open_access(screen) as access:
        is_changed = access.set_disabled(email, is_disabled=is_disabled)
    screen.document({"email": email, "is_disabled": is_disabled, "is_changed": is_changed})
    done = "is locked out" if is_disabled else "may come in"
    screen.say(styled("[bold]{}[/bold] {}{}", email, done, "" if is_changed else " already"))


@contextmanager
def _open_access(screen: Screen) -> "Iterator[AccessDesk]":
    with open_desk(screen) as desk:
        yield desk.access


def _password(*, has_stdin: bool) -> str:
    """Return the password that is typed, twice, or the first line of stdin."""
    if has_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return typed


def _ways(has_password: bool, has_single_sign_on: bool) -> str:
    ways = [("password", has_password), ("single sign-on", has_single_sign_on)]
    return ", ".join(way for way, has_it in ways if has_it) or "single sign-on, not yet"
