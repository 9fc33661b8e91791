"""Rights that one program holds at a time: to run a company's billing or import its book, to send for it.

Belongs here: advisory locks. Does not belong here: row locks (they stand in the statements that need them).

No correctness rests on the locks of sessions alone, because a server may end the session that holds one:
shards and deliveries are claimed row by row. They spare two programs each other's work. An import holds its
lock in its own transaction, so that it cannot lose the one without the other. Billing and imports of a
company take turns on one lock, and an import marks it as its own, so that whoever waits is told for whom.

Invoices on demand take no turns: they hold a lock of their own that many may share. Whoever has won the lock
on runs lets those end that began before (:func:`let_on_demand_end`); those that begin after see that it is
held, and leave alone what the run has planned.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from sqlalchemy import Connection, text

from billing_assets.steps.run_ports import Progress
from billing_assets.store.connection import Database

_POLL_SECONDS = 0.2
_WAITS_FOR_IMPORT = "waiting for an import of this company"
_WAITS_FOR_RUN = "waiting for a run of this company"
IS_HELD = """exists (select from pg_locks where locktype = 'advisory' and granted
    and classid::bigint = :space and objid::bigint = :company
    and database = (select oid from pg_database where datname = current_database()))"""
"""Condition that somebody holds the company's lock of a space."""


class LockSpace(IntEnum):
    """What a lock is about; with a company's id it makes the key of the advisory lock.

    ``IMPORTS`` marks a lock on ``RUNS`` as an import's; that of ``REQUESTS_OF_PAYER`` is of a payer's id.
    """

    RUNS = 7_241_002
    DELIVERIES = 7_241_003
    IMPORTS = 7_241_004
    RATES = 7_241_005
    PLANS = 7_241_006
    ON_DEMAND = 7_241_007
    INBOX = 7_241_008
    POLICIES = 7_241_009
    SCHEDULES = 7_241_020
    NOTIFICATIONS = 7_241_032
    POLICY_EVENTS = 7_241_036
    TEMPLATES = 7_241_042
    PAYMENTS = 7_241_044
    STATUSES = 7_241_048
    REQUESTS_OF_PAYER = 7_241_049


@contextmanager
def hold_lock(
    database: Database, space: LockSpace, company_id: int, waits_for: str, progress: Progress
) -> Iterator[None]:
    """Hold a company's lock for the block; it is free as soon as the block or the process ends.

    While another program has it, ``progress`` is told ``waits_for`` five times a second, or that it waits for
    an import.
    """
    with database.session() as session:
        try:
            waited = 0
            while not _try_lock(session, space, company_id):
                is_import = space is LockSpace.RUNS and _is_held(session, LockSpace.IMPORTS, company_id)
                session.commit()
                progress(_WAITS_FOR_IMPORT if is_import else waits_for, waited, 0)
                waited += 1
                time.sleep(_POLL_SECONDS)
            if space is LockSpace.RUNS:
                let_on_demand_end(session, company_id)
                session.commit()
            yield
        finally:
            # The session ends, and the lock with it, even where it was won in the moment of an interruption.
            session.invalidate()


def hold_for_import(connection: Connection, company_id: int, progress: Progress) -> None:
    """Wait as :func:`hold_runs` does, and mark the lock as an import's."""
    hold_runs(connection, company_id, progress)
    # Only whoever has the one lock takes the other, and an import gives both back at once: no waiting here.
    hold_in_transaction(connection, LockSpace.IMPORTS, company_id)


def hold_runs(connection: Connection, company_id: int, progress: Progress) -> None:
    """Wait until nobody bills the company or imports its book, and keep it so for this transaction.

    Meanwhile ``progress`` is told five times a second whom it waits for.
    """
    query = text("select pg_try_advisory_xact_lock(:space, :company)")
    waited = 0
    while not connection.execute(query, _key(LockSpace.RUNS, company_id)).scalar_one():
        is_import = _is_held(connection, LockSpace.IMPORTS, company_id)
        progress(_WAITS_FOR_IMPORT if is_import else _WAITS_FOR_RUN, waited, 0)
        waited += 1
        time.sleep(_POLL_SECONDS)
    let_on_demand_end(connection, company_id)


def hold_in_transaction(connection: Connection, space: LockSpace, company_id: int) -> None:
    """Wait for a company's lock, in silence, and hold it until this transaction ends."""
    connection.execute(text("select pg_advisory_xact_lock(:space, :company)"), _key(space, company_id))
    if space is LockSpace.RUNS:
        let_on_demand_end(connection, company_id)


def let_on_demand_end(connection: Connection, company_id: int) -> None:
    """Wait, for whoever has the lock on runs, until no invoice on demand is under way that began before."""
    key = _key(LockSpace.ON_DEMAND, company_id)
    connection.execute(text("select pg_advisory_lock(:space, :company)"), key)
    connection.execute(text("select pg_advisory_unlock(:space, :company)"), key)


def share_on_demand(connection: Connection, company_id: int) -> None:
    """Take the lock of invoices on demand for this transaction; waits only for a run that begins."""
    query = text("select pg_advisory_xact_lock_shared(:space, :company)")
    connection.execute(query, _key(LockSpace.ON_DEMAND, company_id))


def _try_lock(session: Connection, space: LockSpace, company_id: int) -> bool:
    query = text("select pg_try_advisory_lock(:space, :company)")
    is_held = bool(session.execute(query, _key(space, company_id)).scalar_one())
    session.commit()
    return is_held


def _is_held(connection: Connection, space: LockSpace, company_id: int) -> bool:
    return bool(connection.execute(text(f"select {IS_HELD}"), _key(space, company_id)).scalar_one())


def _key(space: LockSpace, company_id: int) -> dict[str, int]:
    return {"space": int(space), "company": company_id}
