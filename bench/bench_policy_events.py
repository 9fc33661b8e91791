"""Policy events with a real daemon: from the insert of each to its committed invoice.

A fresh embedded store has a company and no policies. Dagster's daemon runs with its sensor on, as shipped.
Then events of new policies are inserted, as another system does it, a few every second for a minute; nobody
asks for anything else. An event is done when the request that it left is answered, in the transaction that
commits its invoice. Every policy has to be invoiced once, and the audit has to be clean.

    python -m bench.bench_policy_events [--events 10000] [--seconds 60] [--home DIR] [--json FILE]
"""

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import text

from bench.bench_backfill import daemon
from bench.servers import table, tell
from billing_assets.domain.policy_events import EventKind, PolicyEvent
from billing_assets.wiring.build import today_of
from billing_assets.wiring.demo import shipped_example
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.opening import hold_store, open_billing
from billing_assets.wiring.policy_events import EventDesk
from billing_assets.wiring.settings import Settings
from billing_assets.wiring.ui import prepare_ui

PATIENCE_SECONDS = 600
_TICK_SECONDS = 0.5
_PLANS = ("monthly", "quarterly", "yearly")
_LATENCIES = """
select extract(epoch from i.answered_at - e.received_at)
from policy_event e join inbox_request i on i.request_key = 'policy event ' || e.policy_event_id
where i.state = 'done' order by 1
"""
_INVOICED = """
select count(*) as invoices, count(distinct policy_term_id) as policies
from invoice_line l join policy_term using (policy_term_id)
"""


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print and return the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=60, help="insert them within so many seconds")
    parser.add_argument("--home", type=Path, help="keep everything here; a temporary folder if left out")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    with ExitStack() as stack:
        home = options.home or _temporary_home(stack)
        home.mkdir(exist_ok=True)
        home.chmod(0o755)
        figures = measure(home.resolve(), options.events, options.seconds, stack)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    sys.stdout.write(table(figures) + "\n")
    return figures


def _temporary_home(stack: ExitStack) -> Path:
    folder = tempfile.TemporaryDirectory(prefix="billing-bench-", ignore_cleanup_errors=True)
    return Path(stack.enter_context(folder))


def measure(home: Path, count: int, seconds: int, stack: ExitStack) -> dict[str, Any]:
    """Return the figures of ``count`` events inserted in ``seconds``."""
    settings = Settings(home=home, company="bench", _env_file=None)  # type: ignore[call-arg, unused-ignore]
    stack.enter_context(hold_store(settings))
    billing = stack.enter_context(open_billing(settings))
    company = yaml.safe_load(shipped_example("company.yaml").read_text(encoding="utf-8"))
    Desk(billing).set_company({**company, "company_code": settings.company})
    desk = EventDesk(billing)
    environment = environment_of(settings)
    with daemon(environment, home), peak_memory(home) as peak:
        warm_up(desk)
        tell(f"inserting {count:,} events within {seconds} s")
        started = time.monotonic()
        insert(desk, count, seconds)
        inserted = time.monotonic()
        wait_until_done(desk, count + 1)
        ended = time.monotonic()
    return {
        "events": count,
        "inserted_within_seconds": inserted - started,
        "all_invoiced_after_the_first_insert_seconds": ended - started,
        "all_invoiced_after_the_last_insert_seconds": ended - inserted,
        **latencies(desk),
        **proof(desk, count + 1),
        **peak,
    }


def environment_of(settings: Settings) -> Mapping[str, str]:
    """Return the environment of Dagster over the store of the settings."""
    own = {"BILLING_COMPANY": settings.company, "PYTHONUNBUFFERED": "1"}
    return prepare_ui(settings, {**os.environ, **own}).environment


def event(number: int, first_date: date) -> PolicyEvent:
    """Return the event of a new policy."""
    body = {
        "policy_number": f"EVT-{number:08d}",
        "payer_name": f"Payer {number}",
        "payer_email": f"payer{number}@example.com",
        "line_of_business": "motor",
        "place_code": "ES",
        "currency": "EUR",
        "plan_code": _PLANS[number % len(_PLANS)],
        "effective_date": first_date.isoformat(),
        "expiration_date": (first_date + timedelta(days=365)).isoformat(),
        "premium": f"{300 + number % 900}.{number % 100:02d}",
    }
    return PolicyEvent(event_key=f"e{number}", event_kind=EventKind.POLICY, version=1, body=body)


def warm_up(desk: EventDesk) -> None:
    """Let one event go through, so that what is measured does not wait for the start of the daemon."""
    tell("waiting for the daemon")
    insert(desk, 1, 0, first_number=0)
    wait_until_done(desk, 1)


def insert(desk: EventDesk, count: int, seconds: int, *, first_number: int = 1) -> None:
    """Insert the events, as many each half second as fit the time."""
    today = today_of(desk.billing.runs.issuer(desk.billing.company_code()).company)
    first_date = today + timedelta(days=10)
    steps = max(int(seconds / _TICK_SECONDS), 1)
    started = time.monotonic()
    for step in range(steps):
        numbers = range(count * step // steps, count * (step + 1) // steps)
        desk.add([event(first_number + number, first_date) for number in numbers])
        time.sleep(max(started + min(step + 1, steps - 1) * _TICK_SECONDS - time.monotonic(), 0))


def wait_until_done(desk: EventDesk, count: int) -> None:
    """Wait until so many requests of events are answered."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while _rows(desk, _DONE)[0][0] < count:
        if time.monotonic() > deadline:
            raise SystemExit(f"{count} events, {_rows(desk, _DONE)[0][0]} invoiced; see daemon.log")
        time.sleep(0.2)


_DONE = "select count(*) from inbox_request where state = 'done' and run_id is not null"


def latencies(desk: EventDesk) -> dict[str, float]:
    """Return the seconds from insert to commit: median, 95th percentile, longest."""
    found = [float(row[0]) for row in _rows(desk, _LATENCIES)]
    return {
        "p50_seconds": found[len(found) // 2],
        "p95_seconds": found[int(len(found) * 0.95)],
        "max_seconds": found[-1],
    }


def proof(desk: EventDesk, count: int) -> dict[str, int]:
    """Return how much was made, or end where a policy has not exactly one invoice or the audit finds any."""
    invoices, policies = _rows(desk, _INVOICED)[0]
    runs = _rows(desk, "select count(*) from billing_run")[0][0]
    broken = [result.check.check_id for result in desk.billing.audit() if result.offender_count]
    if (invoices, policies) != (count, count) or broken:
        raise SystemExit(f"{count} policies: {invoices} invoices of {policies}; the audit found {broken}")
    return {"invoices_besides_the_first": invoices - 1, "drains": runs - 1}


def _rows(desk: EventDesk, query: str) -> list[Any]:
    with desk.billing.database.transaction() as connection:
        return list(connection.execute(text(query)))


@contextmanager
def peak_memory(home: Path) -> Iterator[dict[str, Any]]:
    """Watch the processes of the daemon for the block; the largest memory of one stands there afterwards."""
    found: dict[str, Any] = {"peak_memory_of_the_largest_process_mb": 0}
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(0.1):
            found["peak_memory_of_the_largest_process_mb"] = max(
                found["peak_memory_of_the_largest_process_mb"], _largest(home)
            )

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield found
    finally:
        is_over.set()
        watcher.join()


def _largest(home: Path) -> int:
    """Return the peak, in MB, of the largest of the processes that the daemon has started."""
    largest = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"DAGSTER_HOME={home}/".encode() not in (process / "environ").read_bytes():
                continue
            status = (process / "status").read_text()
        except OSError:
            continue
        peak = next((line for line in status.splitlines() if line.startswith("VmHWM")), "VmHWM 0 kB")
        largest = max(largest, int(peak.split()[1]) // 1024)
    return largest


if __name__ == "__main__":
    main()
