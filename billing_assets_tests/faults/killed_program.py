"""The program that random kills hit: it bills a date by worker processes, however small the book is.

Belongs here: that program, as ``python -m billing_assets_tests.faults.killed_program URL HOME SHARD_TERMS``.
Does not belong here: who is killed when (``random_kills``).

Each worker imports this module once more as it starts, so that what only the program needs is imported late.
"""

import sys
from datetime import date

FEBRUARY = date(2024, 2, 1)
WORKERS = 2


def bill(url: str, home: str, shard_terms: int) -> None:
    """Bill the date."""
    from contextlib import ExitStack
    from pathlib import Path

    from billing_assets.steps import plan_due_charges as planning
    from billing_assets.store.connection import Database
    from billing_assets.wiring import worker_processes
    from billing_assets_tests.books import billing_over

    planning.SHARD_TERMS = shard_terms
    worker_processes.LARGE_BOOK_SHARDS = 2
    with ExitStack() as stack:
        billing = billing_over(Database(url), Path(home), stack, run_workers=WORKERS)
        billing.invoice(billing.order(FEBRUARY))


if __name__ == "__main__":
    bill(sys.argv[1], sys.argv[2], int(sys.argv[3]))
