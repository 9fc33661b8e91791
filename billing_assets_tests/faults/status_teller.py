"""A program that tells statuses and sends them, and dies at a call of a port.

Belongs here: what runs in the process that dies. Does not belong here: what must hold afterwards
(``test_statuses``).
"""

import os
from contextlib import ExitStack, closing
from datetime import date
from pathlib import Path
from typing import Any

from billing_assets.steps.send_statuses import send_statuses
from billing_assets.steps.tell_statuses import tell_statuses
from billing_assets.store.connection import Database
from billing_assets.store.statuses import SqlStatusStore
from billing_assets.wiring.status_desk import EndpointSender, StatusDesk
from billing_assets_tests.books import billing_over
from billing_assets_tests.faults.crash import Bomb, Wrapped
from billing_assets_tests.told_books import clock


def tell_and_die(url: str, today: date, part_facts: int, fuse: int) -> None:
    """Tell what waits, and die at a call of the store."""
    with closing(Database(url)) as database:
        store: Any = SqlStatusStore(database, 1, "Europe/Madrid", clock, part_facts=part_facts)
        tell_statuses(today, store=Wrapped(store, Bomb(fuse, os.getpid())))


def send_and_die(url: str, home: Path, fuse: int) -> None:
    """Send what waits, a few events at a time, and die at a call of the store."""
    with ExitStack() as stack:
        database = stack.enter_context(closing(Database(url)))
        billing = billing_over(database, home, stack)
        billing.settings = billing.settings.model_copy(update={"push_to_loopback": True})
        desk = StatusDesk(billing)
        store: Any = Wrapped(desk.subscriptions, Bomb(fuse, os.getpid()))
        sender = EndpointSender(desk.endpoints, desk.company_code)
        send_statuses(store=store, sender=sender, clock=clock, page_events=2)
