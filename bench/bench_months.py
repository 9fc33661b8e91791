"""A month that leaves the store and comes back, and a night of billing with the month here and with it away.

The terms of one book are billed in February 2020 and closed for good; the policies are renewed in March 2024.
The night of the renewals is billed in copies of the store with the month here and away, in turns: what a run
loses to the trigger that knows terms that are away, or gains by a smaller book, is the difference.

    python -m bench.bench_months [--count 200000] [--rounds 3] [--server-url URL] [--json FILE]
"""

import argparse
import json
import statistics
import sys
import time
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.peak_book import PLACES, peak_billing
from bench.peak_program import bill
from bench.servers import (
    drop,
    embedded,
    fresh_copy,
    fresh_database,
    machine,
    rows_of,
    run_script,
    table,
    tell,
)
from billing_assets.store.connection import Database
from billing_assets.store.month_rows import TABLES
from billing_assets.wiring.month_desk import MonthDesk
from billing_assets_tests.books import COMPANY, fill_book
from billing_assets_tests.databases import run_sql, url_of

BEGIN, MONTH = date(2020, 2, 1), date(2020, 2, 1)
BILLED, SETTLED, RENEWED = date(2020, 2, 3), date(2024, 2, 1), date(2024, 3, 1)
HERE, AWAY = "months_here", "months_away"
Figures = dict[str, Any]

_TERMS = f"insert into policy_term (policy_id, effective_date) select policy_id, date '{RENEWED}' from policy"
_BATCH = """
insert into intake_batch (company_id, file_name, file_sha256, mapping_sha256, row_count, new_count,
    changed_count, unchanged_count, duplicate_count, problem_count, control_totals, imported_at)
values (1, 'renewals.csv', 'c', 'd', 0, 0, 0, 0, 0, 0, '{}', now())
"""
_VERSIONS = f"""
insert into policy_term_version (policy_term_id, policy_id, company_id, payer_id, product_code,
    line_of_business, place_code, currency, plan_code, effective_date, expiration_date, anchor_date,
    cut_over_date, premium_minor, content_sha256, batch_id)
select t.policy_term_id, v.policy_id, company_id, payer_id, product_code, line_of_business, place_code,
    currency, plan_code, t.effective_date, date '{RENEWED}' + 365, t.effective_date, cut_over_date,
    premium_minor, content_sha256, 2
from policy_term_version v join policy_term t on t.policy_id = v.policy_id
where v.effective_date = date '{BEGIN}' and t.effective_date = date '{RENEWED}'
order by t.policy_term_id
"""
_BYTES = """
select sum(pg_total_relation_size(cast('billing.' || name as regclass)))::bigint as byte_count
from unnest(cast(:tables as text[])) as t (name)
"""


def main() -> None:
    """Measure, print a table of the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=200_000, help="invoices of the month")
    parser.add_argument("--rounds", type=int, default=3, help="turns of the nights")
    parser.add_argument("--server-url", default="", help="superuser's URL; empty: an embedded server")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with ExitStack() as stack:
        server = options.server_url or embedded(stack)
        figures = measure(server, options.count, options.rounds)
        figures |= {"machine": machine(server)}
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    sys.stdout.write(table(figures) + "\n")


def measure(server: str, count: int, rounds: int) -> Figures:
    """Return the figures of one server."""
    tell(f"billing {count:,} terms of 2020")
    here = fresh_database(server, HERE, lambda database: _closed_book(database, count))
    run_script(here, _BATCH, _TERMS, _VERSIONS)
    run_sql(here, "vacuum analyze")
    drop(server, AWAY)
    run_sql(server, f"create database {AWAY} template {HERE}")
    with TemporaryDirectory(prefix="billing-months-") as folder:
        figures = _detached(url_of(server, AWAY), Path(folder) / "month")
        figures |= {"nights": _nights(server, rounds)}
        tell("attaching")
        figures |= _attached(url_of(server, AWAY), Path(folder) / "month")
    for name in (HERE, AWAY):
        drop(server, name)
    return figures


def _closed_book(database: Database, count: int) -> None:
    fill_book(database, count, BEGIN, PLACES, ("yearly",))
    for day in (BILLED, SETTLED):
        _bill(database, day)


def _bill(database: Database, day: date) -> float:
    with peak_billing(database) as billing:
        return bill(billing, database.url, day).seconds


def _desk(database: Database) -> MonthDesk:
    return MonthDesk(database, 1, COMPANY.company_code, lambda: datetime.now(UTC))


def _detached(url: str, folder: Path) -> Figures:
    """Return seconds and bytes of the detaching."""
    tell("detaching")
    before = _size(url)
    database = Database(url)
    began = time.perf_counter()
    result = _desk(database).detach(MONTH, folder)
    seconds = time.perf_counter() - began
    database.close()
    began = time.perf_counter()
    run_sql(url, "vacuum analyze")
    names = ("document_count", "row_count", "file_count", "byte_count")
    return {
        **{name: result.facts[name] for name in names},
        "detach": {"seconds": seconds, **result.seconds},
        "vacuum_seconds": time.perf_counter() - began,
        "store_bytes": {"before": before, "after": _size(url)},
    }


def _nights(server: str, rounds: int) -> Figures:
    """Return the seconds of the night of the renewals, with the month here and away, in turns."""
    seconds: dict[str, list[float]] = {HERE: [], AWAY: []}
    for number in range(rounds):
        for name in (HERE, AWAY) if number % 2 == 0 else (AWAY, HERE):
            tell(f"night with {name}")
            with fresh_copy(server, name, "months_night") as database:
                seconds[name].append(_bill(database, RENEWED))
    medians = {name: statistics.median(each) for name, each in seconds.items()}
    return {**{f"{name}_seconds": each for name, each in seconds.items()}, "medians": medians}


def _attached(url: str, folder: Path) -> Figures:
    database = Database(url)
    began = time.perf_counter()
    _desk(database).attach(folder)
    seconds = time.perf_counter() - began
    database.close()
    return {"attach_seconds": seconds, "store_bytes_attached": _size(url)}


def _size(url: str) -> int:
    [row] = rows_of(url, _BYTES, {"tables": list(TABLES)})
    return int(row["byte_count"])


if __name__ == "__main__":
    main()
