"""Telling in the store: what waits, in parts, without a gap, and nothing of what was rolled back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from billing_assets.store.checks import run_checks
from billing_assets.store.connection import Database
from billing_assets.store.statuses import SqlStatusStore
from billing_assets_tests.paid_books import AT, allocate, bill_monthly, paid, record, rows
from billing_assets_tests.told_books import EARLY, LATE, clock, tell


def prepare(database: Database, home: Path) -> None:
    bill_monthly(database, home)


def store(database: Database) -> SqlStatusStore:
    return SqlStatusStore(database, 1, "Europe/Madrid", clock)


@contextmanager
def unguarded(database: Database) -> Iterator[Connection]:
    """Yield a connection that may do anything, as somebody with the rights of a superuser has it."""
    with database.transaction() as connection:
        connection.execute(text("reset role"))
        connection.execute(text("set local session_replication_role = replica"))
        yield connection
        connection.execute(text("set role billing_app"))


def offenders(database: Database) -> list[str]:
    with database.transaction() as connection:
        (found,) = run_checks(connection, at=AT, check_ids=["I29"])
    return list(found.examples)


def test_news_are_what_waits_and_what_fell_due(database: Database) -> None:
    assert store(database).has_news(EARLY)
    tell(database)
    assert not store(database).has_news(EARLY)
    assert store(database).has_news(LATE)
    tell(database, LATE)
    assert not store(database).has_news(LATE)


def test_what_one_statement_writes_is_one_source_unless_it_is_much(database: Database) -> None:
    assert rows(database, "select count(*), sum(cardinality(fact_ids)) from status_source") == [(2, 6)]


def test_what_is_rolled_back_is_neither_told_nor_waits(database: Database) -> None:
    record(database, paid("a", 50, payer_key="K1"))
    tell(database)
    with pytest.raises(ZeroDivisionError), database.transaction() as connection:
        _allocate_and_fail(database, connection)
    assert not store(database).has_news(EARLY)


def _allocate_and_fail(database: Database, connection: Connection) -> None:
    allocate(database.joined(connection))
    raise ZeroDivisionError


def test_an_event_is_never_changed_and_never_told_twice(database: Database) -> None:
    tell(database)
    for statement in (
        "update status_event set open_minor = 0",
        "delete from status_event",
        "insert into status_source (company_id, fact_kind, fact_ids) values (1, 'document', '{1}')",
    ):
        with pytest.raises(DBAPIError), database.transaction() as connection:
            connection.execute(text(statement))
    # Once more the same facts, as when a month comes back: the key of the facts refuses them.
    with unguarded(database) as connection:
        connection.execute(
            text(
                "insert into status_source (company_id, fact_kind, fact_ids) "
                "select 1, 'document', array_agg(invoice_id) from invoice"
            )
        )
    assert tell(database)["event_count"] == 0
    assert rows(database, "select count(*) from status_source") == [(0,)]


@pytest.mark.parametrize(
    ("act", "words"),
    [
        ("delete from status_event where event_number = 2", "not numbered"),
        ("update status_event set open_minor = 1 where event_number = 2", "does not say what is open"),
        ("update status_account set open_minor = 1 where invoice_id = 1", "does not say what is open"),
        ("update status_event set fact_id = 99 where event_number = 1", "nothing is told of it"),
    ],
)
def test_the_check_names_what_is_wrong(database: Database, act: str, words: str) -> None:
    tell(database)
    assert offenders(database) == []
    with unguarded(database) as connection:
        connection.execute(text(act))
    assert any(words in example for example in offenders(database))
