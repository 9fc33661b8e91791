"""The command line as a whole."""

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import pytest

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


def test_wrong_settings_are_named(billing: Billing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLING_SMTP_PORT", "many")
    said = billing("runs", code=3).stderr
    assert "BILLING_SMTP_PORT" in said
    assert "settings_invalid" in said


def test_json_may_stand_before_the_subcommand(billing: Billing, store: object) -> None:
    assert billing("problems", "--json", "show", "1", code=3).stdout.startswith("{")
