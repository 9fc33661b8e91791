"""The pages of the office over a store of millions of invoices: how long each takes to answer, over HTTP.

The book of the peak night is billed once and kept in a folder, so that a second measurement begins at once.
Each page is asked for by turns, with other rows each time; the first turn, for which the caches are cold, is
told apart.

    python -m bench.bench_office [--count 300000] [--home FOLDER] [--rounds 40] [--make-only] [--json FILE]
"""

import argparse
import json
import os
import random
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.office_store import office_store
from bench.servers import table, tell
from billing_assets.domain.access import Role
from billing_assets.store.embedded import EmbeddedServer
from billing_assets.wiring.access_desk import AccessDesk
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.opening import open_billing
from billing_assets.wiring.settings import Settings

BOUND_MS = 200
_READY_SECONDS = 120

PAGES: Mapping[str, str] = {
    "today": "/",
    "runs": "/runs",
    "runs, of a state": "/runs?state=finalised&before={run}",
    "run": "/runs/1",
    "charges": "/runs/1/charges?after=~{term}~1",
    "charges, failed": "/runs/1/charges?outcome=failed&reason=no_tax_rule&after=no_tax_rule~{term}~1",
    "charges, of a policy": "/runs/1/charges?policy=POL-{term:08d}",
    "invoices": "/invoices",
    "invoices, further on": "/invoices?before=INV-{number:08d}",
    "invoices, of a policy": "/invoices?policy=POL-{term:08d}",
    "invoices, of a payer": "/invoices?payer=K{term}",
    "invoice": "/invoices/INV-{number:08d}",
    "explanation": "/invoices/INV-{number:08d}/explanation",
    "failures": "/failures",
    "failures, further on": "/failures?after=failed~no_tax_rule~1~{term}~1",
    "failures, of a reason and age": "/failures?reason=no_tax_rule&age=7",
    "failures, of an owner": "/failures?owner=ana",
    "problems": "/problems",
    "problems, of a kind": "/problems?code=date_invalid",
    "problem": "/problems/{problem}",
    "deliveries": "/deliveries",
    "deliveries, failed": "/deliveries?state=failed&after={number}",
    "deliveries, of a reason": "/deliveries?reason=no_address",
    "delivery": "/deliveries/{delivery}",
    "forecast": "/forecast",
}


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print and return the figures; ends with an error where a page does not answer."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=300_000, help="policies, each with an invoice")
    parser.add_argument("--home", type=Path, help="folder of the store; kept; a new one if left out")
    parser.add_argument("--rounds", type=int, default=40, help="times that each page is asked for")
    parser.add_argument("--make-only", action="store_true", help="make the store and measure nothing")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    with ExitStack() as stack:
        home = options.home or Path(stack.enter_context(TemporaryDirectory(prefix="billing-office-")))
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o755)
        office_store(home.resolve(), options.count)
        if options.make_only:
            return {}
        url, session = stack.enter_context(_served(home.resolve()))
        figures = measure(url, session, options.count, options.rounds)
    words = json.dumps(figures, indent=1)
    if options.json:
        options.json.write_text(words + "\n")
    sys.stdout.write(f"{words}\n{table(figures)}\n")
    return figures


def measure(url: str, session: str, count: int, rounds: int) -> dict[str, Any]:
    """Return the milliseconds of each page: the first time, the median, the 95th percentile, the longest."""
    chance = random.Random(1)
    first = {name: _asked(url + _address(path, count, chance), session) for name, path in PAGES.items()}
    spent: dict[str, list[int]] = {name: [] for name in PAGES}
    for _ in range(rounds):
        for name, path in PAGES.items():
            spent[name].append(_asked(url + _address(path, count, chance), session))
    every = [each for times in spent.values() for each in times]
    return {
        "invoices": count,
        "requests": len(every),
        "p95_ms": _percentile(every),
        "longest_ms": max(every),
        "pages_over_the_bound": [name for name, times in spent.items() if _percentile(times) > BOUND_MS],
        "pages": {
            name: {
                "first_ms": first[name],
                "median_ms": _percentile(times, 50),
                "p95_ms": _percentile(times),
                "longest_ms": max(times),
            }
            for name, times in spent.items()
        },
    }


def _address(path: str, count: int, chance: random.Random) -> str:
    term = chance.randrange(1, count)
    return path.format(
        run=chance.randrange(100, 400),
        term=term,
        number=chance.randrange(1, count - count // 50),
        problem=chance.randrange(1, 3_000),
        delivery=200 * chance.randrange(1, max(2, count // 250)),
    )


def _asked(address: str) -> int:
    started = time.perf_counter()
    with urllib.request.urlopen(address, timeout=60) as answer:
        answer.read()
    return int((time.perf_counter() - started) * 1000)


def _percentile(times: Sequence[int], percent: int = 95) -> int:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


@contextmanager
def _served(home: Path) -> Iterator[tuple[str, str]]:
    """Serve the pages as 'billing office' does, in a program of its own; yield where, and a session."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "--factory", "billing_assets.portal.served:served_app"]
    environment = {**os.environ, "BILLING_HOME": str(home)}
    url = f"http://127.0.0.1:{port}"
    with EmbeddedServer(home).use():
        server = subprocess.Popen(
            [*command, "--port", str(port), "--log-level", "warning"], env=environment, cwd=home
        )
        try:
            _await(url)
            tell(f"serving on {url}")
            yield url, _session(home)
        finally:
            server.terminate()
            server.wait()


def _session(home: Path) -> str:
    """Return the secret of an administrator who is signed in."""
    with open_billing(Settings(home=home, _env_file=None)) as billing:  # type: ignore[call-arg]
        desk = Desk(billing)
        access = AccessDesk(desk.database, desk.company_id, billing.settings)
        if not access.users():
            access.add_user("bench@example.com", Role.ADMINISTRATOR, password="a horse in the rain")
        return access.open_session(access.users()[0].actor)


def _await(url: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        try:
            _asked(f"{url}/static/office.css")
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
        else:
            return
    raise SystemExit("the pages did not open")


if __name__ == "__main__":
    main()
