"""A program that bills a date, imports a book or moves a month, and dies at a call of a port or in a COPY.

Run it as ``python -m billing_assets_tests.faults.crash``.

Belongs here: the wrapping of ports. Each call of a port is a point before the call and a point after it, so
that n = 1, 2, 3 ... visits every place between two acts of the store, the commit of a shard among them. What
goes by COPY goes in small pieces, and each piece is a point of its own: the server has begun and is not done.
Does not belong here: what must hold afterwards (``test_crashes``).
"""

import argparse
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg

from billing_assets.domain.detached_months import month_from
from billing_assets.feeds.month_folders import ParquetMonthFolder
from billing_assets.steps import deliver_documents as delivering
from billing_assets.steps import plan_due_charges as planning
from billing_assets.steps.attach_month import attach_month
from billing_assets.steps.detach_month import detach_month
from billing_assets.steps.month_ports import DetachOrder
from billing_assets.store import copy as copying
from billing_assets.store import month_rows
from billing_assets.store.connection import Database
from billing_assets.store.detached_months import SqlMonthStore
from billing_assets.store.policies import SqlIntakeStore
from billing_assets.wiring.build import utc_now
from billing_assets.wiring.on_demand import OnDemandDesk
from billing_assets.wiring.policy_events import EventDesk
from billing_assets_tests.books import AT, COMPANY, billing_over
from billing_assets_tests.faults.two_books import import_book

RETRY_AFTER = timedelta(hours=2)
"""So long after the failure it is tried again, whose first wait is an hour and the next four."""

COPY_PIECE = 256
"""Bytes of a piece: some rows, so that even a small table goes in several."""


class Bomb:
    """Kills ``victim`` (a process id) with SIGKILL when it has been touched ``fuse`` times."""

    def __init__(self, fuse: int, victim: int) -> None:
        self.fuse = fuse
        self.victim = victim

    def touch(self) -> None:
        """Count one point."""
        self.fuse -= 1
        if self.fuse == 0:
            os.kill(self.victim, signal.SIGKILL)


class Wrapped:
    """A port whose every call touches the bomb before and after; their contexts are wrapped too."""

    def __init__(self, port: object, bomb: Bomb) -> None:
        self._port = port
        self._bomb = bomb

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._port, name)
        return self._call(value) if callable(value) else value

    def _call(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: object, **named: object) -> object:
            self._bomb.touch()
            result = method(*arguments, **named)
            self._bomb.touch()
            is_context = isinstance(result, AbstractContextManager) and hasattr(result, "gen")
            return self._context(result) if is_context else result

        return call

    @contextmanager
    def _context(self, inner: AbstractContextManager[Any]) -> Iterator[Any]:
        with inner as value:
            yield None if value is None else Wrapped(value, self._bomb)
            self._bomb.touch()
        self._bomb.touch()


class WrappedInbox(Wrapped):
    """An inbox of events whose stores of imports are wrapped too."""

    def _call(self, method: Callable[..., Any]) -> Callable[..., Any]:
        if method.__name__ in {"book_store", "change_store"}:
            return lambda event_ids: Wrapped(method(event_ids), self._bomb)
        return super()._call(method)


@contextmanager
def small_shards() -> Iterator[None]:
    """Let a small book have several shards, and several batches of messages, in the block."""
    with patch.object(planning, "SHARD_TERMS", 9), patch.object(delivering, "BATCH", 4):
        yield


@contextmanager
def cut_copies(bomb: Bomb) -> Iterator[None]:
    """Let every COPY go out in pieces of a few rows in the block, and touch the bomb after each."""
    write = psycopg.Copy.write

    def write_and_touch(self: psycopg.Copy, piece: Any) -> None:
        write(self, piece)
        bomb.touch()

    with patch.object(copying, "_BLOCK", COPY_PIECE), patch.object(psycopg.Copy, "write", write_and_touch):
        yield


def move_month(database: Database, bomb: Bomb, folder: Path, month: date | None) -> None:
    """Detach the month to the folder, or attach the one that is there."""
    store: Any = Wrapped(SqlMonthStore(database, lambda: AT), bomb)
    files: Any = Wrapped(ParquetMonthFolder(folder), bomb)
    if month is None:
        attach_month(COMPANY.company_code, store=store, folder=files)
        return
    with patch.object(month_rows, "PART_DOCUMENTS", 4):
        detach_month(DetachOrder(company_code=COMPANY.company_code, month=month), store=store, folder=files)


def take_events(desk: EventDesk, bomb: Bomb, day: date) -> None:
    """Drain the policy events."""
    desk.inbox = WrappedInbox(desk.inbox, bomb)
    desk.on_demand.store = Wrapped(desk.on_demand.store, bomb)  # type: ignore[assignment]
    desk.drain(batch_events=7, billing_date=day)


def answer(desk: OnDemandDesk, bomb: Bomb, *, drain: date | None, retry: date | None) -> None:
    """Drain the inbox on a date, or retry on a date what failed by now."""
    desk.store = Wrapped(desk.store, bomb)  # type: ignore[assignment]
    if drain:
        desk.drain(batch_requests=7, billing_date=drain)
    else:
        desk.retry(utc_now() + RETRY_AFTER, batch_policies=2, billing_date=retry)


def main(arguments: Sequence[str] | None = None) -> None:
    """Do the work; it ends well when no bomb went off."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("home", type=Path)
    parser.add_argument("--day", type=date.fromisoformat, help="bill this date")
    parser.add_argument("--book", type=Path, help="import this file")
    parser.add_argument("--drain", type=date.fromisoformat, help="drain the inbox on this date")
    parser.add_argument("--retry", type=date.fromisoformat, help="retry on this date what failed by now")
    parser.add_argument("--events", type=date.fromisoformat, help="drain the policy events on this date")
    parser.add_argument("--detach", type=month_from, help="detach this month to the folder 'month'")
    parser.add_argument("--attach", action="store_true", help="attach the month of the folder 'month'")
    parser.add_argument("--fuse", type=int, default=0, help="die at this call of a port")
    parser.add_argument("--copy-fuse", type=int, default=0, help="die after this piece of a COPY")
    parser.add_argument("--victim", type=int, default=0)
    parser.add_argument("--smtp-port", type=int, default=0, help="deliver too, to this port")
    options = parser.parse_args(arguments)
    victim = options.victim or os.getpid()
    with ExitStack() as stack:
        stack.enter_context(small_shards())
        if options.copy_fuse:
            stack.enter_context(cut_copies(Bomb(options.copy_fuse, victim)))
        database = stack.enter_context(closing(Database(options.url)))
        bomb = Bomb(options.fuse, victim)
        if options.book:
            import_book(Wrapped(SqlIntakeStore(database), bomb), options.book)
            return
        if options.detach or options.attach:
            move_month(database, bomb, options.home / "month", options.detach)
            return
        billing = billing_over(database, options.home, stack, smtp_port=options.smtp_port or 25)
        if options.events:
            take_events(EventDesk(billing), bomb, options.events)
            return
        if options.drain or options.retry:
            answer(OnDemandDesk(billing), bomb, drain=options.drain, retry=options.retry)
            return
        billing.runs = Wrapped(billing.runs, bomb)  # type: ignore[assignment]
        billing.documents = Wrapped(billing.documents, bomb)  # type: ignore[assignment]
        billing.invoice(billing.order(options.day))
        if options.smtp_port:
            billing.print(options.day)
            billing.deliver(options.day)


if __name__ == "__main__":
    main()
