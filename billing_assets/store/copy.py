"""Whole frames in and out of PostgreSQL by COPY.

Belongs here: the two functions that move a frame, and nothing that knows a table.
Does not belong here: statements about billing (the siblings).

CSV is the wire format: Polars writes and reads it at memory speed, NULL (empty) and the empty string
(quoted) stay apart, and it goes through the same connection and transaction as every other statement.
Large frames of plain columns go in as binary rows (``binary_rows``), which saves both sides work; what is
stored is the same. Hashes are hexadecimal text in a frame: columns that end in ``_sha256`` are ``bytea`` in
the store, and so is every column of bytes.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import Any, cast

import polars as pl
import psycopg
from psycopg import pq, sql
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from billing_assets.store.binary_rows import BinaryColumn, binary_blocks, binary_columns

_BLOCK = 1 << 20
_SLICE_ROWS = 50_000
# With fewer rows the question for the types costs as much as it saves.
_BINARY_ROWS = 1_000
_TYPES = """
select attname, cast(atttypid as bigint) from pg_attribute
where attrelid = to_regclass(quote_ident(%s)) and attnum > 0 and not attisdropped
"""


def copy_in(connection: Connection, table: str, frame: pl.DataFrame) -> int:
    """Append ``frame`` to ``table`` inside the connection's transaction; return the number of rows.

    Column names of the frame are column names of the table; columns the frame lacks take their defaults.
    Rows of a large frame may be stored in another order than they have in it.
    """
    if frame.is_empty():
        return 0
    with _driver_errors(connection), _driver(connection).cursor() as cursor:
        columns = _binary_columns(cursor, table, frame)
        with cursor.copy(_statement(table, frame, "csv" if columns is None else "binary")) as copy:
            if columns is not None:
                for block in binary_blocks(frame, columns):
                    copy.write(block)
            else:
                for part in frame.iter_slices(_SLICE_ROWS):
                    _write_slice(copy, part)
    return frame.height


def _binary_columns(
    cursor: psycopg.Cursor[Any], table: str, frame: pl.DataFrame
) -> tuple[BinaryColumn, ...] | None:
    """Return how the frame goes in as binary rows; None where it goes as CSV.

    The types are asked each time, because a migration may change them and a temporary table hide a table.
    """
    if frame.height < _BINARY_ROWS:
        return None
    return binary_columns(frame, dict(cursor.execute(_TYPES, (table,)).fetchall()))


def _statement(table: str, frame: pl.DataFrame, wire_format: str) -> sql.Composed:
    return sql.SQL("copy {} ({}) from stdin (format {})").format(
        sql.Identifier(table), sql.SQL(",").join(map(sql.Identifier, frame.columns)), sql.SQL(wire_format)
    )


def _write_slice(copy: psycopg.Copy, rows: pl.DataFrame) -> None:
    ready = rows.with_columns(
        pl.format("\\x{}", pl.col(name).bin.encode("hex") if dtype == pl.Binary else pl.col(name)).alias(name)
        for name, dtype in rows.schema.items()
        if dtype == pl.Binary or name.endswith("_sha256")
    )
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
        _drain(copy, _driver(connection).pgconn, buffer)
    if not buffer.tell():
        return pl.DataFrame(schema=dict(schema))
    buffer.seek(0)
    return pl.read_csv(buffer, has_header=False, schema=dict(schema))


def _drain(copy: psycopg.Copy, server: pq.abc.PGconn, buffer: BytesIO) -> None:
    """Write all rows of a COPY into the buffer.

    The driver yields them one by one, which takes longer than reading them: what has already arrived is taken
    without it, and it waits for the rest.
    """
    for block in copy:
        buffer.write(block)
        size, row = server.get_copy_data(1)
        while size > 0:
            buffer.write(row)
            size, row = server.get_copy_data(1)
        if size < 0:
            _require_end(server)
            return


def _require_end(server: pq.abc.PGconn) -> None:
    """Read how the COPY has ended, to the last word, so that the connection is free again; raise an error."""
    results = list(iter(server.get_result, None))
    for result in results:
        if result.status != pq.ExecStatus.COMMAND_OK:
            raise psycopg.errors.error_from_result(result)


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
