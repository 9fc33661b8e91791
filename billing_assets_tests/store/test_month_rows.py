"""Rows of every kind of column go out, and come back as they were."""

from datetime import UTC, date, datetime

import polars as pl
import pytest
from sqlalchemy import text

from billing_assets.store.connection import Database
from billing_assets.store.month_rows import (
    TABLES,
    column_types,
    place_documents,
    put_rows,
    read_back,
    read_parts,
)
from billing_assets_tests.closed_months import MONTH

_RENDERINGS = """
insert into document (company_id, invoice_id, snapshot_sha256, pdf_sha256, pdf_size, pdf, recorded_at,
    rendered_at)
select i.company_id, i.invoice_id, i.snapshot_sha256, sha256('x'), 3, '\\x00ff0a'::bytea, :at, :at
from invoice i join billing_run r using (run_id)
where r.billing_date < date '2020-03-01' and i.document_kind = 'invoice' and i.invoice_number % 2 = 0
"""


def test_every_table_of_a_month_is_read_back_to_the_same_hash(closed_store: Database) -> None:
    at = datetime(2020, 2, 3, 1, 2, 3, 456789, tzinfo=UTC)
    with closed_store.transaction() as connection:
        connection.execute(text(_RENDERINGS), {"at": at})
        count = place_documents(connection, 1, MONTH)
        assert count == 9 + 2
        for table in TABLES:
            parts = list(read_parts(connection, table, count))
            columns = list(column_types(connection, table))
            found = read_back(connection, table, columns, parts)
            query = text(
                "select row_count, encode(sha256, 'hex') from rows_sha256('month_document($1, $2) ' "
                "|| month_rows(:table), :columns, cast(1 as smallint), :month)"
            )
            values = {"table": table, "columns": columns, "month": MONTH}
            assert (found.row_count, found.rows_sha256) == tuple(connection.execute(query, values).one())
            if table == "document":
                assert parts[0]["pdf"].to_list() == [b"\x00\xff\n"] * found.row_count
                assert parts[0]["recorded_at"].unique().to_list() == [at]


def test_a_part_holds_whole_documents(closed_store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billing_assets.store.month_rows.PART_DOCUMENTS", 4)
    with closed_store.transaction() as connection:
        count = place_documents(connection, 1, MONTH)
        parts = list(read_parts(connection, "ledger_posting", count))
    assert len(parts) == 3
    ids = [set(part["ledger_entry_id"]) for part in parts]
    assert not ids[0] & ids[1]
    assert all(part["amount_minor"].sum() == 0 for part in parts)


def test_a_month_without_documents_has_no_parts(closed_store: Database) -> None:
    with closed_store.transaction() as connection:
        assert place_documents(connection, 1, date(1999, 1, 1)) == 0
        assert list(read_parts(connection, "invoice", 0)) == []


def test_nulls_empty_texts_and_bytes_come_back_apart(database: Database) -> None:
    rows = pl.DataFrame(
        {
            "a": ["", None, 'x"\n,'],
            "b_sha256": [b"\x01", None, b""],
            "c": [b"", b"\xff", None],
            "d": [True, None, False],
        }
    )
    with database.transaction() as connection:
        connection.execute(text("create temporary table kinds (a text, b_sha256 bytea, c bytea, d bool)"))
        put_rows(connection, "kinds", rows)
        found = connection.execute(text("select a, b_sha256, c, d from kinds")).all()
    assert [tuple(row) for row in found] == rows.rows()
