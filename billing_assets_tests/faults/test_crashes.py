"""Whoever dies, whenever: the same command again ends in the state of an undisturbed run."""

import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.store.connection import Database
from billing_assets.store.embedded import EmbeddedServer
from billing_assets.store.schema import upgrade
from billing_assets_tests.books import billing_over, fill_book
from billing_assets_tests.databases import run_sql, url_of
from billing_assets_tests.state import business_state

FEBRUARY = date(2024, 2, 1)
POLICIES = 30
State = dict[str, list[tuple[object, ...]]]


def bill(url: str, home: Path, *options: str) -> int:
    """Run the program in a process of its own; return its exit status (negative: killed by that signal)."""
    command = [
        sys.executable,
        "-m",
        "billing_assets_tests.faults.crash",
        url,
        str(home),
        FEBRUARY.isoformat(),
    ]
    return subprocess.run([*command, *options], check=False, capture_output=True, timeout=120).returncode


def url_behind(database: Database) -> str:
    """Return the URL that a store was opened with."""
    return database.engine.url.render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def undisturbed(server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> State:
    name = "billing_undisturbed_" + tmp_path_factory.mktemp("u").name.replace("-", "_")
    run_sql(server_url, f"drop database if exists {name} with (force)")
    run_sql(server_url, f"create database {name} template {template_database}")
    database = Database(url_of(server_url, name))
    fill_book(database, POLICIES)
    assert bill(url_of(server_url, name), tmp_path_factory.mktemp("home")) == 0
    state = business_state(database)
    database.close()
    run_sql(server_url, f"drop database {name} with (force)")
    assert len(state["invoices"]) == POLICIES
    return state


def kill_and_repeat(database: Database, home: Path, fuse: int) -> tuple[int, State]:
    """Bill with the bomb, then without; return the first exit status and the final state."""
    fill_book(database, POLICIES)
    first = bill(url_behind(database), home, "--fuse", str(fuse))
    assert bill(url_behind(database), home) == 0
    return first, business_state(database)


@pytest.mark.parametrize("fuse", [9, 24, 31, 38, 45, 52])
def test_a_run_killed_at_a_point_and_repeated_ends_as_if_nothing_had_happened(
    fuse: int, database: Database, tmp_path: Path, undisturbed: State
) -> None:
    status, state = kill_and_repeat(database, tmp_path, fuse)
    assert status == -signal.SIGKILL
    assert state == undisturbed


@pytest.mark.slow
def test_a_run_killed_at_every_point_in_turn_and_repeated_ends_as_if_nothing_had_happened(
    server_url: str, template_database: str, tmp_path: Path, undisturbed: State
) -> None:
    fuse, status = 0, -signal.SIGKILL
    while status == -signal.SIGKILL:
        fuse += 1
        name = f"billing_crash_{fuse}"
        run_sql(server_url, f"drop database if exists {name} with (force)")
        run_sql(server_url, f"create database {name} template {template_database}")
        database = Database(url_of(server_url, name))
        status, state = kill_and_repeat(database, tmp_path, fuse)
        database.close()
        assert state == undisturbed, f"killed at point {fuse}"
        run_sql(server_url, f"drop database {name} with (force)")
    assert status == 0
    assert fuse > 50


@pytest.mark.parametrize("fuse", [26, 40])
def test_postgresql_killed_in_the_middle_and_the_command_again_ends_as_if_nothing_had_happened(
    fuse: int, undisturbed: State
) -> None:
    home = Path(tempfile.mkdtemp(prefix="billing-crash-"))
    home.chmod(0o755)
    server = EmbeddedServer(home)
    try:
        address = server.start()
        upgrade(address.url("billing_owner"))
        database = Database(address.url("billing_app"))
        fill_book(database, POLICIES)
        database.close()
        options = ("--fuse", str(fuse), "--victim", str(address.pid))
        assert bill(address.url("billing_app"), home, *options) != 0
        again = server.start()
        assert again.pid != address.pid
        assert bill(again.url("billing_app"), home) == 0
        database = Database(again.url("billing_app"))
        assert business_state(database) == undisturbed
        database.close()
    finally:
        server.stop()


def deliver_until_quiet(database: Database, home: Path, fuse: int, mailbox: MailboxServer) -> int:
    """Bill and deliver with the bomb, then without; return the first exit status."""
    smtp = ("--smtp-port", str(mailbox.port))
    status = bill(url_behind(database), home, "--fuse", str(fuse), *smtp)
    assert bill(url_behind(database), home, *smtp) == 0
    return status


@pytest.mark.parametrize("fuse", [75, 86, 88, 90])
def test_a_sender_killed_at_a_point_sends_nothing_twice_and_loses_nothing(
    fuse: int, database: Database, tmp_path: Path
) -> None:
    fill_book(database, POLICIES)
    with MailboxServer(tmp_path / "mailbox") as mailbox:
        status = deliver_until_quiet(database, tmp_path, fuse, mailbox)
        kept = [path.stem for path in mailbox.messages()]
    states = [(row[3], row[4]) for row in business_state(database)["deliveries"]]
    assert status == -signal.SIGKILL
    assert len(kept) == len(set(kept))
    assert len(states) == POLICIES
    by_state = {
        state: [ids for ids, found in states if found == state] for state in {found for _, found in states}
    }
    assert set(by_state) <= {"sent", "failed", "unknown"}
    assert len(by_state.get("unknown", [])) <= 1
    assert len(by_state["failed"]) == POLICIES // 10
    assert len(by_state["sent"]) <= len(kept) <= len(by_state["sent"]) + 1


def test_a_second_delivery_sends_nothing(database: Database, tmp_path: Path) -> None:
    fill_book(database, POLICIES)
    with MailboxServer(tmp_path / "mailbox") as mailbox, ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack, smtp_port=mailbox.port)
        results = []
        for _ in range(2):
            billing.invoice(billing.order(FEBRUARY))
            billing.print(FEBRUARY)
            results.append(billing.deliver(FEBRUARY))
        assert len(mailbox.messages()) == POLICIES - POLICIES // 10
    assert results[-1].facts["sent_count"] == 0
