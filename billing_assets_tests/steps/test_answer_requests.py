"""Requests are answered one by one: by one program, whoever else answers, and a fault of one is its own."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from billing_assets.domain.document_requests import DocumentWish, WantedDocument
from billing_assets.domain.errors import BillingError
from billing_assets.domain.letters import Letter
from billing_assets.steps import answer_requests as answer_requests_module
from billing_assets.steps.answer_requests import answer_requests
from billing_assets.steps.request_ports import PrintedCopy, PrintedLetter
from billing_assets.store.connection import Database
from billing_assets.store.document_requests import SqlRequestStore
from billing_assets.store.payer_accounts import PayerAccount
from billing_assets.wiring.build import utc_now
from billing_assets.wiring.document_request_desk import DocumentRequestDesk
from billing_assets_tests.databases import Prepare
from billing_assets_tests.paid_books import paid, record, rows
from billing_assets_tests.requested_books import asking, bill_and_pay, desk_over

UNCLEAR = WantedDocument(document_kind=None)
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
    """A press that cannot make copies, and calls ``meanwhile`` before a letter."""

    def __init__(self, press: Any, code: str, meanwhile: Callable[[], object] = tuple) -> None:
        self.press, self.code, self.meanwhile = press, code, meanwhile

    def letter(self, letter: Letter) -> PrintedLetter:
        self.meanwhile()
        printed: PrintedLetter = self.press.letter(letter)
        return printed

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


def test_a_fault_of_the_program_at_one_request_stops_none_behind_it(
    desk: DocumentRequestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer_requests_module, "BATCH", 1)
    for number in range(2):
        desk.ask(asking(f"copy{number}", COPY, "K2"))
    desk.ask(asking("statement", STATEMENT, "K2"))
    with pytest.raises(BillingError, match="store_busy"):
        answer(desk, Failing(desk.press, "store_busy"))
    states = rows(desk.database, "select state from document_request order by document_request_id")
    assert states == [("asked",), ("asked",), ("answered",)]
    assert answer(desk, desk.press)["answered_count"] == 2


def test_a_store_that_is_gone_is_gone_for_all(desk: DocumentRequestDesk) -> None:
    desk.ask(asking("copy", COPY, "K2"))
    desk.ask(asking("statement", STATEMENT, "K2"))
    with pytest.raises(BillingError, match="store_unreachable"):
        answer(desk, Failing(desk.press, "store_unreachable"))
    assert rows(desk.database, "select distinct state from document_request") == [("asked",)]


def test_sums_that_differ_wait_with_what_was_found(
    desk: DocumentRequestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = PayerAccount.account

    def wrong(reader: PayerAccount, *given: Any) -> Any:
        found = right(reader, *given)
        return replace(found, on_account_minor=found.on_account_minor + 1)

    monkeypatch.setattr(PayerAccount, "account", wrong)
    desk.ask(asking("statement", STATEMENT, "K2"))
    assert answer(desk, desk.press)["waiting_count"] == 1
    ((reason, note),) = rows(desk.database, "select reason_code, note from document_request")
    assert reason == "account_does_not_add_up"
    assert "open items is " in note


def test_an_account_is_read_as_of_one_moment_and_kept_whatever_others_do_meanwhile(
    desk: DocumentRequestDesk,
) -> None:
    desk.ask(asking("statement", STATEMENT, "K2"))
    claim = SqlRequestStore(desk.database, utc_now).claim
    with claim(desk.company_id, 1) as transaction:
        assert transaction is not None
        with transaction.reading() as account:
            before = account.account("EUR", date(2024, 1, 1), date(2027, 1, 1))
            record(desk.database, paid("meanwhile", 77, payer_key="K2"))
            assert account.account("EUR", date(2024, 1, 1), date(2027, 1, 1)) == before
    # An act that others record while a letter is printed comes before that of the answer.
    others = Failing(desk.press, "", lambda: desk.ask(asking("other", UNCLEAR, "K2")))
    assert answer(desk, others)["answered_count"] == 1


def test_nothing_asked_is_nothing_done(desk: DocumentRequestDesk) -> None:
    assert set(answer(desk, desk.press).values()) == {0}
