"""Whoever dies while failed invoices are retried, whenever: the next firing ends it, each tried once."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from billing_assets.store.connection import Database
from billing_assets_tests.billed_store import BILLING_DATE, as_owner, fill_billed
from billing_assets_tests.books import billing_over
from billing_assets_tests.databases import copied_database
from billing_assets_tests.faults.programs import crash, url_behind
from billing_assets_tests.state import business_state

# Of three policies that failed two can be billed by now, and one fails again.
_TAXED = "update policy_term_version set place_code = 'ES' where policy_id in (10, 20)"
State = dict[str, list[tuple[object, ...]]]


@pytest.fixture(scope="module")
def failed_store(
    server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Name of a store in which three policies failed; the tests get copies of it."""
    name = f"failed_{uuid4().hex}"
    with copied_database(server_url, template_database, name) as original:
        with ExitStack() as stack:
            billing = billing_over(original, tmp_path_factory.mktemp("home"), stack)
            fill_billed(billing)
            as_owner(billing, _TAXED)
        original.close()
        yield name


@pytest.fixture
def store(server_url: str, failed_store: str) -> Iterator[Database]:
    with copied_database(server_url, failed_store, f"test_{uuid4().hex}") as database:
        yield database


def retry(database: Database, home: Path, *options: str) -> int:
    """Retry in a process of its own; return its exit status (negative: killed by that signal)."""
    return crash(url_behind(database), home, "--retry", BILLING_DATE.isoformat(), *options)


def state_of(database: Database) -> State:
    """The business state and the attempts; ids of runs that died are skipped."""
    query = text("""
        select policy_term_id, installment_number, attempt_number, until_date, reason_code,
            next_attempt_at is null, dense_rank() over (order by run_id)
        from invoice_retry order by policy_term_id
    """)
    with database.transaction() as connection:
        attempts = [tuple(row) for row in connection.execute(query)]
    return {**business_state(database), "attempts": attempts}


@pytest.fixture(scope="module")
def undisturbed(server_url: str, failed_store: str, tmp_path_factory: pytest.TempPathFactory) -> State:
    with copied_database(server_url, failed_store, f"calm_{uuid4().hex}") as database:
        assert retry(database, tmp_path_factory.mktemp("home")) == 0
        state = state_of(database)
    assert [(row[2], row[4], row[5]) for row in state["attempts"]] == [
        (1, None, True),
        (1, None, True),
        (1, "no_tax_rule", False),
    ]
    return state


@pytest.mark.long
@pytest.mark.parametrize("fuse", [12, 22])
def test_a_retry_killed_at_a_point_and_fired_again_ends_as_if_nothing_had_happened(
    fuse: int, store: Database, tmp_path: Path, undisturbed: State
) -> None:
    assert retry(store, tmp_path, "--fuse", str(fuse)) == -signal.SIGKILL
    assert retry(store, tmp_path) == 0
    assert state_of(store) == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize("first", [3, 8])
def test_a_retry_killed_at_every_point_in_turn_ends_as_if_nothing_had_happened(
    first: int, server_url: str, failed_store: str, tmp_path: Path, undisturbed: State
) -> None:
    """Each takes every tenth point, until one lies beyond the end of the work."""
    fuse, status = first, -signal.SIGKILL
    while status == -signal.SIGKILL:
        with copied_database(server_url, failed_store, f"kill_{uuid4().hex}") as database:
            status = retry(database, tmp_path, "--fuse", str(fuse))
            assert retry(database, tmp_path) == 0
            assert state_of(database) == undisturbed, f"killed at point {fuse}"
        fuse += 10
    assert status == 0
    assert fuse > 20
