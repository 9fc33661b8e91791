"""`billing users`: who may open the office."""

from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from billing_assets.cli.main import app
from billing_assets.store.connection import Database
from billing_assets_tests.cli.conftest import Billing

Ask = Callable[..., Any]

ANA, WORDS = "ana@example.com", "a horse in the rain"


def add(email: str, *more: str, password: str = WORDS) -> str:
    result = CliRunner().invoke(
        app, ["users", "add", email, *more, "--password-stdin"], input=f"{password}\n"
    )
    assert result.exit_code == 0, result.output
    return result.output


def test_the_first_administrator_is_made_here(book: object, billing: Billing, ask: Ask) -> None:
    assert "first one: billing users add" in billing("users", "list").stderr
    assert WORDS not in add(ANA, "--role", "administrator", "--name", "Ana Gil")
    (user,) = ask("users", "list")["users"]
    assert (user["email"], user["role"], user["has_password"]) == (ANA, "administrator", True)
    assert "Ana Gil" in billing("users", "list").stdout


def test_a_password_is_typed_twice_and_never_shown(book: object) -> None:
    result = CliRunner().invoke(
        app, ["users", "add", ANA, "--role", "viewer"], input=f"{WORDS}\nwrong\n{WORDS}\n{WORDS}\n"
    )
    assert result.exit_code == 0, result.output
    assert WORDS not in result.output


def test_roles_and_locks_are_changed_once(book: object, billing: Billing, ask: Ask) -> None:
    add(ANA, "--role", "administrator")
    billing("users", "add", "luis@example.com", "--role", "viewer", "--single-sign-on")
    for changed in (True, False):
        said = ask("users", "set-role", "luis@example.com", "--role", "operator")
        assert said["is_changed"] is changed
        said = ask("users", "disable", "luis@example.com")
        assert (said["is_disabled"], said["is_changed"]) == (True, changed)
    assert "locked out" in billing("users", "list").stdout
    assert "may come in" in billing("users", "enable", "luis@example.com").stdout
    refused = ask("users", "disable", ANA, code=3)["error"]
    assert refused["code"] == "last_administrator"


@pytest.mark.parametrize(
    ("arguments", "password", "code"),
    [
        (["users", "add", "ana", "--role", "viewer"], WORDS, 3),
        (["users", "add", ANA, "--role", "viewer"], "short", 3),
        (["users", "add", ANA, "--role", "viewer"], "", 3),
        (["users", "add", ANA, "--role", "owner"], WORDS, 2),
        (["users", "set-password", "nobody@example.com"], WORDS, 3),
    ],
)
def test_what_is_refused_lets_nobody_in(
    book: object, store: Database, arguments: list[str], password: str, code: int
) -> None:
    result = CliRunner().invoke(app, [*arguments, "--password-stdin"], input=f"{password}\n")
    assert result.exit_code == code
