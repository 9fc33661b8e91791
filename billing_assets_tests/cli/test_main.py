"""The command line as a whole."""

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from billing_assets.cli.failures import ORDER
from billing_assets.cli.main import app
from billing_assets_tests.cli.conftest import Billing

HEAVY = ("polars", "sqlalchemy", "psycopg", "typst", "dagster", "pydantic", "jinja2", "babel", "holidays")


def test_version_is_the_package_s(billing: Billing) -> None:
    assert billing("--version").stdout == f"billing {version('billing-assets')}\n"


def test_the_program_answers_for_itself(program: Callable[..., Any]) -> None:
    running = program("--help")
    shown, said = running.communicate(timeout=60)
    assert (running.returncode, said) == (0, "")
    places = [shown.index(f"│ {name} ") for name in ("import", "run", "invoices", "demo")]
    assert places == sorted(places)


def test_help_loads_nothing_heavy() -> None:
    """Quick to start because little is imported; no clock is needed to hold that."""
    code = f"import sys, billing_assets.cli.main; sys.exit(', '.join({HEAVY!r} & sys.modules.keys()))"
    code = code.replace(repr(HEAVY), f"set({HEAVY!r})")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


def test_an_unknown_command_is_a_usage_error(billing: Billing) -> None:
    assert "No such command" in billing("bill", code=2).stderr


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("run", "2025-13-01"), "there is no day 2025-13-01"),
        (("run", "01/02/26"), "is not a date"),
        (("run",), "Missing argument"),
        (("run", "2025-01-02", "--until", "2025-01-01"), "lies before"),
        (("bill",), "No such command"),
        (("runs", "--colour"), "No such option"),
        (("runs", "--limit", "0"), "--limit"),
        (("runs", "charges", "1", "--before", "x"), "NUMBER:N"),
        (("deliveries", "--state", "sent"), "queued, sending, failed, unknown"),
        (("company",), "--json"),
    ],
)
def test_a_wrong_command_line_is_a_document_for_a_program(
    ask: Callable[..., Any], arguments: tuple[str, ...], found: str
) -> None:
    error = ask(*arguments, code=2)["error"]
    assert error["code"] == "usage"
    assert found in error["found"]
    assert error["todo"].startswith("see how it is used: billing")
    assert error["todo"].endswith("--help")


@pytest.mark.long
@pytest.mark.parametrize(
    "arguments", [("--help",), ("problems", "list", "--all"), ("problems", "list", "--all", "--json")]
)
def test_who_stops_reading_ends_the_command_quietly_with_141(
    arguments: tuple[str, ...], book: Path, billing: Billing
) -> None:
    """As in ``billing ... | head -1``: here the reader is gone before the first line."""
    bad = "".join(f"P-{number},A,,monthly,2024-02-31,2025-02-01,12.00\n" for number in range(40))
    book.write_text(book.read_text() + bad)
    billing("import", "policies", str(book), "-m", str(book.with_suffix(".yaml")))
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "billing_assets.cli", *arguments]
    with os.fdopen(writing, "w") as nowhere:
        done = subprocess.run(command, stdout=nowhere, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (141, "")


def test_wrong_settings_are_named(billing: Billing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLING_SMTP_PORT", "many")
    said = billing("runs", code=3).stderr
    assert "BILLING_SMTP_PORT" in said
    assert "settings_invalid" in said


def test_json_may_stand_before_the_subcommand(billing: Billing, store: object) -> None:
    assert billing("problems", "--json", "show", "1", code=3).stdout.startswith("{")


def test_every_command_has_its_place_in_the_list_of_commands() -> None:
    """One that has none is left out of the help and of the reference page."""
    assert sorted(get_command(app).commands) == sorted(ORDER)  # type: ignore[attr-defined]
