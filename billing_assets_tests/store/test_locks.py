"""One program at a time has a company's lock, and a dead one has none."""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest
from sqlalchemy import text

from billing_assets.steps.run_ports import Progress, silent
from billing_assets.store.connection import Database
from billing_assets.store.locks import LockSpace, hold_for_import, hold_lock
from billing_assets_tests.databases import run_sql

HELD = (
    "select pid from pg_locks where locktype = 'advisory' and classid = :space and objid = :company "
    "and database = (select oid from pg_database where datname = current_database())"
)


def holders(database: Database, space: LockSpace, company_id: int) -> list[int]:
    with database.transaction() as connection:
        values = {"space": int(space), "company": company_id}
        return list(connection.execute(text(HELD), values).scalars())


def is_free(database: Database, space: LockSpace) -> bool:
    """Wait until the server has noticed that a session is over, which takes it a moment."""
    deadline = time.monotonic() + 20
    while holders(database, space, 1) and time.monotonic() < deadline:
        time.sleep(0.02)
    return holders(database, space, 1) == []


def test_a_lock_ends_with_its_block(database: Database) -> None:
    with hold_lock(database, LockSpace.RUNS, 1, "waiting", silent):
        assert len(holders(database, LockSpace.RUNS, 1)) == 1
    assert is_free(database, LockSpace.RUNS)


def test_companies_and_purposes_do_not_wait_for_each_other(database: Database) -> None:
    with (
        hold_lock(database, LockSpace.RUNS, 1, "waiting", silent),
        hold_lock(database, LockSpace.RUNS, 2, "waiting", silent),
        hold_lock(database, LockSpace.DELIVERIES, 1, "waiting", silent),
    ):
        assert len(holders(database, LockSpace.RUNS, 2)) == 1


def test_the_second_waits_says_so_and_gets_it(database: Database) -> None:
    said: list[str] = []
    is_waiting, is_over = threading.Event(), threading.Event()

    def tell(stage: str, _done: int, _total: int) -> None:
        said.append(stage)
        is_waiting.set()

    def second() -> None:
        with hold_lock(database, LockSpace.RUNS, 1, "waiting for the other", tell):
            is_over.set()

    thread = threading.Thread(target=second)
    with hold_lock(database, LockSpace.RUNS, 1, "waiting", silent):
        thread.start()
        assert is_waiting.wait(30)
        assert not is_over.is_set()
    thread.join(30)
    assert is_over.is_set()
    assert set(said) == {"waiting for the other"}


def test_an_interruption_while_waiting_leaves_no_lock(database: Database) -> None:
    def interrupt(_stage: str, _done: int, _total: int) -> None:
        raise KeyboardInterrupt

    def wait() -> None:
        with hold_lock(database, LockSpace.RUNS, 1, "waiting", interrupt):
            pytest.fail("it cannot have the lock")

    with hold_lock(database, LockSpace.RUNS, 1, "waiting", silent):
        with pytest.raises(KeyboardInterrupt):
            wait()
        assert len(holders(database, LockSpace.RUNS, 1)) == 1


def test_a_lock_whose_session_the_server_ended_is_free_and_the_block_ends_quietly(database: Database) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    with hold_lock(database, LockSpace.RUNS, 1, "waiting", silent):
        (pid,) = holders(database, LockSpace.RUNS, 1)
        run_sql(url, f"select pg_terminate_backend({pid}, 5000)")
        with hold_lock(database, LockSpace.RUNS, 1, "waiting", silent):
            assert len(holders(database, LockSpace.RUNS, 1)) == 1


class Waiting:
    """A thread that waits for a lock, and what it was told meanwhile."""

    def __init__(self, work: Callable[[Progress], None]) -> None:
        self.said: list[str] = []
        self.is_waiting = threading.Event()
        self.thread = threading.Thread(target=work, args=(self.tell,), daemon=True)
        self.thread.start()

    def tell(self, stage: str, _done: int, _total: int) -> None:
        self.said.append(stage)
        self.is_waiting.set()


def test_an_import_and_a_run_that_wait_are_told_for_whom(database: Database) -> None:
    def run(progress: Progress) -> None:
        with hold_lock(database, LockSpace.RUNS, 1, "waiting for another run", progress):
            pass

    def bring_in(progress: Progress) -> None:
        with database.transaction() as connection:
            hold_for_import(connection, 1, progress)

    told: dict[tuple[str, str], str] = {}
    for holder in ("import", "run"):
        with ExitStack() as stack:
            if holder == "run":
                stack.enter_context(hold_lock(database, LockSpace.RUNS, 1, "", silent))
            else:
                hold_for_import(stack.enter_context(database.transaction()), 1, silent)
            waiting = {"run": Waiting(run), "import": Waiting(bring_in)}
            assert all(waiter.is_waiting.wait(30) for waiter in waiting.values())
            told |= {(holder, waits): waiter.said[0] for waits, waiter in waiting.items()}
        for waiter in waiting.values():
            waiter.thread.join(30)
            assert not waiter.thread.is_alive()
    assert told == {
        ("import", "run"): "waiting for an import of this company",
        ("import", "import"): "waiting for an import of this company",
        ("run", "run"): "waiting for another run",
        ("run", "import"): "waiting for a run of this company",
    }


def test_an_import_that_is_interrupted_while_it_waits_leaves_no_lock(database: Database) -> None:
    def interrupt(_stage: str, _done: int, _total: int) -> None:
        raise KeyboardInterrupt

    def bring_in() -> None:
        with database.transaction() as connection:
            hold_for_import(connection, 1, interrupt)

    with hold_lock(database, LockSpace.RUNS, 1, "", silent), pytest.raises(KeyboardInterrupt):
        bring_in()
    for space in (LockSpace.RUNS, LockSpace.IMPORTS):
        assert is_free(database, space)
