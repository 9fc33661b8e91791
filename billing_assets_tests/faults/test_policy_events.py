"""Whoever dies while events are drained, whenever: draining again ends as if nothing had happened."""

import signal
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.store.companies import save_company
from billing_assets.store.connection import Database
from billing_assets.store.policy_events import add_events
from billing_assets_tests.books import AT, COMPANY
from billing_assets_tests.databases import copied_database, url_of
from billing_assets_tests.events import change_event, term_event
from billing_assets_tests.faults.programs import crash, url_behind
from billing_assets_tests.state import book_state, business_state

TODAY = "2024-01-10"
State = dict[str, list[tuple[object, ...]]]


def fill(database: Database) -> None:
    """Events of ten policies, changes of half of them, one without its term, one that is refused."""
    numbers = [f"P{number}" for number in range(10)]
    events = [
        *(change_event(number) for number in (*numbers[::2], "NONE")),
        *(term_event(number) for number in numbers),
        term_event("P0", 3, premium="x"),
    ]
    with database.transaction() as connection:
        save_company(connection, COMPANY, AT)
        add_events(connection, 1, events, AT)


def drain(url: str, home: Path, *options: str) -> int:
    """Drain in a process of its own; return its exit status (negative: killed by that signal)."""
    return crash(url, home, "--events", TODAY, *options)


def state_of(database: Database) -> State:
    """Book and business state, and what became of each event and request.

    How often a batch was begun is no business, and the content of one depends on the ids of its events alone.
    """
    queries = {
        "events": "select event_key, state, reason_code, answered_at is null from policy_event",
        "requests": "select request_key, request_kind, state, reason_code, until_date from inbox_request",
    }
    with database.transaction() as connection:
        rows = {name: [tuple(row) for row in connection.execute(text(q))] for name, q in queries.items()}
    found = {**business_state(database), **book_state(database), **rows}
    return {name: sorted(part, key=str) for name, part in found.items()}


@pytest.fixture(scope="module")
def undisturbed(server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> State:
    name = "billing_events_" + tmp_path_factory.mktemp("u").name.replace("-", "_")
    with copied_database(server_url, template_database, name) as database:
        fill(database)
        assert drain(url_of(server_url, name), tmp_path_factory.mktemp("home")) == 0
        state = state_of(database)
    assert [row[1] for row in state["events"]].count("done") == 15
    assert len(state["invoices"]) == 9
    return state


def kill_and_repeat(database: Database, home: Path, *bomb: str) -> tuple[int, State]:
    fill(database)
    status = drain(url_behind(database), home, *bomb)
    assert drain(url_behind(database), home) == 0
    return status, state_of(database)


# In the import of terms, at its commit, in that of changes, between taking and billing, in the bill.
@pytest.mark.long
@pytest.mark.parametrize("bomb", [("--fuse", "26"), ("--fuse", "68"), ("--copy-fuse", "9")])
def test_a_drain_killed_at_a_point_and_repeated_ends_as_if_nothing_had_happened(
    bomb: tuple[str, str], database: Database, tmp_path: Path, undisturbed: State
) -> None:
    status, state = kill_and_repeat(database, tmp_path, *bomb)
    assert status == -signal.SIGKILL
    assert state == undisturbed


@pytest.mark.slow
def test_a_drain_killed_at_every_point_in_turn_and_repeated_ends_as_if_nothing_had_happened(
    server_url: str, template_database: str, tmp_path: Path, undisturbed: State
) -> None:
    """Every fifth point, until one lies beyond the end of the work."""
    fuse, status = 1, -signal.SIGKILL
    while status == -signal.SIGKILL:
        with copied_database(server_url, template_database, f"billing_events_{fuse}") as database:
            status, state = kill_and_repeat(database, tmp_path, "--fuse", str(fuse))
        assert state == undisturbed, f"killed at point {fuse}"
        fuse += 5
    assert status == 0
    assert fuse > 80
