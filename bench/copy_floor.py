"""The floor: the rows that the program has written, put into the same tables by psql's binary COPY.

Belongs here: exporting the rows as files, and loading them. Does not belong here: making rows.

A connection takes every second shard and writes its tables in the order in which the program does, one
transaction a shard; indexes, constraints and triggers are in place.
"""

import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import make_url

from bench.peak_book import WORKERS, WRITTEN
from bench.servers import rows_of
from billing_assets.store.embedded.binaries import find_installs

_SHARDS = "select from_policy_id as low, to_policy_id as high from run_shard order by shard_number"
_COLUMNS = """
select string_agg(quote_ident(attname), ', ' order by attnum) as names from pg_attribute
where attrelid = cast(:name as regclass) and attnum > 0 and not attisdropped
"""


def export_rows(url: str, folder: Path) -> list[Path]:
    """Write the rows of a store to files; return for each connection the script that loads its files."""
    shards = rows_of(url, _SHARDS)
    columns = {name: rows_of(url, _COLUMNS, {"name": name})[0]["names"] for name, _ in WRITTEN}
    exports: list[str] = ["set enable_seqscan = off;"]
    loads: list[list[str]] = [[] for _ in range(WORKERS)]
    for number, shard in enumerate(shards):
        load = loads[number % WORKERS]
        load.append("begin;")
        for name, condition in WRITTEN:
            file = folder / f"{name}_{number}.copy"
            rows = " ".join(f"select {columns[name]} from {name} where {condition.format(**shard)}".split())
            exports.append(rf"\copy ({rows}) to '{file}' (format binary)")
            load.append(rf"\copy {name} ({columns[name]}) from '{file}' (format binary)")
        load.append("commit;")
    _run_psql(url, [_script(folder / "export.sql", exports)])
    return [_script(folder / f"load_{number}.sql", lines) for number, lines in enumerate(loads)]


def load_rows(url: str, scripts: Sequence[Path]) -> float:
    """Run the scripts at once, each on a connection of its own; return the seconds."""
    started = time.perf_counter()
    _run_psql(url, scripts)
    return time.perf_counter() - started


def _script(path: Path, lines: Sequence[str]) -> Path:
    path.write_text("\n".join(["set search_path to billing;", *lines, ""]))
    return path


def _run_psql(url: str, scripts: Sequence[Path]) -> None:
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    command = [_psql(), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", address, "-f"]
    running = [subprocess.Popen([*command, str(script)]) for script in scripts]
    ended = [process.wait() for process in running]
    if any(ended):
        raise SystemExit("psql has failed; what it said stands above")


def _psql() -> str:
    """Return psql's path: that of the embedded server, else the machine's own."""
    shipped = find_installs()[0].program("psql")
    found = str(shipped) if shipped.exists() else shutil.which("psql")
    if found is None:
        raise SystemExit("no psql was found; install PostgreSQL's client programs")
    return found
