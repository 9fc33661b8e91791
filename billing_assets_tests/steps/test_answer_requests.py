"""Requests are answered one by one: by one program, whoever else answers, and a fault of one is its own."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from billing_assets.domain.document_requests import DocumentWish, WantedDocument
from billing_assets.domain.errors import BillingError
from billing_assets.steps.answer_requests import answer_requests
from billing_assets.steps.request_ports import PrintedCopy
from billing_assets.store.connection import Database
from billing_assets.store.document_requests import SqlRequestStore
from billing_assets.wiring.build import utc_now
from billing_assets.wiring.document_request_desk import DocumentRequestDesk
from billing_assets_tests.databases import Prepare
from billing_assets_tests.paid_books import rows
from billing_assets_tests.requested_books import asking, bill_and_pay, desk_over

STATEMENT = WantedDocument(document_kind=DocumentWish.STATEMENT)
COPY = WantedDocument(document_kind=DocumentWish.INVOICE_COPY, document_numbers=("INV-00000002",))


@pytest.fixture
def preparation() -> Prepare:
    return bill_and_pay


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[DocumentRequestDesk]:
    with ExitStack() as stack:
        yield desk_over(database, tmp_path, stack)


class Failing:
    """A press that cannot make copies."""

    def __init__(self, press: Any, code: str) -> None:
        self.letter, self.code = press.letter, code

    def copy(self, document_number: str) -> PrintedCopy:
        raise BillingError(self.code, f"{document_number} cannot be made", "look")


def answer(desk: DocumentRequestDesk, press: Any) -> dict[str, Any]:
    store = SqlRequestStore(desk.database, utc_now)
    return dict(answer_requests("alondra", store=store, press=press, clock=utc_now).facts)


def test_two_programs_at_once_answer_each_request_once(desk: DocumentRequestDesk) -> None:
    for number in range(6):
        desk.ask(asking(f"k{number}", STATEMENT, "K2"))
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: DocumentRequestDesk(desk.billing).answer().facts, range(2)))
    assert sum(int(facts["answered_count"]) for facts in found) == 6
    assert rows(desk.database, "select count(*), count(distinct document_request_id) from letter") == [(6, 6)]


def test_a_document_that_cannot_be_made_costs_its_own_request_only(desk: DocumentRequestDesk) -> None:
    desk.ask(asking("copy", COPY, "K2"))
    desk.ask(asking("statement", STATEMENT, "K2"))
    facts = answer(desk, Failing(desk.press, "rendering_changed"))
    assert (facts["answered_count"], facts["waiting_count"]) == (1, 1)
    reasons = rows(desk.database, "select reason_code from document_request where state = 'waiting'")
    assert reasons == [("document_unprintable",)]


def test_what_is_wrong_with_the_program_leaves_the_request_as_it_was(desk: DocumentRequestDesk) -> None:
    desk.ask(asking("copy", COPY, "K2"))
    with pytest.raises(BillingError, match="store_busy"):
        answer(desk, Failing(desk.press, "store_busy"))
    assert rows(desk.database, "select state from document_request") == [("asked",)]
    assert answer(desk, desk.press)["answered_count"] == 1


def test_nothing_asked_is_nothing_done(desk: DocumentRequestDesk) -> None:
    assert set(answer(desk, desk.press).values()) == {0}
