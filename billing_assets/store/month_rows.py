"""The rows of a month in all tables, as frames, whatever their columns are.

Belongs here: which tables, reading rows by parts, putting them back, what a table holds as one hash.
Does not belong here: when a month may go or come back (``detached_months``), files (``feeds``).

Columns are those that the catalogue names, so that a column of a later migration goes along. Frames hold
whole numbers, days, instants in UTC, texts and bytes; a row is the same when it has come back, which the hash
of the database's own text of each row proves.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import polars as pl
from sqlalchemy import Connection, text

from billing_assets.store.copy import copy_in, copy_out

TABLES = (
    "invoice",
    "invoice_line",
    "invoice_tax",
    "due_charge",
    "ledger_entry",
    "ledger_posting",
    "document",
    "delivery",
    "delivery_attempt",
    "delivery_decision",
)
"""In this order they are filled, so that a row that another one refers to is there first."""

PART_DOCUMENTS = 20_000
_PART_RENDERINGS = 1_000
"""A document may keep the bytes of its rendering: so many of them are 50 MB."""

_COPY = "month_copy"
_INSTANT = pl.Datetime("us", "UTC")
# What a column is asked for as, and read as; its frame's type follows from both.
_READ_AS = {
    "int2": ("{}", pl.Int64),
    "int4": ("{}", pl.Int64),
    "int8": ("{}", pl.Int64),
    "date": ("{}", pl.Date),
    "text": ("{}", pl.String),
    "bpchar": ("{}", pl.String),
    "bool": ("{}::text", pl.Boolean),
    "timestamptz": ("(extract(epoch from {}) * 1000000)::bigint", pl.Int64),
    "bytea": ("encode({}, 'hex')", pl.String),
}
_COLUMNS = """
select a.attname::text, t.typname::text from pg_attribute a join pg_type t on t.oid = a.atttypid
where a.attrelid = cast(:table as regclass) and a.attnum > 0 and not a.attisdropped order by a.attnum
"""
_PLACES = """
create temporary table month_place on commit drop as
select invoice_id, row_number() over (order by invoice_id) - 1 as place from month_document(:company, :month)
"""
_SHA256 = """
select row_count, encode(sha256, 'hex') from rows_sha256(:source, cast(:names as text[]), :company, :month)
"""


@dataclass(frozen=True, slots=True)
class RowsOfTable:
    """How many rows a table has, and the hash of all of them, in hex."""

    row_count: int
    rows_sha256: str


def place_documents(connection: Connection, company_id: int, month: date) -> int:
    """Give each document of the month its place, for this transaction; return how many there are."""
    connection.execute(text(_PLACES), {"company": company_id, "month": month})
    connection.execute(text("analyze month_place"))
    return int(connection.execute(text("select count(*) from month_place")).scalar_one())


def column_types(connection: Connection, table_name: str) -> dict[str, str]:
    """Return the columns of a table with the names of their types."""
    rows = connection.execute(text(_COLUMNS), {"table": table_name})
    return {row[0]: row[1] for row in rows}


def read_parts(connection: Connection, table_name: str, document_count: int) -> Iterator[pl.DataFrame]:
    """Yield the rows of the documents of :func:`place_documents` in a table, by parts; no empty one."""
    types = column_types(connection, table_name)
    rows = connection.execute(text("select month_rows(:table)"), {"table": table_name}).scalar_one()
    values = ", ".join(_READ_AS[kind][0].format(f"t.{name}") for name, kind in types.items())
    query = (
        f"select {values} from month_place {rows} "  # noqa: S608 - names of the catalogue
        "where m.place >= %(low)s and m.place < %(high)s order by m.place, t.ctid"
    )
    schema = {name: _READ_AS[kind][1] for name, kind in types.items()}
    size = _PART_RENDERINGS if table_name == "document" else PART_DOCUMENTS
    for low in range(0, document_count, size):
        part = copy_out(connection, query, {"low": low, "high": low + size}, schema)
        if part.height:
            yield part.with_columns(*_typed(types))


def _typed(types: dict[str, str]) -> Iterator[pl.Expr]:
    for name, kind in types.items():
        if kind == "timestamptz":
            yield pl.col(name).cast(_INSTANT)
        elif kind == "bytea":
            yield pl.col(name).str.decode("hex")


def put_rows(connection: Connection, table_name: str, rows: pl.DataFrame) -> None:
    """Add rows to a table by one COPY, so that triggers that ask whole statements see whole documents."""
    hashes = [name for name in rows.columns if name.endswith("_sha256")]
    copy_in(connection, table_name, rows.with_columns(pl.col(hashes).bin.encode("hex")))


def read_back(
    connection: Connection, table_name: str, columns: list[str], parts: Iterable[pl.DataFrame]
) -> RowsOfTable:
    """Put rows into a table of the same form that is dropped again, and return what it holds."""
    connection.execute(text(f"create temporary table {_COPY} (like billing.{table_name}) on commit drop"))
    for rows in parts:
        put_rows(connection, _COPY, rows)
    values = {"source": f"{_COPY} t", "names": columns, "company": 0, "month": date.min}
    row_count, rows_sha256 = connection.execute(text(_SHA256), values).one()
    connection.execute(text(f"drop table {_COPY}"))
    return RowsOfTable(row_count, rows_sha256)
