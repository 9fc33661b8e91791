"""Whole frames in and out of PostgreSQL by COPY.

Belongs here: the two functions that move a frame, and nothing that knows a table.
Does not belong here: statements about billing (the siblings).

CSV is the wire format: Polars writes and reads it at memory speed, NULL (empty) and the empty string
(quoted) stay apart, and it goes through the same connection and transaction as every other statement.
Hashes travel as hexadecimal text: columns that end in ``_sha256`` are ``bytea`` in the store.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import Any, cast

import polars as pl
import psycopg
from psycopg import sql
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

_BLOCK = 1 << 20
_SLICE_ROWS = 50_000


def copy_in(connection: Connection, table: str, frame: pl.DataFrame) -> int:
    """Append ``frame`` to ``table`` inside the connection's transaction; return the number of rows.

    Column names of the frame are column names of the table; columns the frame lacks take their defaults.
    """
    if frame.is_empty():
        return 0
    statement = sql.SQL("copy {} ({}) from stdin (format csv)").format(
        sql.Identifier(table), sql.SQL(",").join(map(sql.Identifier, frame.columns))
    )
    with _driver_errors(connection), _driver(connection).cursor() as cursor, cursor.copy(statement) as copy:
        for part in frame.iter_slices(_SLICE_ROWS):
            _write_slice(copy, part)
    return frame.height


def _write_slice(copy: psycopg.Copy, rows: pl.DataFrame) -> None:
    hashes = [name for name in rows.columns if name.endswith("_sha256")]
    ready = rows.with_columns(pl.format("\\x{}", pl.col(name)).alias(name) for name in hashes)
    buffer = BytesIO()
    # Before PostgreSQL 18 a line of \. alone ends the data, unless it is quoted.
    ready.write_csv(
        buffer, include_header=False, quote_style="non_numeric" if rows.width == 1 else "necessary"
    )
    view = buffer.getbuffer()
    for start in range(0, len(view), _BLOCK):
        copy.write(view[start : start + _BLOCK])


def copy_out(
    connection: Connection,
    query: str,
    parameters: Sequence[Any] | Mapping[str, Any],
    schema: Mapping[str, pl.DataType | type[pl.DataType]],
) -> pl.DataFrame:
    """Return the rows of ``query`` as a frame with the columns and types of ``schema``.

    ``query`` takes ``%s`` placeholders; its columns must come in the order of ``schema``.
    """
    buffer = BytesIO()
    statement = sql.SQL("copy ({}) to stdout (format csv)").format(sql.SQL(query))
    with (
        _driver_errors(connection),
        _driver(connection).cursor() as cursor,
        cursor.copy(statement, parameters) as copy,
    ):
        for block in copy:
            buffer.write(block)
    if not buffer.tell():
        return pl.DataFrame(schema=dict(schema))
    buffer.seek(0)
    return pl.read_csv(buffer, has_header=False, schema=dict(schema))


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    """Return psycopg's connection beneath SQLAlchemy's: same session, same transaction."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("the store speaks to PostgreSQL through psycopg 3 only")
    return driver


@contextmanager
def _driver_errors(connection: Connection) -> Iterator[None]:
    """Raise psycopg's errors as SQLAlchemy's, as every other statement of the connection does."""
    try:
        yield
    except psycopg.Error as error:
        is_lost = _driver(connection).closed
        raised = DBAPIError.instance(
            "COPY", None, error, psycopg.Error, connection_invalidated=is_lost, dialect=connection.dialect
        )
        raise cast("DBAPIError", raised) from error
