"""The program that random kills hit: it bills a date by worker processes, however small the book is.

Belongs here: what runs in that program, which is forked, and which starts its workers as any program does.
Does not belong here: who is killed when (``random_kills``).
"""

import os
from contextlib import ExitStack
from datetime import date
from pathlib import Path

from billing_assets.steps import plan_due_charges as planning
from billing_assets.store.connection import Database
from billing_assets.wiring import worker_processes
from billing_assets_tests.books import billing_over

FEBRUARY = date(2024, 2, 1)
WORKERS = 2


def bill(url: str, home: Path, shard_terms: int) -> None:
    """Bill the date in silence: of one that dies the workers would say so."""
    silence = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(silence, stream)
    planning.SHARD_TERMS = shard_terms
    worker_processes.LARGE_BOOK_SHARDS = 2
    with ExitStack() as stack:
        billing = billing_over(Database(url), home, stack, run_workers=WORKERS)
        billing.invoice(billing.order(FEBRUARY))
