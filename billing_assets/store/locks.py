"""Rights that one program holds at a time: to run a company's billing, to send for it.

Belongs here: advisory locks on a session of their own. Does not belong here: row locks (they stand in the
statements that need them), the lock of an import (it ends with its transaction, see ``policies``).

No correctness rests on these locks alone, because a server may end the session that holds one: shards and
deliveries are claimed row by row. The locks spare two programs each other's work.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from sqlalchemy import Connection, text

from billing_assets.steps.run_ports import Progress
from billing_assets.store.connection import Database

_POLL_SECONDS = 0.2


class LockSpace(IntEnum):
    """What a lock is about; with a company's id it makes the key of the advisory lock."""

    RUNS = 7_241_002
    DELIVERIES = 7_241_003


@contextmanager
def hold_lock(
    database: Database, space: LockSpace, company_id: int, waits_for: str, progress: Progress
) -> Iterator[None]:
    """Hold a company's lock for the block; it is free as soon as the block or the process ends.

    While another program has it, ``progress`` is told ``waits_for`` five times a second.
    """
    with database.session() as session:
        try:
            waited = 0
            while not _try_lock(session, space, company_id):
                progress(waits_for, waited, 0)
                waited += 1
                time.sleep(_POLL_SECONDS)
            yield
        finally:
            # The session ends, and the lock with it, even where it was won in the moment of an interruption.
            session.invalidate()


def _try_lock(session: Connection, space: LockSpace, company_id: int) -> bool:
    query = text("select pg_try_advisory_lock(:space, :company)")
    is_held = bool(session.execute(query, {"space": int(space), "company": company_id}).scalar_one())
    session.commit()
    return is_held
