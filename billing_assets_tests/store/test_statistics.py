"""After many rows were written the planner is told at once, and only then."""

import pytest
from sqlalchemy import text

from billing_assets.store import statistics
from billing_assets.store.connection import Database
from billing_assets.store.statistics import refresh_statistics
from billing_assets_tests.books import fill_book


def known_terms(database: Database) -> int:
    query = "select reltuples::bigint from pg_class where oid = 'policy_term_version'::regclass"
    with database.transaction() as connection:
        return int(connection.execute(text(query)).scalar_one())


def refresh(database: Database) -> bool:
    with database.transaction() as connection:
        # The counters of a session are told to the others a moment later, unless it asks for that.
        connection.execute(text("select pg_stat_force_next_flush()"))
    with database.transaction() as connection:
        return refresh_statistics(connection)


def test_what_is_known_is_counted_anew_once_it_is_too_old(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_book(database, 200)
    assert not refresh(database)
    monkeypatch.setattr(statistics, "STALE_ROWS", 100)
    assert refresh(database)
    assert known_terms(database) == 200
    assert not refresh(database)
