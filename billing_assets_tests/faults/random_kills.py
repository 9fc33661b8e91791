"""Random SIGKILLs of workers, of the program and of PostgreSQL while a date is billed by worker processes.

Run it as ``python -m billing_assets_tests.faults.random_kills`` (``make faults``).

Belongs here: who is killed when, and what must hold when the date is billed at last. Does not belong here:
kills at every named point of a small run (``crash``).
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import psutil
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database
from billing_assets.store.embedded import EmbeddedServer
from billing_assets.store.schema import upgrade
from billing_assets_tests.books import billing_over, fill_book
from billing_assets_tests.databases import run_sql, url_of
from billing_assets_tests.faults.killed_program import bill
from billing_assets_tests.faults.programs import fork_server, own_server
from billing_assets_tests.steps.outbox import broken_invariants

PLACES = (("ES", "EUR"), ("GB", "GBP"), ("JP", "JPY"))
VICTIMS = ("worker", "worker", "worker", "backend", "backend", "program", "postmaster")
"""Who is killed, by how often they stand here."""

# Of what was billed nothing may differ, numbers included: the frozen record has them, with dates and amounts.
# Every other row counts by its hash, under the number of its document: after a death ids are drawn anew.
_HASHES = """
select (select count(*) from billing_run), (select coalesce(sum(last_number), 0) from number_series),
    (select md5(string_agg(encode(snapshot_sha256, 'hex'), '' order by invoice_number)) from invoice),
    (select sum(hashtextextended(concat_ws('|', shard_number, due_count, invoice_count), 0)::numeric)
        from run_shard),
    (select sum(hashtextextended(concat_ws('|', shard_number, kind.key, counted), 0)::numeric)
        from run_shard cross join lateral jsonb_each(written_sums) as kind
        cross join lateral jsonb_array_elements(kind.value) as counted),
"""
_ROW_HASH = """
    (select row(count(*), sum(hashtextextended(
        concat_ws('|', i.number_series_id, i.invoice_number, {columns}), 0)::numeric))::text
        from {table} t left join invoice i on i.invoice_id = t.{key})
"""
_ROWS = {
    (
        "due_charge",
        "invoice_id",
    ): "t.policy_term_id, t.installment_number, t.revision, t.charge_kind, t.outcome, "
    "t.reason_code, t.due_date, t.period_from_date, t.period_to_date, t.currency, t.net_minor",
    ("invoice_line", "invoice_id"): "t.line_number, t.policy_term_id, t.installment_number, t.revision, "
    "t.period_from_date, t.period_to_date, t.net_minor, t.tax_minor",
    ("invoice_tax", "invoice_id"): "t.tax_number, t.tax_rule_id, t.base_minor, t.tax_minor",
    ("ledger_entry", "ledger_entry_id"): "t.posting_date, t.entry_kind",
    ("ledger_posting", "ledger_entry_id"): "t.posting_number, t.account_number, t.currency, t.amount_minor",
}
_DIGEST = _HASHES + ", ".join(
    _ROW_HASH.format(table=table, key=key, columns=columns) for (table, key), columns in _ROWS.items()
)
_PATIENCE_SECONDS = 3600
_PENDING = "select count(*) filter (where committed_at is null) from run_shard"


@dataclass
class Tally:
    """What was done and what came of it."""

    kills: Counter[str] = field(default_factory=Counter)
    finished_runs: int = 0
    audited_runs: int = 0
    attempts: int = 0
    faults: list[str] = field(default_factory=list)


class Storm:
    """A server of its own with a book, and a date that is billed over and over again while things die."""

    def __init__(self, server: EmbeddedServer, home: Path, count: int, shard_terms: int) -> None:
        self._server = server
        self._home = home
        self._shard_terms = shard_terms
        self._admin_url = server.start().url("postgres", database="postgres")
        self._make_book(count)
        # The first of them compiles what they import, and either may have been kept waiting by the machine.
        self._calm_wait = min(self._calm_seconds() for _ in range(2))
        self._calm = self._state("calm")
        self._pace = 1.0

    def rage(self, kills: int, seed: int, audit_every: int = 1) -> Tally:
        """Kill so many times, each at a random moment; return what came of it.

        The state of every finished run is compared with that of the run without kills. Every invariant is
        checked of that run, of the last one, and of one in ``audit_every`` between.
        """
        chance, tally = random.Random(seed), Tally(faults=self._broken("calm"))
        while tally.kills.total() < kills and not tally.faults:
            self._fresh("storm")
            while not self._is_billed(chance, tally, kills):
                pass
            tally.finished_runs += 1
            if self._state("storm") != self._calm:
                tally.faults.append(f"{self._state('storm')} is not {self._calm}")
            if tally.finished_runs % audit_every == 0 or tally.kills.total() >= kills:
                tally.faults += self._broken("storm")
                tally.audited_runs += 1
            _tell(tally)
        return tally

    def _is_billed(self, chance: random.Random, tally: Tally, kills: int) -> bool:
        pending, killed = self._pending(), list[str]()
        program, tally.attempts = self._program("storm"), tally.attempts + 1
        if tally.kills.total() < kills:
            # In the first second the workers import, and there is hardly anything to be lost.
            first = min(1.0, 0.3 * self._calm_wait)
            moment = chance.uniform(first, max(2 * first, self._calm_wait * self._pace))
            program.join(moment)
            killed = self._kill(program, chance.choice(VICTIMS))
            tally.kills.update(killed)
        status = _status_of(program)
        self._server.start()
        # Other work on the machine may keep a program from its first shard until it is killed, each time.
        if killed and self._pending() == pending:
            self._pace = min(2.0, self._pace * 1.25)
        elif not killed:
            self._pace *= 0.9
        return status == 0

    def _pending(self) -> int:
        with self._database("storm") as database, database.transaction() as connection:
            return int(connection.execute(text(_PENDING)).scalar_one())

    def _calm_seconds(self) -> float:
        """Bill the date without any kill; return the seconds."""
        self._fresh("calm")
        started = time.monotonic()
        if _status_of(self._program("calm")) != 0:
            raise SystemExit("the run without any kill has failed")
        return time.monotonic() - started

    def _kill(self, program: ForkServerProcess, victim: str) -> list[str]:
        """Kill a process of that kind, or the program where there is none; nobody where all has ended."""
        if victim == "program":
            found = _alive(program)
        elif victim == "worker":
            found = [worker for pid in _alive(program) for worker in _workers_of(pid)]
        else:
            found = self._backends() if victim == "backend" else [self._server.start().pid]
        if not found:
            victim, found = "program", _alive(program)
        for pid in found[-1:]:
            os.kill(pid, signal.SIGKILL)
        return [victim] if found else []

    def _backends(self) -> list[int]:
        query = (
            "select pid from pg_stat_activity where datname = 'storm' order by xact_start desc nulls first"
        )
        try:
            with self._database("postgres") as database, database.session() as session:
                return list(session.execute(text(query)).scalars())
        except (BillingError, DBAPIError):
            return []

    def _make_book(self, count: int) -> None:
        run_sql(self._admin_url, "create database book")
        upgrade(url_of(self._admin_url, "book"))
        with self._database("book") as database:
            fill_book(database, count, places=PLACES)

    def _fresh(self, name: str) -> None:
        run_sql(self._admin_url, f"drop database if exists {name} with (force)")
        run_sql(self._admin_url, f"create database {name} template book strategy file_copy")

    def _program(self, name: str) -> ForkServerProcess:
        arguments = (url_of(self._admin_url, name), self._home, self._shard_terms)
        program = fork_server().Process(target=bill, args=arguments)
        program.start()
        return program

    def _database(self, name: str) -> closing[Database]:
        return closing(Database(url_of(self._admin_url, name)))

    def _state(self, name: str) -> tuple[object, ...]:
        with self._database(name) as database, database.transaction() as connection:
            return tuple(connection.execute(text(_DIGEST)).one())

    def _broken(self, name: str) -> list[str]:
        with self._database(name) as database, ExitStack() as stack:
            return broken_invariants(billing_over(database, self._home, stack))


def _status_of(program: ForkServerProcess) -> int:
    """Wait for the end of a program; return its exit status."""
    program.join(_PATIENCE_SECONDS)
    if program.exitcode is None:
        program.kill()
        raise TimeoutError(f"the program was not done after {_PATIENCE_SECONDS:,} seconds")
    return program.exitcode


def _alive(program: ForkServerProcess) -> list[int]:
    return [program.pid] if program.pid and program.is_alive() else []


def _workers_of(pid: int) -> list[int]:
    try:
        children = psutil.Process(pid).children()
        return [each.pid for each in children if "spawn_main" in " ".join(each.cmdline())]
    except psutil.Error:
        return []


def _tell(tally: Tally) -> None:
    sys.stderr.write(f"{tally.kills.total():,} kills, {tally.finished_runs:,} runs ended\n")


def main() -> None:
    """Kill, and print what came of it; exit 1 where anything was lost, doubled or left open."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000, help="policies of the book")
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shard-terms", type=int, default=25_000)
    parser.add_argument("--audit-every", type=int, default=20, help="runs of which one is audited as a whole")
    options = parser.parse_args()
    with own_server() as server, tempfile.TemporaryDirectory() as home:
        storm = Storm(server, Path(home), options.count, options.shard_terms)
        tally = storm.rage(options.kills, options.seed, options.audit_every)
    figures = {
        "count": options.count,
        "seed": options.seed,
        "kills": dict(tally.kills),
        "finished_runs": tally.finished_runs,
        "audited_runs": tally.audited_runs,
        "attempts": tally.attempts,
        "faults": tally.faults,
    }
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")
    sys.exit(bool(tally.faults))


if __name__ == "__main__":
    main()
