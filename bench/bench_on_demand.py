"""Invoices on demand: one call on a warm process, alone and beside a run in another process, and the inbox.

A call is timed from asking to committed. Beside a run, of a book of ``--run-count`` policies, those are asked
for that it has billed already; calls that were told to wait are counted apart.

    python -m bench.bench_on_demand [--calls 300] [--run-count 300000] [--requests 100000] [--json FILE]
"""

import argparse
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bench.servers import embedded, fresh_database, table
from billing_assets.domain.on_demand import InboxEntry, RequestState
from billing_assets.store.connection import Database
from billing_assets.wiring.on_demand import OnDemandDesk
from billing_assets_tests.books import billing_over, fill_book

TODAY, BILLING_DATE = date(2024, 1, 2), date(2024, 2, 1)
NAME = "bench_on_demand"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--run-count", type=int, default=300_000)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--server-url", default="", help="superuser's URL; empty: an embedded server")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with ExitStack() as stack:
        server_url = options.server_url or embedded(stack)
        figures = measure(server_url, options.calls, options.run_count, options.requests)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    sys.stdout.write(table(figures) + "\n")


def measure(server_url: str, calls: int, run_count: int, requests: int) -> dict[str, Any]:
    """Return the figures: calls alone, the inbox, then calls beside a run of the rest of the book."""
    url = fresh_database(server_url, NAME, partial(fill_book, count=calls + requests + run_count))
    database = Database(url)
    with ExitStack() as stack, tempfile.TemporaryDirectory() as home:
        desk = OnDemandDesk(billing_over(database, Path(home), stack))
        timed(desk, range(1, 11))
        alone = timed(desk, range(11, calls + 1))
        inbox = drained(desk, range(calls + 1, calls + requests + 1))
        beside = beside_a_run(desk, url, home)
    database.close()
    return {**latency("alone", alone), **inbox, **latency("beside a run", beside)}


def timed(desk: OnDemandDesk, policies: range) -> list[float]:
    """Bill each of the policies by a call and return the seconds of each."""
    return [call(desk, number, TODAY) for number in policies]


def call(desk: OnDemandDesk, number: int, until: date) -> float:
    """Return the seconds of a call, below zero where it was told to wait."""
    started = time.perf_counter()
    answer = desk.invoice(f"POL-{number:08d}", until=None if until == TODAY else until, billing_date=TODAY)
    seconds = time.perf_counter() - started
    return -seconds if answer.state is RequestState.WAITING else seconds


def drained(desk: OnDemandDesk, policies: range) -> dict[str, float]:
    """Add a request for each policy, drain, and return the rates."""
    entries = [InboxEntry(request_key=f"r{each}", policy_number=f"POL-{each:08d}") for each in policies]
    started = time.perf_counter()
    desk.add(entries)
    added = time.perf_counter()
    done = desk.drain(billing_date=TODAY).facts["done_count"]
    ended = time.perf_counter()
    if done != len(entries):
        raise SystemExit(f"{len(entries)} requests, {done} done")
    return {
        "requests_added_per_second": len(entries) / (added - started),
        "requests_drained_per_second": len(entries) / (ended - added),
    }


def beside_a_run(desk: OnDemandDesk, url: str, home: str) -> list[float]:
    """Bill the next installment of what a run in another process has billed, until that run ends."""
    run = multiprocessing.get_context("spawn").Process(target=bill, args=(url, home))
    run.start()
    found: list[float] = []
    asked = 0
    while run.is_alive():
        number = _billed(desk, asked)
        if number is None:
            time.sleep(0.05)
            continue
        asked = number
        found.append(call(desk, number, date(2024, 3, 1)))
    run.join()
    return found


def _billed(desk: OnDemandDesk, after: int) -> int | None:
    """Return a policy with a monthly plan that the run under way has billed, beyond one."""
    query = text("""
        select min(t.policy_id) from run_shard h join billing_run r using (run_id)
        join policy_term t on t.policy_id >= greatest(h.from_policy_id, :after + 1)
            and t.policy_id < least(h.to_policy_id, :after + 1000) and t.policy_id % 3 = 0
        where r.run_kind = 'billing' and r.state = 'running' and h.committed_at is not null
    """)
    with desk.billing.database.transaction() as connection:
        found = connection.execute(query, {"after": after}).scalar_one()
        return None if found is None else int(found)


def bill(url: str, home: str) -> None:
    """Run the billing date."""
    with ExitStack() as stack:
        billing = billing_over(Database(url), Path(home), stack)
        billing.invoice(billing.order(BILLING_DATE))


def latency(name: str, seconds: list[float]) -> dict[str, Any]:
    """Return median and 95th percentile of the calls that were answered at once, in milliseconds."""
    answered = sorted(each * 1000 for each in seconds if each >= 0)
    if not answered:
        return {f"{name}: calls": 0}
    return {
        f"{name}: calls": len(answered),
        f"{name}: told to wait": len(seconds) - len(answered),
        f"{name}: median ms": statistics.median(answered),
        f"{name}: p95 ms": answered[int(len(answered) * 0.95)],
        f"{name}: least ms": answered[0],
    }


if __name__ == "__main__":
    main()
