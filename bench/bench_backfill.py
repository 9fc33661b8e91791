"""A backfill through Dagster's own queue and daemon: seconds a date, and where they go.

A small book is put into a fresh embedded store; then `dagster job backfill` asks for every date of the range,
as a person does, and `dagster-daemon` starts one run a date. Afterwards every partition has to be there, the
audit has to be clean, and a second backfill of the last dates has to make no document and send no message.

    python -m bench.bench_backfill [--policies 200] [--from 2024-01-01] [--to 2024-01-10] [--home DIR]
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import dagster as dg
import yaml

from billing_assets.feeds.demo_book import write_demo_book
from billing_assets.wiring.demo import demo_mailbox, demo_settings, shipped_example
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.opening import hold_store, open_billing
from billing_assets.wiring.settings import Settings
from billing_assets.wiring.ui import prepare_ui, shipped_file

REPEATED = 5
"""So many of the last dates are backfilled a second time."""


def main() -> None:
    """Run the backfill and print what it took."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--policies", type=int, default=200)
    parser.add_argument("--from", dest="first", type=date.fromisoformat, default=date(2024, 1, 1))
    parser.add_argument("--to", dest="last", type=date.fromisoformat, default=date(2024, 1, 10))
    parser.add_argument("--home", type=Path, help="keep everything here; a temporary folder if left out")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with ExitStack() as stack:
        home = options.home or Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix="billing-bench-", ignore_cleanup_errors=True)
            )
        )
        home.mkdir(exist_ok=True)
        home.chmod(0o755)
        figures = measure(home.resolve(), options.policies, options.first, options.last, stack)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    for name, value in figures.items():
        sys.stdout.write(f"{name}: {f'{value:,.2f}' if isinstance(value, float) else value}\n")


def measure(home: Path, policies: int, first: date, last: date, stack: ExitStack) -> dict[str, Any]:
    """Return the figures of the first and the second backfill."""
    settings = Settings(home=home, _env_file=None)  # type: ignore[call-arg, unused-ignore]
    stack.enter_context(hold_store(settings))
    mailbox = stack.enter_context(demo_mailbox(home))
    settings = Settings(**{**demo_settings(settings, mailbox), "_env_file": None})  # type: ignore[arg-type]
    with open_billing(settings) as billing:
        load_book(Desk(billing), home, policies, first, last)
    own = {
        "BILLING_COMPANY": settings.company,
        "BILLING_SMTP_HOST": mailbox.host,
        "BILLING_SMTP_PORT": str(mailbox.port),
        "BILLING_FIRST_DATE": first.isoformat(),
        "PYTHONUNBUFFERED": "1",
    }
    environment = prepare_ui(settings, {**os.environ, **own}).environment
    dates = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    instance = stack.enter_context(dg.DagsterInstance.from_config(environment["DAGSTER_HOME"]))
    with daemon(environment, home):
        took = backfill(environment, instance, dates)
        figures = {"dates": len(dates), "policies": policies, **took, **spent(instance)}
        figures |= state_of(settings, mailbox.folder)
        before = (figures["documents"], figures["messages"])
        repeated = backfill(environment, instance, dates[-REPEATED:])
        after = state_of(settings, mailbox.folder)
    figures["repeated_seconds_per_date"] = repeated["seconds_per_date"]
    figures["new_documents_when_repeated"] = after["documents"] - before[0]
    figures["new_messages_when_repeated"] = after["messages"] - before[1]
    return figures


def load_book(desk: Desk, home: Path, policies: int, first: date, last: date) -> None:
    """Record a company and import an invented book over the range."""
    book = home / "book.csv"
    write_demo_book(book, seed=1, policy_count=policies, first_date=first, last_date=last)
    company = yaml.safe_load(shipped_example("company.yaml").read_text(encoding="utf-8"))
    desk.set_company({**company, "company_code": desk.billing.settings.company})
    desk.import_policies(book, shipped_example("demo_book.yaml"), first)


@contextmanager
def daemon(environment: Mapping[str, str], home: Path) -> Iterator[None]:
    """Dagster's daemon, in a group of processes of its own that ends with the block."""
    command = [sys.executable, "-m", "dagster._daemon", "run", "-w", str(shipped_file("workspace.yaml"))]
    with (home / "daemon.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            env=dict(environment),
            stdout=log,
            stderr=log,
            cwd=environment["DAGSTER_HOME"],
            start_new_session=True,
        )
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)


def backfill(
    environment: Mapping[str, str], instance: dg.DagsterInstance, dates: list[date]
) -> dict[str, Any]:
    """Ask for the dates from the command line, wait until each has run, and return the seconds."""
    asked = ["job", "backfill", "-j", "bill_date", "--noprompt", "-w", str(shipped_file("workspace.yaml"))]
    span = ["--from", dates[0].isoformat(), "--to", dates[-1].isoformat()]
    before = {run.run_id for run in instance.get_runs()}
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "dagster", *asked, *span],
        env=dict(environment),
        cwd=environment["DAGSTER_HOME"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    asking_seconds = time.perf_counter() - started
    while True:
        runs = [run for run in instance.get_runs() if run.run_id not in before and run.is_finished]
        if len(runs) >= len(dates):
            break
        time.sleep(1)
    bad = [run.tags["dagster/partition"] for run in runs if not run.is_success]
    if bad:
        raise SystemExit(f"these dates failed: {bad}")
    seconds = time.perf_counter() - started - asking_seconds
    return {"asking_seconds": asking_seconds, "seconds": seconds, "seconds_per_date": seconds / len(dates)}


def spent(instance: dg.DagsterInstance) -> dict[str, float]:
    """Return the median seconds of the parts of a run: its start, its steps, the wait for the next one."""
    parts: dict[str, list[float]] = defaultdict(list)
    records = sorted(instance.get_run_records(), key=lambda record: record.start_time or 0)
    for record in records:
        if record.start_time and record.end_time:
            parts["run_of_a_date"].append(record.end_time - record.start_time)
            for step in instance.get_run_step_stats(record.dagster_run.run_id):
                if step.start_time and step.end_time:
                    parts[f"step {step.step_key}"].append(step.end_time - step.start_time)
    for former, latter in pairwise(records):
        if former.end_time and latter.start_time:
            parts["end_of_a_run_to_start_of_the_next"].append(latter.start_time - former.end_time)
    return {name: statistics.median(values) for name, values in parts.items()}


def state_of(settings: Settings, mailbox: Path) -> dict[str, Any]:
    """Return how much there is, after an audit that has to be clean."""
    with open_billing(settings) as billing:
        broken = [result.check.check_id for result in billing.audit() if result.offender_count]
        if broken:
            raise SystemExit(f"the audit found offenders: {broken}")
        desk = Desk(billing)
        invoices = sum(row["count"] for row in desk.invoice_totals())
        with billing.database.transaction() as connection:
            documents = connection.exec_driver_sql("select count(*) from document").scalar_one()
    return {"invoices": invoices, "documents": documents, "messages": len(list(mailbox.glob("*.eml")))}


if __name__ == "__main__":
    main()
