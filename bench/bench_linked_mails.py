"""100,000 e-mails with a link in place of the PDF, in one run: rate, memory, and a death in the middle.

Two books, one ten times the other, are billed and mailed to a mailbox on this machine that keeps every
message as a file. The program that sends is a process of its own: its peak memory is what the kernel says,
and so is that of the processes that render. The larger run is killed once, half way, and the same command
again ends it. smtplib sends the very same bytes of some of the messages, to the same mailbox, as the floor.

    python -m bench.bench_linked_mails [--count 100000] [--json FILE]
"""

import argparse
import json
import multiprocessing
import os
import resource
import signal
import smtplib
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from bench.servers import embedded, fresh_database, machine, rows_of, table, tell
from billing_assets.store.companies import save_company
from billing_assets.store.connection import Database
from billing_assets.wiring.demo import Mailbox, demo_mailbox
from billing_assets_tests.books import AT, COMPANY, billing_over, fill_book

BILLING_DATE = date(2024, 2, 1)
FLOOR_MESSAGES = 2_000
_LOOK_SECONDS = 0.5
_STATES = "select state, count(*) as messages from delivery group by state order by state"
Figures = dict[str, Any]


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=100_000, help="messages of the larger run")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with ExitStack() as stack:
        server_url = embedded(stack)
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="billing-bench-")))
        mailbox = stack.enter_context(demo_mailbox(home))
        figures: Figures = {**machine(server_url), "count": options.count}
        for name, count in (("tenth", options.count // 10), ("whole", options.count)):
            tell(f"{count:,} messages")
            url = prepared(server_url, name, count, home)
            figures[name] = delivered(url, home, mailbox, kill_after=count // 2 if name == "whole" else 0)
        figures["memory_of_ten_times_the_messages"] = (
            figures["whole"]["peak_rss_mb"] / figures["tenth"]["peak_rss_mb"]
        )
        figures["messages_kept"] = sum(1 for _ in mailbox.folder.glob("*.eml"))
        figures["floor_per_second"] = floor(mailbox)
        figures["times_the_floor"] = figures["floor_per_second"] / figures["tenth"]["per_second"]
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    sys.stdout.write(table(figures) + "\n")


def prepared(server_url: str, name: str, count: int, home: Path) -> str:
    """Return the URL of a store with so many issued invoices, each of a payer with an address."""

    def fill(database: Database) -> None:
        # Every tenth payer has no address.
        fill_book(database, -(-count * 10 // 9))
        with database.transaction() as connection:
            save_company(connection, replace(COMPANY, email_attachment="link"), AT)
        with ExitStack() as stack:
            billing = billing_over(database, home, stack)
            billing.invoice(billing.order(BILLING_DATE))
            billing.print(BILLING_DATE)

    return fresh_database(server_url, name, fill)


def delivered(url: str, home: Path, mailbox: Mailbox, *, kill_after: int) -> Figures:
    """Return rate and memory of sending all that waits; with ``kill_after`` it dies once on the way."""
    figures: Figures = {}
    if kill_after:
        figures["sent_when_killed"] = _killed(url, home, mailbox, kill_after)
    before = _count(url, "sent")
    with ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn")) as pool:
        seconds, peak, peak_of_workers = pool.submit(send, url, str(home), mailbox.port).result()
    return {
        **figures,
        **{row["state"]: row["messages"] for row in rows_of(url, _STATES)},
        "seconds": seconds,
        "per_second": (_count(url, "sent") - before) / seconds,
        "peak_rss_mb": peak,
        "peak_rss_mb_of_a_worker": peak_of_workers,
    }


def _killed(url: str, home: Path, mailbox: Mailbox, kill_after: int) -> int:
    context = multiprocessing.get_context("spawn")
    sender = context.Process(target=send, args=(url, str(home), mailbox.port))
    sender.start()
    while sender.is_alive() and _count(url, "sent") < kill_after:
        time.sleep(_LOOK_SECONDS)
    os.kill(sender.pid or 0, signal.SIGKILL)
    sender.join()
    return _count(url, "sent")


def send(url: str, home: str, port: int) -> tuple[float, int, int]:
    """Send all that waits; return the seconds and the peak memory in MB: of this process, of a worker."""
    settings = {"smtp_host": "127.0.0.1", "smtp_port": port, "portal_url": "https://bills.example.com"}
    with ExitStack() as stack:
        database = stack.enter_context(closing(Database(url)))
        billing = billing_over(database, Path(home), stack, print_workers=2, **settings)
        began = time.perf_counter()
        billing.deliver(BILLING_DATE)
        seconds = time.perf_counter() - began
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return seconds, own.ru_maxrss // 1024, children.ru_maxrss // 1024


def _count(url: str, state: str) -> int:
    return next((int(row["messages"]) for row in rows_of(url, _STATES) if row["state"] == state), 0)


def floor(mailbox: Mailbox) -> float:
    """Return how many of the same messages smtplib alone sends in a second, over one connection."""
    paths = sorted(mailbox.folder.glob("*.eml"))[:FLOOR_MESSAGES]
    contents = [path.read_bytes() for path in paths]
    with smtplib.SMTP(mailbox.host, mailbox.port) as server:
        began = time.perf_counter()
        for content in contents:
            server.sendmail("bench@example.com", ["payer@example.com"], content)
        return len(contents) / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
