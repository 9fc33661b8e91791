"""Whoever dies while the inbox is drained, whenever: draining again ends as if nothing had happened."""

import signal
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.on_demand import InboxEntry
from billing_assets.store.connection import Database
from billing_assets.store.inbox import add_requests
from billing_assets.store.schema import upgrade
from billing_assets_tests.books import AT, fill_book
from billing_assets_tests.databases import copied_database, memory, url_of
from billing_assets_tests.faults.programs import crash, own_server, url_behind
from billing_assets_tests.state import business_state

TODAY = "2024-01-10"
REQUESTS = 20
State = dict[str, list[tuple[object, ...]]]


def fill(database: Database) -> None:
    """A book and requests for its policies, one of them unknown."""
    fill_book(database, REQUESTS)
    numbers = [*range(1, REQUESTS), 99]
    entries = [
        InboxEntry(request_key=str(each), policy_number=f"POL-{each:08d}", until=date(2024, 3, 20))
        for each in numbers
    ]
    with database.transaction() as connection:
        add_requests(connection, 1, entries, AT)


def drain(url: str, home: Path, *options: str) -> int:
    """Drain in a process of its own; return its exit status (negative: killed by that signal)."""
    return crash(url, home, "--drain", TODAY, *options)


def state_of(database: Database) -> State:
    """The business state, and what became of each request; ids of runs that died are skipped."""
    query = text("""
        select request_key, i.state, reason_code, until_date, answered_at is not null,
            dense_rank() over (order by run_id)
        from inbox_request i order by request_id
    """)
    with database.transaction() as connection:
        requests = [tuple(row) for row in connection.execute(query)]
    return {**business_state(database), "requests": requests}


@pytest.fixture(scope="module")
def undisturbed(server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> State:
    name = "billing_inbox_" + tmp_path_factory.mktemp("u").name.replace("-", "_")
    with copied_database(server_url, template_database, name) as database:
        fill(database)
        assert drain(url_of(server_url, name), tmp_path_factory.mktemp("home")) == 0
        state = state_of(database)
    assert len(state["runs"]) == 3
    assert [row[1] for row in state["requests"]] == ["done"] * 19 + ["failed"]
    return state


def kill_and_repeat(database: Database, home: Path, *bomb: str) -> tuple[int, State]:
    fill(database)
    status = drain(url_behind(database), home, *bomb)
    assert drain(url_behind(database), home) == 0
    return status, state_of(database)


@pytest.mark.long
@pytest.mark.parametrize("fuse", [26, 70])
def test_a_drain_killed_at_a_point_and_repeated_ends_as_if_nothing_had_happened(
    fuse: int, database: Database, tmp_path: Path, undisturbed: State
) -> None:
    status, state = kill_and_repeat(database, tmp_path, "--fuse", str(fuse))
    assert status == -signal.SIGKILL
    assert state == undisturbed


@pytest.mark.long
@pytest.mark.parametrize("piece", [14])
def test_a_drain_killed_inside_a_copy_and_repeated_ends_as_if_nothing_had_happened(
    piece: int, database: Database, tmp_path: Path, undisturbed: State
) -> None:
    status, state = kill_and_repeat(database, tmp_path, "--copy-fuse", str(piece))
    assert status == -signal.SIGKILL
    assert state == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1, 3))
def test_a_drain_killed_at_every_point_in_turn_and_repeated_ends_as_if_nothing_had_happened(
    first: int, server_url: str, template_database: str, tmp_path: Path, undisturbed: State
) -> None:
    """Each takes every sixth point, until one lies beyond the end of the work."""
    fuse, status = first, -signal.SIGKILL
    while status == -signal.SIGKILL:
        with copied_database(server_url, template_database, f"billing_drain_{fuse}") as database:
            status, state = kill_and_repeat(database, tmp_path, "--fuse", str(fuse))
        assert state == undisturbed, f"killed at point {fuse}"
        fuse += 6
    assert status == 0
    assert fuse > 60


@pytest.mark.long
@pytest.mark.parametrize("fuse", [30])
def test_postgresql_killed_in_a_drain_and_draining_again_ends_as_if_nothing_had_happened(
    fuse: int, tmp_path: Path, undisturbed: State
) -> None:
    with own_server(memory()) as server:
        address = server.start()
        upgrade(address.url("billing_owner"))
        database = Database(address.url("billing_app"))
        fill(database)
        database.close()
        drain(address.url("billing_app"), tmp_path, "--fuse", str(fuse), "--victim", str(address.pid))
        again = server.start()
        assert again.pid != address.pid
        assert drain(again.url("billing_app"), tmp_path) == 0
        database = Database(again.url("billing_app"))
        assert state_of(database) == undisturbed
        database.close()
