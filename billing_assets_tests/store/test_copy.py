"""A frame that goes into the store comes back as it was."""

from datetime import date
from hashlib import sha256

import polars as pl
import psycopg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from billing_assets.store.connection import Database
from billing_assets.store.copy import copy_in, copy_out

HARD_TEXTS = [
    "plain",
    "",
    None,
    'says "hi"',
    "a,b",
    "line\nbreak",
    "carriage\r\nreturn",
    "\\.",
    "\\N",
    "NULL",
    "日本語 ñ ß 🦉",
    "\u202eright to left",
    " spaces ",
    "back\\slash",
    "00123",
    "\n\\.\n",
]
TEXT_SCHEMA = {"row_id": pl.Int64, "said": pl.String}


def with_table(connection: Connection, columns: str) -> None:
    connection.execute(text(f"create temporary table sheet ({columns}) on commit drop"))


def test_hard_texts_survive_and_null_stays_apart_from_the_empty_text(database: Database) -> None:
    frame = pl.DataFrame({"row_id": range(len(HARD_TEXTS)), "said": HARD_TEXTS}, schema=TEXT_SCHEMA)
    with database.transaction() as connection:
        with_table(connection, "row_id bigint, said text")
        assert copy_in(connection, "sheet", frame) == len(HARD_TEXTS)
        assert copy_out(connection, "select * from sheet order by row_id", (), TEXT_SCHEMA).equals(frame)


def test_a_single_column_survives_too_whatever_its_texts(database: Database) -> None:
    frame = pl.DataFrame({"said": HARD_TEXTS}, schema={"said": pl.String})
    with database.transaction() as connection:
        with_table(connection, "said text")
        copy_in(connection, "sheet", frame)
        stored = list(connection.execute(text("select said from sheet")).scalars())
        assert sorted(stored, key=str) == sorted(HARD_TEXTS, key=str)
        back = copy_out(connection, "select said from sheet", (), {"said": pl.String})
        assert sorted(back["said"], key=str) == sorted(HARD_TEXTS, key=str)


def test_dates_and_the_outermost_integers_survive(database: Database) -> None:
    schema = {"day": pl.Date, "amount": pl.Int64}
    days = [date(1900, 1, 1), date(2024, 2, 29), date(9999, 12, 31), None]
    frame = pl.DataFrame({"day": days, "amount": [2**63 - 1, -(2**63), 0, None]}, schema=schema)
    with database.transaction() as connection:
        with_table(connection, "day date, amount bigint")
        copy_in(connection, "sheet", frame)
        back = copy_out(connection, "select * from sheet order by day nulls last", (), schema)
    assert back.equals(frame)


def test_a_hash_is_stored_as_its_bytes(database: Database) -> None:
    digest = sha256(b"x")
    frame = pl.DataFrame({"content_sha256": [digest.hexdigest(), None]})
    with database.transaction() as connection:
        with_table(connection, "content_sha256 bytea")
        copy_in(connection, "sheet", frame)
        stored = list(connection.execute(text("select content_sha256 from sheet order by 1")).scalars())
    assert stored == [digest.digest(), None]


def test_an_empty_frame_writes_nothing_and_an_empty_result_keeps_its_types(database: Database) -> None:
    with database.transaction() as connection:
        with_table(connection, "row_id bigint, said text")
        assert copy_in(connection, "sheet", pl.DataFrame(schema=TEXT_SCHEMA)) == 0
        back = copy_out(connection, "select * from sheet", (), TEXT_SCHEMA)
    assert back.is_empty()
    assert dict(back.schema) == TEXT_SCHEMA


def test_columns_go_by_name_and_missing_ones_take_their_default(database: Database) -> None:
    with database.transaction() as connection:
        with_table(connection, "row_id bigint, said text, level int default 7")
        copy_in(connection, "sheet", pl.DataFrame({"said": ["a"], "row_id": [1]}))
        assert tuple(connection.execute(text("select * from sheet")).one()) == (1, "a", 7)


def test_placeholders_are_filled_in_safely(database: Database) -> None:
    schema = {"said": pl.String}
    with database.transaction() as connection:
        back = copy_out(connection, "select %(said)s::text", {"said": "'; drop table invoice; --"}, schema)
    assert back["said"].to_list() == ["'; drop table invoice; --"]


def test_what_the_server_refuses_is_an_error_like_that_of_any_statement(database: Database) -> None:
    def write_twice() -> None:
        with database.transaction() as connection:
            with_table(connection, "row_id bigint primary key")
            copy_in(connection, "sheet", pl.DataFrame({"row_id": [1, 1]}))

    with pytest.raises(IntegrityError) as caught:
        write_twice()
    assert isinstance(caught.value.orig, psycopg.errors.UniqueViolation)


def test_more_rows_than_a_connection_buffers_come_whole_and_in_order(database: Database) -> None:
    query = "select n, repeat('x', n % 100) from generate_series(1, 200000) n"
    with database.transaction() as connection:
        back = copy_out(connection, query, (), {"n": pl.Int64, "said": pl.String})
        assert connection.execute(text("select 1")).scalar_one() == 1
    assert back["n"].equals(pl.int_range(1, 200_001, eager=True).alias("n"))
    assert back["said"].str.len_bytes().fill_null(0).sum() == sum(n % 100 for n in range(1, 200_001))


@pytest.mark.parametrize("last", [1, 10, 50_000])
def test_an_error_after_rows_were_sent_is_that_of_the_server_and_leaves_the_connection_usable(
    database: Database, last: int
) -> None:
    query = f"select 1 / ({last} - n) from generate_series(1, {last}) n"
    with database.transaction() as connection:
        connection.execute(text("savepoint before"))
        with pytest.raises(DBAPIError) as caught:
            copy_out(connection, query, (), {"n": pl.Int64})
        connection.execute(text("rollback to savepoint before"))
        assert connection.execute(text("select 1")).scalar_one() == 1
    assert isinstance(caught.value.orig, psycopg.errors.DivisionByZero)


def test_a_connection_that_is_lost_during_copy_is_an_operational_error(database: Database) -> None:
    def read() -> None:
        with database.transaction() as connection:
            connection.execute(text("set local role none"))
            copy_out(connection, "select pg_terminate_backend(pg_backend_pid())::text", (), {"x": pl.String})

    with pytest.raises(DBAPIError) as caught:
        read()
    assert isinstance(caught.value, OperationalError)
    with database.transaction() as connection:
        assert connection.execute(text("select 1")).scalar_one() == 1
