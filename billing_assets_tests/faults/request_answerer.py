"""A program that answers requests for documents, and dies at a call of a port.

Belongs here: what runs in the process that dies. Does not belong here: what must hold afterwards
(``test_document_requests``).
"""

import os
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from billing_assets.steps.answer_requests import answer_requests
from billing_assets.store.connection import Database
from billing_assets.store.document_requests import SqlRequestStore
from billing_assets.wiring.build import utc_now
from billing_assets_tests.faults.crash import Bomb, Wrapped
from billing_assets_tests.requested_books import desk_over


def answer_and_die(url: str, home: Path, fuse: int) -> None:
    """Answer what is asked, and die at a call of the store or the press."""
    with ExitStack() as stack:
        database = stack.enter_context(closing(Database(url)))
        desk = desk_over(database, home, stack)
        bomb = Bomb(fuse, os.getpid())
        store: Any = Wrapped(SqlRequestStore(database, utc_now), bomb)
        press: Any = Wrapped(desk.press, bomb)
        answer_requests(desk.company.company_code, store=store, press=press, clock=utc_now)
