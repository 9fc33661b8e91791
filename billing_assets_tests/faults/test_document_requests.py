"""Whoever dies while answering leaves each request unanswered or answered once, and the next one goes on."""

import signal
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from billing_assets.domain.document_requests import DocumentWish, WantedDocument
from billing_assets.store.connection import Database
from billing_assets_tests.faults.programs import run_until_dead, url_behind
from billing_assets_tests.faults.request_answerer import answer_and_die
from billing_assets_tests.paid_books import rows
from billing_assets_tests.requested_books import asking, bill_and_pay, desk_over

prepare = bill_and_pay
WANTED = (
    WantedDocument(document_kind=DocumentWish.STATEMENT),
    WantedDocument(document_kind=DocumentWish.DOCUMENT_COVER, document_numbers=("INV-00000002",)),
)
EVERYWHERE = """
select (select count(*) from document_request where state = 'answered'), (select count(*) from letter),
    (select count(*) from answered_document),
    (select count(*) from audit_entry where act = 'answer_request')
"""


@pytest.mark.slow
def test_a_program_killed_at_any_point_answers_each_request_once(database: Database, tmp_path: Path) -> None:
    """Each death is followed by the next program over the same store, with two more requests."""
    deaths = 0
    with ExitStack() as stack:
        desk = desk_over(database, tmp_path, stack)
        for fuse in count(1):
            for number, wanted in enumerate(WANTED):
                desk.ask(asking(f"{fuse}-{number}", wanted, "K2"))
            status = run_until_dead(answer_and_die, url_behind(database), tmp_path, fuse)
            [(answered, letters, documents, acts)] = rows(database, EVERYWHERE)
            assert answered == letters == acts
            assert documents >= answered
            if status == 0:
                break
            assert status == -signal.SIGKILL
            deaths += 1
            desk.answer()
            [(answered, letters, _, acts)] = rows(database, EVERYWHERE)
            assert answered == letters == acts == 2 * fuse
    assert deaths > 10
