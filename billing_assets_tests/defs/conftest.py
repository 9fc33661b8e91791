"""Fixtures of this floor: a real store with a small book, a real mail server, and Dagster in one process."""

from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import text

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.definitions import build_definitions
from billing_assets.store.connection import Database
from billing_assets.wiring.settings import Settings
from billing_assets_tests.books import fill_book, seal

FIRST = "2024-02-01"
POLICY_COUNT = 20


def tamper(database: Database, statement: str) -> None:
    """Run a statement that the application may not: as the superuser, with every trigger off."""
    with database.transaction() as connection:
        connection.execute(text("reset role"))
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text(statement))
        connection.execute(text("set role billing_app"))


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[MailboxServer]:
    """A mail server that keeps what it gets."""
    with MailboxServer(tmp_path / "mail") as server:
        yield server


@pytest.fixture
def store(
    database: Database, mailbox: MailboxServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Database:
    """A store with twenty policies that begin on 1 February 2024; the environment names it."""
    fill_book(database, POLICY_COUNT)
    seal(database)
    environment = {
        "BILLING_DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        "BILLING_HOME": str(tmp_path / "home"),
        "BILLING_SMTP_HOST": mailbox.host,
        "BILLING_SMTP_PORT": str(mailbox.port),
        "BILLING_PRINT_WORKERS": "1",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return database


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """Dagster's own store, in memory."""
    with dg.DagsterInstance.ephemeral() as made:
        yield made


Run = Callable[..., dg.ExecuteInProcessResult]


@pytest.fixture
def run(store: Database, instance: dg.DagsterInstance) -> Run:
    """Execute a job for a billing date, the whole flow by default, as a run of Dagster would."""
    definitions = build_definitions(Settings(_env_file=None))

    def execute(billing_date: str = FIRST, job: str = "bill_date") -> dg.ExecuteInProcessResult:
        found = definitions.resolve_job_def(job)
        return found.execute_in_process(partition_key=billing_date, instance=instance, raise_on_error=False)

    return execute


@pytest.fixture
def ask(store: Database, instance: dg.DagsterInstance) -> Run:
    """Execute a job that a person starts with a form; its first argument is the job's name."""
    definitions = build_definitions(Settings(_env_file=None))

    def execute(job: str, op: str, **config: object) -> dg.ExecuteInProcessResult:
        found = definitions.resolve_job_def(job)
        run_config = {"ops": {op: {"config": config}}}
        return found.execute_in_process(run_config=run_config, instance=instance, raise_on_error=False)

    return execute
