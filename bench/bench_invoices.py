"""A billing date with 100,000 due policies, beside a loop that inserts one invoice at a time through the ORM.

Both write the very same invoices, lines, taxes and ledger postings into the same schema on the same server,
each in a fresh database. The program reads the policy book, calculates and commits; the loop is handed the
finished rows and only inserts them, which favours the loop: one invoice a transaction, with its lines, taxes,
outcome and ledger entry, its number drawn from the locked counter row. The postings of an entry go in by one
statement, as the store refuses what does not balance.

    python -m bench.bench_invoices [--count 100000] [--loop-count 3000] [--json FILE]
"""

import argparse
import json
import platform
import resource
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, Table, create_engine, text
from sqlalchemy.orm import DeclarativeBase, Session

from billing_assets.store.connection import Database
from billing_assets.store.embedded import EmbeddedServer
from billing_assets.store.schema import upgrade
from billing_assets_tests.books import billing_over, fill_book
from billing_assets_tests.databases import run_sql, url_of

BILLING_DATE = date(2024, 2, 1)
KEYS = {
    "invoice": "invoice_id",
    "invoice_line": "invoice_id",
    "invoice_tax": "invoice_id",
    "due_charge": "invoice_id",
    "ledger_entry": "ledger_entry_id",
    "ledger_posting": "ledger_entry_id",
}
"""Tables that are written for an invoice, and the column that names it."""


def main() -> None:
    """Run both and print the ratio."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--loop-count", type=int, default=3_000)
    parser.add_argument("--server-url", default="", help="superuser's URL; empty: an embedded server")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with ExitStack() as stack:
        server_url = options.server_url or embedded(stack)
        figures = measure(server_url, options.count, options.loop_count)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    sys.stdout.write(table(figures) + "\n")


def embedded(stack: ExitStack) -> str:
    """Return the superuser's URL of an embedded server that lives as long as the stack."""
    home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="billing-bench-")))
    home.chmod(0o755)
    return stack.enter_context(EmbeddedServer(home).use()).url("postgres", database="postgres")


def measure(server_url: str, count: int, loop_count: int) -> dict[str, Any]:
    """Return the figures of both ways."""
    for name in ("bench_program", "bench_loop"):
        run_sql(server_url, f"drop database if exists {name} with (force)")
        run_sql(server_url, f"create database {name}")
        upgrade(url_of(server_url, name))
    program_url, loop_url = url_of(server_url, "bench_program"), url_of(server_url, "bench_loop")
    database = Database(program_url)
    fill_book(database, count)
    run_sql(program_url, "vacuum analyze")
    run_sql(program_url, "checkpoint")
    with ExitStack() as stack, tempfile.TemporaryDirectory() as home:
        billing = billing_over(database, Path(home), stack)
        order, _ = billing.order(BILLING_DATE), billing.frozen_template
        started = time.perf_counter()
        result = billing.invoice(order)
        program_seconds = time.perf_counter() - started
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        started = time.perf_counter()
        billing.invoice(order)
        again_seconds = time.perf_counter() - started
    with database.transaction() as connection:
        bytes_of = {
            name: connection.execute(text(f"select pg_total_relation_size('{name}')")).scalar_one()
            for name in KEYS
        }
    rows = finished_rows(database, loop_count)
    database.close()
    loop_seconds = orm_loop(loop_url, rows)
    if result.facts["invoice_count"] != count:
        raise SystemExit(f"{count} were due, {result.facts['invoice_count']} invoiced")
    loop_rate, program_rate = loop_count / loop_seconds, count / program_seconds
    return {
        "machine": platform.platform(),
        "python": platform.python_version(),
        "invoices": count,
        "program_seconds": program_seconds,
        "parts_seconds": dict(result.seconds),
        "program_invoices_per_second": program_rate,
        "second_run_seconds": again_seconds,
        "loop_invoices": loop_count,
        "loop_invoices_per_second": loop_rate,
        "times_faster": program_rate / loop_rate,
        "peak_rss_mb": peak_mb,
        "bytes_per_invoice": sum(bytes_of.values()) / count,
    }


def finished_rows(database: Database, count: int) -> list[dict[str, list[dict[str, Any]]]]:
    """Return the rows of the first invoices, per invoice and table, as the loop inserts them."""
    grouped: dict[int, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    with database.transaction() as connection:
        for name, key in KEYS.items():
            query = text(
                f"select * from {name} where {key} in "
                f"(select invoice_id from invoice order by 1 limit :count) order by {key}"
            )
            for row in connection.execute(query, {"count": count}).mappings():
                grouped[row[key]][name].append(dict(row))
    return list(grouped.values())


def orm_loop(url: str, rows: list[dict[str, list[dict[str, Any]]]]) -> float:
    """Insert one invoice at a time through the ORM, one commit each; return the seconds."""
    engine = create_engine(url, connect_args={"options": "-c search_path=billing"})
    metadata = MetaData()

    class Base(DeclarativeBase):
        pass

    Base.metadata = metadata
    models = {
        name: type(name, (Base,), {"__table__": Table(name, metadata, autoload_with=engine)}) for name in KEYS
    }
    draw = text("update number_series set last_number = last_number + 1 returning last_number")
    post = text(
        "insert into ledger_posting "
        "select * from jsonb_populate_recordset(null::ledger_posting, cast(:rows as jsonb))"
    )
    with Session(engine) as session:
        series = "insert into number_series (company_id, document_kind, prefix) values (1, 'invoice', 'INV-')"
        session.execute(text("insert into company (company_code) values ('alondra')"))
        session.execute(text(series))
        session.commit()
        started = time.perf_counter()
        for invoice in rows:
            session.execute(draw)
            session.execute(post, {"rows": json.dumps(invoice["ledger_posting"])})
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


def table(figures: dict[str, Any]) -> str:
    """Return the figures as a Markdown table."""
    lines = ["| figure | value |", "| --- | --- |"]
    for name, value in figures.items():
        shown = f"{value:,.3f}" if isinstance(value, float) else str(value)
        lines.append(f"| {name} | {shown} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
