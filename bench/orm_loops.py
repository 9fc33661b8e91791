"""A loop that inserts finished invoices one at a time through the ORM, and the ORM classes for such loops.

Belongs here: mapped classes read off a store, and rows that are inserted as they are.
Does not belong here: the loop that works its rows out itself (``policy_loop``).
"""

import json
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Engine, MetaData, Table, create_engine, text
from sqlalchemy.orm import DeclarativeBase, Session

from billing_assets.store.connection import Database

TABLES = {
    "invoice": "invoice_id",
    "invoice_line": "invoice_id",
    "invoice_tax": "invoice_id",
    "due_charge": "invoice_id",
    "ledger_entry": "ledger_entry_id",
    "ledger_posting": "ledger_entry_id",
}
"""Tables that are written for an invoice, and the column that names it."""
# The store takes the postings of an entry by one statement, because that is when they balance.
POST = text(
    "insert into ledger_posting "
    "select * from jsonb_populate_recordset(null::ledger_posting, cast(:rows as jsonb))"
)
DRAW = text(
    "update number_series set last_number = last_number + 1, last_issue_date = :day "
    "where company_id = 1 and document_kind = 'invoice' returning number_series_id, last_number"
)
SERIES = text("insert into number_series (company_id, document_kind, prefix) values (1, 'invoice', 'INV-')")


def finished_rows(database: Database, count: int) -> list[dict[str, list[dict[str, Any]]]]:
    """Return the rows of the first invoices, per invoice and table, as the loop inserts them."""
    grouped: dict[int, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    with database.transaction() as connection:
        for name, key in TABLES.items():
            query = text(
                f"select * from {name} where {key} in "
                f"(select invoice_id from invoice order by 1 limit :count) order by {key}"
            )
            for row in connection.execute(query, {"count": count}).mappings():
                grouped[row[key]][name].append(dict(row))
    return list(grouped.values())


def orm_loop(url: str, rows: list[dict[str, list[dict[str, Any]]]]) -> float:
    """Insert one invoice at a time through the ORM, one commit each; return the seconds."""
    engine = engine_of(url)
    models = models_of(engine, TABLES)
    with Session(engine) as session:
        session.execute(text("insert into company (company_code) values ('alondra')"))
        session.execute(SERIES)
        session.commit()
        started = time.perf_counter()
        for invoice in rows:
            session.execute(DRAW, {"day": invoice["invoice"][0]["issue_date"]})
            session.execute(POST, {"rows": json.dumps(invoice["ledger_posting"])})
            session.add_all(
                models[name](**row)
                for name, rows_of in invoice.items()
                if name != "ledger_posting"
                for row in rows_of
            )
            session.commit()
        seconds = time.perf_counter() - started
    engine.dispose()
    return seconds


def engine_of(url: str) -> Engine:
    """Return an engine that sees the store's tables."""
    return create_engine(url, connect_args={"options": "-c search_path=billing"})


def models_of(engine: Engine, names: Iterable[str]) -> dict[str, Any]:
    """Return a mapped class for each table, read off the store."""
    metadata = MetaData()

    class Base(DeclarativeBase):
        pass

    Base.metadata = metadata
    return {
        name: type(name, (Base,), {"__table__": Table(name, metadata, autoload_with=engine)})
        for name in names
    }
