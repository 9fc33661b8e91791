"""A writer that draws numbers and issues documents in small transactions until it is killed.

Belongs here: transactions on the real store, of which some are rolled back and some die half-way.
Does not belong here: who else kills it, and what must hold afterwards (``test_numbering``).
"""

import os
import random
import signal
from datetime import timedelta
from multiprocessing.connection import Connection

from billing_assets.steps.run_ports import Run, ShardWork
from billing_assets.store.connection import Database
from billing_assets.store.runs import SqlRunStore
from billing_assets_tests.books import AT
from billing_assets_tests.store.test_invoices import FEBRUARY, heads

ROLLED_BACK, KILLED_BEFORE_WRITING, KILLED_BEFORE_COMMIT = 0.15, 0.002, 0.004


class WithdrawnError(Exception):
    """The writer thinks better of it: the transaction is rolled back."""


def issue(work: ShardWork, run: Run, chance: random.Random) -> None:
    """Draw a block dated up to a month before or after the others, and write its documents."""
    count, fate = chance.randint(1, 9), chance.random()
    ids = work.draw_invoice_ids(count)
    day = FEBRUARY + timedelta(days=chance.randint(-30, 30))
    block = work.draw_numbers(count, "invoice", chance.choice(("INV-", "X-")), day)
    if fate < KILLED_BEFORE_WRITING:
        os.kill(os.getpid(), signal.SIGKILL)
    work.write_invoices(heads(run, ids, block.number_series_id, block.first_number, block.issue_date))
    if fate < KILLED_BEFORE_COMMIT:
        os.kill(os.getpid(), signal.SIGKILL)
    if fate < ROLLED_BACK:
        raise WithdrawnError


def write(url: str, seed: int, begun: Connection) -> None:
    """Issue for a shard of its own until somebody kills this process; say so when it begins."""
    chance, store = random.Random(seed), SqlRunStore(Database(url), lambda: AT)
    run = store.open_run(1, FEBRUARY)
    if run is None:
        raise SystemExit("there is no run to issue for")
    shards = store.pending_shards(run.run_id)
    begun.send("begun")
    while True:
        try:
            with store.shard_work(run, shards[seed % len(shards)]) as work:
                issue(work, run, chance)
        except WithdrawnError:
            continue
