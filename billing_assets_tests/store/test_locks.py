"""One program at a time has a company's lock, and a dead one has none."""

import threading

import pytest
from sqlalchemy import text

from billing_assets.steps.run_ports import silent
from billing_assets.store.connection import Database
from billing_assets.store.locks import LockSpace, hold_lock
from billing_assets_tests.databases import run_sql

HELD = (
    "select pid from pg_locks where locktype = 'advisory' and classid = :space and objid = :company "
    "and database = (select oid from pg_database where datname = current_database())"
)


def holders(database: Database, space: LockSpace, company_id: int) -> list[int]:
    with database.transaction() as connection:
        values = {"space": int(space), "company": company_id}
        return list(connection.execute(text(HELD), values).scalars())


def test_a_lock_ends_with_its_block(database: Database) -> None:
    with hold_lock(database, LockSpace.RUNS, 1, "waiting", silent):
        assert len(holders(database, LockSpace.RUNS, 1)) == 1
    assert holders(database, LockSpace.RUNS, 1) == []


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
