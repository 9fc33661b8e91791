"""Three million invoices a night on two cores: the program beside three other ways to the same rows.

Each contender bills the same book (four plans, six places, four currencies) in a fresh copy of its database:
the program with two workers that are started already; the floor, which is psql's binary COPY of the
program's rows on two connections; SQL alone, in two sessions and in one; and loops through the ORM on a
sample, one that does the whole job policy by policy, and one that is handed its rows finished. What each has
written is compared by sums and by a hash over all rows; where one differs the bench ends with an error.

    python -m bench.bench_peak [--count 3000000] [--loop-count 2000] [--rounds 2] [--server-url URL]
        [--only program,floor,sql,loop,poison,scaling] [--json FILE] [--chart FILE]
"""

import argparse
import json
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.copy_floor import export_rows, load_rows
from bench.orm_loops import finished_rows, orm_loop
from bench.peak_book import BILLING_DATE, WORKERS, checksums, disk, peak_book
from bench.peak_program import Night, bill_at, bill_twice, poison, scale, scaling_chart, scaling_figures
from bench.policy_loop import policy_loop
from bench.servers import drop, embedded, fresh_copy, fresh_database, machine, rows_of, table, tell
from bench.set_based import bill_by_sql
from billing_assets_tests.databases import url_of

PARTS = ("program", "floor", "sql", "loop", "poison", "scaling")
EMPTY, BASE = "peak_empty", "peak_base"
Figures = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> Figures:
    """Measure what is asked for, print and return the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=3_000_000, help="policies that are due")
    parser.add_argument("--loop-count", type=int, default=2_000, help="policies that the loops bill")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, joined by commas")
    parser.add_argument("--rounds", type=int, default=2, help="turns of what is compared")
    parser.add_argument("--server-url", default="", help="superuser's URL; empty: an embedded server")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--chart", type=Path, help="PNG of the scaling")
    options = parser.parse_args(arguments)
    parts = options.only.split(",")
    if unknown := set(parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    with ExitStack() as stack:
        bench = Bench(
            options.server_url or embedded(stack), options.count, options.loop_count, options.rounds
        )
        figures = bench.measure(parts)
    if options.chart and bench.nights:
        options.chart.parent.mkdir(parents=True, exist_ok=True)
        options.chart.write_bytes(scaling_chart(bench.nights))
    words = json.dumps(figures, indent=1)
    if options.json:
        options.json.write_text(words + "\n")
    sys.stdout.write(f"{words}\n{table(figures)}\n")
    return figures


@dataclass
class Bench:
    """One measurement: the server, the sizes, and the nights by which the scaling is drawn."""

    server_url: str
    count: int
    loop_count: int
    rounds: int = 2
    nights: dict[int, Night] = field(default_factory=dict)

    def measure(self, parts: Sequence[str]) -> Figures:
        """Run the parts one after the other, each in a copy of the book that is dropped after it."""
        figures: Figures = {**machine(self.server_url), "policies": self.count}
        fresh_database(self.server_url, EMPTY)
        self._fill(BASE, self.count)
        if {"program", "floor", "sql", "loop"} & set(parts):
            figures |= self._contenders(parts)
        if "poison" in parts:
            figures["poison"] = poison(self.server_url, BASE, self.rounds)
        if "scaling" in parts:
            figures["scaling"] = self._scaling()
        for name in (BASE, EMPTY):
            drop(self.server_url, name)
        return figures

    def _fill(self, name: str, count: int) -> None:
        tell(f"making a book of {count:,} policies")
        fresh_database(self.server_url, name, peak_book(count), template=EMPTY)

    def _contenders(self, parts: Sequence[str]) -> Figures:
        """Run program, floor and SQL in turns, as often as there are rounds, then the loops."""
        with TemporaryDirectory(prefix="billing-peak-rows-") as folder:
            figures, rows = self._first_program(parts, Path(folder))
            seconds: dict[str, list[float]] = defaultdict(list)
            seconds["program"].append(figures["program"]["seconds"])
            for number in range(self.rounds):
                tell(f"contenders: round {number + 1} of {self.rounds}")
                if number:
                    seconds["program"].append(self._timed("program", bill_at, rows.sums))
                for name, run in self._others(parts, rows):
                    seconds[name].append(self._timed(name, run, rows.sums))
        program = statistics.median(seconds["program"])
        for name, of_rounds in seconds.items():
            ratio = statistics.median(of_rounds) / program
            figures[name] = {**figures.get(name, {}), "seconds_of_rounds": of_rounds, "to_program": ratio}
        if "floor" in parts:
            figures["floor"]["program_takes_times_as_long"] = 1 / figures["floor"]["to_program"]
        if "loop" in parts:
            figures["loop"] = self._loops(rows, self.count / program)
        return figures

    def _others(
        self, parts: Sequence[str], rows: "ProgramRows"
    ) -> Iterator[tuple[str, Callable[[str], float]]]:
        if "floor" in parts:
            yield "floor", partial(load_rows, scripts=rows.scripts)
        if "sql" in parts:
            yield "sql", partial(bill_by_sql, policy_count=self.count, sessions=WORKERS)
            yield "sql_in_one_session", partial(bill_by_sql, policy_count=self.count, sessions=1)

    def _first_program(self, parts: Sequence[str], folder: Path) -> tuple[Figures, "ProgramRows"]:
        """Run the program with all that is looked at beside its seconds; keep what it has written."""
        tell("program")
        with fresh_copy(self.server_url, BASE, "peak_program") as database:
            night, again = bill_twice(database, self.count)
            rows = ProgramRows(
                sums=checksums(database.url),
                sample_sums=checksums(database.url, self._last_of_sample()),
                finished=finished_rows(database, self.loop_count) if "loop" in parts else [],
                scripts=export_rows(database.url, folder) if "floor" in parts else [],
            )
            program = night.figures(self.count) | {"checksums": rows.sums}
            tell(f"program: {night.seconds:.1f} s")
            return {"program": program, "second_run": again, "disk": disk(database.url, self.count)}, rows

    def _timed(self, name: str, run: Callable[[str], float], sums: Figures) -> float:
        """Run a contender in a copy of the book; return its seconds, if its rows have the sums."""
        with fresh_copy(self.server_url, BASE, f"peak_{name}") as database:
            seconds = run(database.url)
            tell(f"{name}: {seconds:.1f} s")
            _require_same(name, checksums(database.url), sums)
        return seconds

    def _loops(self, rows: "ProgramRows", program_rate: float) -> Figures:
        tell("loop of policies")
        with fresh_copy(self.server_url, BASE, "peak_loop") as database:
            whole_rate = self.loop_count / policy_loop(database.url, self.loop_count, BILLING_DATE)
            _require_same("loop", checksums(database.url, self._last_of_sample()), rows.sample_sums)
        tell("loop of finished rows")
        with fresh_copy(self.server_url, EMPTY, "peak_loop") as database:
            finished_rate = self.loop_count / orm_loop(database.url, rows.finished)
        return {
            "policies": self.loop_count,
            "invoices_per_second": whole_rate,
            "program_is_times_faster": program_rate / whole_rate,
            "finished_rows_invoices_per_second": finished_rate,
            "program_is_times_faster_than_finished_rows": program_rate / finished_rate,
        }

    def _last_of_sample(self) -> int:
        query = "select policy_term_id as last from policy_term order by 1 limit 1 offset :offset"
        [row] = rows_of(url_of(self.server_url, BASE), query, {"offset": self.loop_count - 1})
        return int(row["last"])

    def _scaling(self) -> Figures:
        bases = {self.count // part: f"peak_base_{part}" for part in (10, 3)}
        for count, name in bases.items():
            self._fill(name, count)
        self.nights = scale(self.server_url, {**bases, self.count: BASE})
        for name in bases.values():
            drop(self.server_url, name)
        return scaling_figures(self.nights)


@dataclass(frozen=True, kw_only=True)
class ProgramRows:
    """What the program has written, as the others need it: sums, rows for the loop, files for the floor."""

    sums: Figures
    sample_sums: Figures
    finished: list[Any]
    scripts: Sequence[Path]


def _require_same(contender: str, found: Figures, expected: Figures) -> None:
    if found != expected:
        raise SystemExit(f"{contender} has written other rows than the program: {found}, not {expected}")


if __name__ == "__main__":
    main()
