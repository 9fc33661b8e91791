"""The program on the peak night: its runs, what its workers take, how it scales, a second run, bad rows.

Belongs here: whatever times the program itself. Does not belong here: other contenders.
"""

import multiprocessing
import statistics
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bench.peak_book import BILLING_DATE, WRITTEN, peak_billing
from bench.servers import fresh_copy, rows_of, run_script, tell
from billing_assets.documents.chart import Bar, BarGroup, bar_chart
from billing_assets.documents.templates import default_templates_dir
from billing_assets.steps.crews import WaitForTurn, Workplace
from billing_assets.steps.plan_due_charges import SHARD_TERMS
from billing_assets.steps.run_ports import Shard
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets.wiring.worker_processes import LARGE_BOOK_SHARDS, ProcessCrew
from billing_assets_tests.databases import run_sql

_LOOSE_BOUNDS = """
with latest as (select company_id, company_version_id, content::jsonb
    || '{"safety_bounds": {"problem_per_mille": 0}}' as content
    from company_version order by company_version_id desc limit 1)
update company_version v set content = l.content::text, content_sha256 = sha256(convert_to(l.content::text,
    'UTF8')) from latest l where v.company_version_id = l.company_version_id
"""
# A German home policy is taxed by building and contents, so that no row falls on a line named 'home'.
_POISON = """
update policy_term_version set place_code = 'DE', line_of_business = 'home' where policy_id % 100 = 0
"""
_TOUCH = "update policy_term_version set place_code = place_code where policy_id % 100 = 0"
_FAILED = """
select count(*) filter (where d.outcome = 'failed' and d.reason_code = 'no_tax_rule') as failed,
    count(*) filter (where d.outcome = 'invoiced') as invoiced,
    count(*) filter (where (d.outcome = 'failed') <> (v.line_of_business = 'home')) as wrong,
    count(*) filter (where v.line_of_business = 'home') as poison
from due_charge d join policy_term_version v using (policy_term_version_id)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """A run of the program: the seconds of its parts, and the largest memory of its processes, in MB."""

    seconds: float
    start_seconds: float
    facts: dict[str, Any]
    parts_seconds: dict[str, float]
    worker_peak_mb: tuple[int, ...]
    program_peak_mb: int
    wal_bytes: int

    def figures(self, count: int) -> dict[str, Any]:
        """Return what is printed of it."""
        return {
            "seconds": self.seconds,
            "invoices_per_second": count / self.seconds,
            "start_workers_seconds": self.start_seconds,
            "parts_seconds": self.parts_seconds,
            "peak_mb_of_each_worker": list(self.worker_peak_mb),
            "peak_mb_of_the_program": self.program_peak_mb,
            "wal_bytes_an_invoice": self.wal_bytes / count,
        }


def bill(billing: Billing, url: str, day: date = BILLING_DATE) -> Night:
    """Bill the date with workers that are started already; the clock runs over the run alone."""
    order, _ = billing.order(day), billing.template_choice
    start_seconds = _start_workers(billing)
    Path("/proc/self/clear_refs").write_text("5")
    before, started = _wal_position(url), time.perf_counter()
    result = billing.invoice(order)
    seconds = time.perf_counter() - started
    return Night(
        seconds=seconds,
        start_seconds=start_seconds,
        facts=dict(result.facts),
        parts_seconds=dict(result.seconds),
        worker_peak_mb=tuple(_peak_mb(worker.pid) for worker in multiprocessing.active_children()),
        program_peak_mb=_peak_mb("self"),
        wal_bytes=_wal_position(url) - before,
    )


def _start_workers(billing: Billing) -> float:
    """Start the workers and wait until each has answered; return the seconds, 0 for a book without any."""
    issuer = billing.runs.issuer(billing.company_code())
    shard_count = len(billing.runs.book_position(issuer.company_id, SHARD_TERMS).policy_borders) - 1
    if shard_count < LARGE_BOOK_SHARDS:
        return 0.0
    started = time.perf_counter()
    crew = ProcessCrew(billing.runs, billing.pool, keeps=False)
    shards = [Shard(shard_number=n, from_policy_id=0, to_policy_id=0) for n in range(LARGE_BOOK_SHARDS)]
    for _ in crew.work(_answer, shards):
        pass
    return time.perf_counter() - started


def _answer(_shard: Shard, _place: Workplace, _wait_for_turn: WaitForTurn) -> None:
    """Do nothing, in a worker that is thereby ready."""


def _peak_mb(process: object) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def _wal_position(url: str) -> int:
    [row] = rows_of(url, "select (pg_current_wal_insert_lsn() - '0/0')::bigint as position")
    return int(row["position"])


def bill_at(url: str) -> float:
    """Bill the date in the store at a URL; return the seconds."""
    with closing(Database(url)) as database, peak_billing(database) as billing:
        return bill(billing, url).seconds


def bill_twice(database: Database, count: int) -> tuple[Night, dict[str, Any]]:
    """Bill the date, then once more; return the first run, and the figures of the second."""
    with peak_billing(database) as billing:
        night = bill(billing, database.url)
        if night.facts["invoice_count"] != count:
            raise SystemExit(f"{count} were due, {night.facts['invoice_count']} invoiced")
        rows, before = _row_counts(database.url), _wal_position(database.url)
        started = time.perf_counter()
        billing.invoice(billing.order(BILLING_DATE))
        seconds = time.perf_counter() - started
        wal = _wal_position(database.url) - before
    added = sum(_row_counts(database.url).values()) - sum(rows.values())
    return night, {"seconds": seconds, "rows": added, "wal_bytes": wal}


def _row_counts(url: str) -> dict[str, int]:
    return {name: rows_of(url, f"select count(*) as n from {name}")[0]["n"] for name, _ in WRITTEN}


def scale(server_url: str, bases: dict[int, str]) -> dict[int, Night]:
    """Bill each book, the smallest first; return the runs by the number of policies."""
    nights = {}
    for count, base in sorted(bases.items()):
        tell(f"scaling: {count:,}")
        with fresh_copy(server_url, base, "peak_scaling") as database, peak_billing(database) as billing:
            nights[count] = bill(billing, database.url)
    return nights


def poison(server_url: str, base: str, rounds: int) -> dict[str, Any]:
    """Bill the book with 1 % bad rows and without, in turns; return the medians and what has failed."""
    clean: list[float] = []
    bad: list[float] = []
    found: dict[str, Any] = {}
    for number in range(1, rounds + 1):
        tell(f"poison: round {number} of {rounds}")
        seconds, _ = _bill_copy(server_url, base, _TOUCH)
        clean.append(seconds)
        seconds, found = _bill_copy(server_url, base, _POISON)
        bad.append(seconds)
        if found["wrong"] or found["failed"] != found["poison"]:
            raise SystemExit(f"poison: others have failed than the bad rows: {found}")
    return {
        "clean_seconds": clean,
        "poison_seconds": bad,
        "times_slower": statistics.median(bad) / statistics.median(clean),
        **found,
    }


def _bill_copy(server_url: str, base: str, change: str) -> tuple[float, dict[str, Any]]:
    """Bill a copy of which one row in a hundred was written anew, changed or as it was."""
    with fresh_copy(server_url, base, "peak_poison") as database:
        run_script(database.url, _LOOSE_BOUNDS, change)
        run_sql(database.url, "vacuum analyze billing.policy_term_version")
        run_sql(database.url, "checkpoint")
        with peak_billing(database) as billing:
            night = bill(billing, database.url)
        return night.seconds, rows_of(database.url, _FAILED)[0]


def scaling_figures(nights: dict[int, Night]) -> dict[str, Any]:
    """Return seconds and memory by size, and how both grow from the smallest book to the largest."""
    small, large = nights[min(nights)], nights[max(nights)]
    return {
        "nights": {str(count): night.figures(count) for count, night in nights.items()},
        "times_the_policies": max(nights) / min(nights),
        "times_the_seconds": large.seconds / small.seconds,
        "times_the_peak_of_a_worker": largest_mb(large) / largest_mb(small),
    }


def largest_mb(night: Night) -> int:
    """Return the largest memory of a worker, or of the program where it worked alone."""
    return max(night.worker_peak_mb, default=night.program_peak_mb)


def scaling_chart(nights: dict[int, Night]) -> bytes:
    """Return the chart as PNG: seconds and memory by the number of policies."""
    seconds = [
        Bar(
            label=f"{count:,}",
            length=round_up(night.seconds * 1000),
            figure=f"{night.seconds:,.1f} s · {count / night.seconds:,.0f} invoices/s",
        )
        for count, night in nights.items()
    ]
    memory = [
        Bar(label=f"{count:,}", length=largest_mb(night), figure=f"{largest_mb(night)} MB", tone="quiet")
        for count, night in nights.items()
    ]
    groups = [
        BarGroup(heading="Seconds of a night, by the policies that are due", bars=seconds),
        BarGroup(heading="Largest memory of a worker", bars=memory),
    ]
    return bar_chart(groups, default_templates_dir())


def round_up(value: float) -> int:
    """Return the next whole number."""
    return -int(-value // 1)
