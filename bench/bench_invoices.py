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
from contextlib import ExitStack
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bench.orm_loops import TABLES, finished_rows, orm_loop
from bench.servers import embedded, fresh_database, table
from billing_assets.store.connection import Database
from billing_assets_tests.books import billing_over, fill_book
from billing_assets_tests.databases import run_sql

BILLING_DATE = date(2024, 2, 1)


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


def measure(server_url: str, count: int, loop_count: int) -> dict[str, Any]:
    """Return the figures of both ways."""
    program_url = fresh_database(server_url, "bench_program", partial(fill_book, count=count))
    loop_url = fresh_database(server_url, "bench_loop")
    database = Database(program_url)
    run_sql(program_url, "checkpoint")
    with ExitStack() as stack, tempfile.TemporaryDirectory() as home:
        billing = billing_over(database, Path(home), stack)
        order, _ = billing.order(BILLING_DATE), billing.template_choice
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
            for name in TABLES
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


if __name__ == "__main__":
    main()
