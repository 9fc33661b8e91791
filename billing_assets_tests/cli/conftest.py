"""What the tests of the command line share: a store of their own, a mailbox, and ways to call ``billing``."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from typer.testing import Result

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.domain.companies import company_record
from billing_assets.store.connection import Database
from billing_assets_tests.books import COMPANY
from billing_assets_tests.command_line import call_billing
from billing_assets_tests.databases import Original, copied_database

Billing = Callable[..., Result]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for the program, and nothing in its environment that this machine has set."""
    set_environment(monkeypatch, tmp_path)
    return tmp_path / "home"


def set_environment(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let the program find its files in ``folder``, and nothing that this machine has set."""
    for name in [name for name in os.environ if name.startswith("BILLING_") and "TEST" not in name]:
        patch.delenv(name)
    patch.chdir(folder)
    patch.setenv("BILLING_HOME", str(folder / "home"))
    patch.setenv("BILLING_PRINT_WORKERS", "1")
    patch.setenv("BILLING_ISSUE_ON", "billing_date")
    patch.setenv("NO_COLOR", "1")
    patch.setenv("COLUMNS", "160")


Prepare = Callable[[Billing, Path], None]
"""What is done to a store once, before tests get copies: ``billing`` to call, and a folder for files."""

Originals = Callable[[Prepare, str], str]


@pytest.fixture(scope="session")
def originals(original: Original, tmp_path_factory: pytest.TempPathFactory) -> Originals:
    """Prepare a copy of a database by commands, once for all tests that ask for the same; return its name."""

    def prepared(prepare: Prepare, template: str) -> str:
        def do(database: Database) -> None:
            folder = tmp_path_factory.mktemp("prepared")
            with pytest.MonkeyPatch.context() as patch:
                set_environment(patch, folder)
                patch.setenv("BILLING_DATABASE_URL", address_of(database))
                prepare(call_checked, folder)

        return original(prepare, template, do)

    return prepared


def address_of(database: Database) -> str:
    """Return the URL of a database, as the program's environment names it."""
    return database.engine.url.render_as_string(hide_password=False)


def import_book(billing: Billing, folder: Path) -> None:
    """Import the file of 30 terms."""
    write_company(folder / "company.yaml")
    path = write_book(folder / "book.csv")
    billing("company", "set", str(folder / "company.yaml"))
    billing("import", "policies", str(path), "--mapping", str(path.with_suffix(".yaml")))


def bill_all(billing: Billing, _folder: Path) -> None:
    """Bill all 30 terms by one date; nothing is sent, and no document is made."""
    billing("run", "2024-01-31", "--no-deliver")


def bill_twice(billing: Billing, folder: Path) -> None:
    """Bill ten terms by one date and the others by another."""
    billing("run", "2024-01-10", "--no-deliver")
    bill_all(billing, folder)


@pytest.fixture
def database(
    request: pytest.FixtureRequest,
    server_url: str,
    template_database: str,
    originals: Originals,
) -> Iterator[Database]:
    """One migrated database of its own: with the book in it where the test has the fixture ``book``.

    The marker ``prepared`` names what else is done to it before, once for all tests that say so.
    """
    name = template_database
    if "book" in request.fixturenames:
        name = originals(import_book, name)
    for mark in request.node.iter_markers("prepared"):
        name = originals(mark.kwargs["by"], name)
    with copied_database(server_url, name, f"test_{uuid4().hex}") as database:
        yield database


@pytest.fixture
def store(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """An empty store that the program finds by its environment."""
    monkeypatch.setenv("BILLING_DATABASE_URL", address_of(database))
    return database


@pytest.fixture
def book(store: Database, tmp_path: Path) -> Path:
    """The file of 30 terms from 2024-02-01 on, ten of each plan, in the store; every tenth has no e-mail."""
    write_company(tmp_path / "company.yaml")
    return write_book(tmp_path / "book.csv")


def write_company(path: Path) -> None:
    """Write the settings of a company."""
    path.write_text(yaml.safe_dump(company_record(COMPANY)), encoding="utf-8")


def write_book(path: Path, *, count: int = 30, more_rows: str = "") -> Path:
    """Write a policy book of ``count`` good rows and its mapping beside it; return its path."""
    plans = ("monthly", "yearly", "quarterly")
    rows = [
        f"P-{number:04d},Payer {number},{'' if number % 10 == 3 else f'payer{number}@example.com'},"
        f"{plans[number % 3]},2024-02-01,2025-02-01,{500 + number}.00"
        for number in range(1, count + 1)
    ]
    header = "policy_number,payer_name,payer_email,plan_code,effective_date,expiration_date,premium"
    path.write_text("\n".join([header, *rows]) + f"\n{more_rows}", encoding="utf-8")
    columns = {name: name for name in header.split(",")}
    constants = {"line_of_business": "motor", "place_code": "ES", "currency": "EUR"}
    mapping = {"columns": columns, "constants": constants, "cut_over_date": "2024-01-01"}
    path.with_suffix(".yaml").write_text(yaml.safe_dump(mapping), encoding="utf-8")
    return path


@pytest.fixture
def mailbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailboxServer]:
    """A mail server that keeps what it gets, known to the program by its environment."""
    with MailboxServer(tmp_path / "mails") as server:
        monkeypatch.setenv("BILLING_SMTP_HOST", server.host)
        monkeypatch.setenv("BILLING_SMTP_PORT", str(server.port))
        yield server


def call_checked(*arguments: str, code: int = 0) -> Result:
    """Call ``billing`` in this process, and check the exit code that is expected."""
    result = call_billing(*arguments)
    assert result.exit_code == code, result.stdout + result.stderr
    return result


@pytest.fixture
def billing() -> Billing:
    """The call of ``billing`` in this process."""
    return call_checked


@pytest.fixture
def ask(billing: Billing) -> Callable[..., Any]:
    """Call ``billing ... --json`` and return the document; stdout holds nothing else."""

    def call(*arguments: str, code: int = 0) -> Any:
        return json.loads(billing(*arguments, "--json", code=code).stdout)

    return call


@pytest.fixture
def program() -> Callable[..., "subprocess.Popen[str]"]:
    """Start ``billing`` as a program of its own."""

    def start(*arguments: str) -> "subprocess.Popen[str]":
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        command = [sys.executable, "-m", "billing_assets.cli", *arguments]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )

    return start
