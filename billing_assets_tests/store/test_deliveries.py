"""The outbox holds one row for each document and purpose, and each row is sent by one program at a time."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.attempts import FIRST_OWNER
from billing_assets.domain.deliveries import DeliveryState, SendResult, message_id
from billing_assets.domain.errors import BillingError
from billing_assets.steps.delivery_ports import Carried, Finished, QueueCounts, QueuedDelivery
from billing_assets.steps.run_ports import silent
from billing_assets.store.connection import Database
from billing_assets.store.deliveries import SqlDocumentStore
from billing_assets.store.delivery_queue import ISSUE
from billing_assets_tests.books import AT, COMPANY, billing_over, change_address, fill_book

FEBRUARY = date(2024, 2, 1)
DOMAIN = COMPANY.message_domain
SENT = SendResult(state=DeliveryState.SENT, reply_code=250, reason_code="accepted", reply_text="ok")


def prepare(database: Database, home: Path) -> None:
    """Bill twelve policies and make their documents."""
    fill_book(database, 12)
    with ExitStack() as stack:
        billing = billing_over(database, home, stack)
        billing.invoice(billing.order(FEBRUARY))
        billing.documents.make_documents(1, FEBRUARY)


@pytest.fixture
def store(database: Database, tmp_path: Path) -> Iterator[SqlDocumentStore]:
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack).documents


def rows(store: SqlDocumentStore, query: str) -> list[tuple[object, ...]]:
    with store.database.transaction() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def queued(store: SqlDocumentStore) -> list[QueuedDelivery]:
    store.queue(1, FEBRUARY, DOMAIN)
    return list(store.next_deliveries(1, FEBRUARY, 0, 100))


def test_queueing_again_adds_nothing(store: SqlDocumentStore) -> None:
    first, second = store.queue(1, FEBRUARY, DOMAIN), store.queue(1, None, DOMAIN)
    assert (first.queued_count, first.without_address_count) == (11, 1)
    assert (second.queued_count, second.without_address_count) == (0, 0)
    assert store.queued_counts(1, FEBRUARY) == (11, 0)
    assert store.queued_counts(1, date(2024, 2, 2)) == store.queued_counts(2, None) == (0, 0)


def test_the_newest_address_of_the_payer_counts_and_not_the_frozen_one(store: SqlDocumentStore) -> None:
    change_address(store.database, 1, "new@example.com")
    row = next(row for row in queued(store) if row.job.invoice.payer.payer_key == "K1")
    assert (row.to_email, row.job.invoice.payer.email) == ("new@example.com", "payer1@example.com")
    store.hand_over(None, row)
    query = """
        select content::json ->> 'email' from delivery_attempt join payer_version using (payer_version_id)
    """
    assert rows(store, query) == [("new@example.com",)]


def test_an_address_that_came_in_queues_what_failed_for_want_of_it_and_one_that_went_takes_it_out(
    store: SqlDocumentStore,
) -> None:
    store.queue(1, FEBRUARY, DOMAIN)
    change_address(store.database, 3, "found@example.com")
    change_address(store.database, 4, "")
    nothing = QueueCounts(queued_count=0, without_address_count=0, address_found_count=0)
    assert store.queue(1, date(2024, 2, 2), DOMAIN) == nothing
    assert store.queue(1, None, DOMAIN) == QueueCounts(
        queued_count=1, without_address_count=1, address_found_count=1
    )
    (failed,) = rows(store, "select delivery_id, reason_code, owner from delivery where state = 'failed'")
    assert failed[1:] == ("no_address", FIRST_OWNER)
    assert {row.to_email for row in store.next_deliveries(1, None, 0, 100)} >= {"found@example.com"}


def test_what_was_handed_to_a_channel_is_not_queued_again_by_itself(store: SqlDocumentStore) -> None:
    first = queued(store)[0]
    store.hand_over(None, first)
    later = replace(SENT, state=DeliveryState.QUEUED, reply_code=450, reason_code="greylisted")
    store.hand_over(Finished(row=first, result=later, ended_at=AT), None)
    change_address(store.database, 1, "")
    assert store.queue(1, None, DOMAIN).without_address_count == 1
    change_address(store.database, 1, "again@example.com")
    assert store.queue(1, None, DOMAIN).address_found_count == 0


def test_faults_of_the_channel_are_no_refusals_of_a_message(store: SqlDocumentStore) -> None:
    queued(store)
    for reason, refused_count in (("connect_failed", 0), ("greylisted", 0), ("service_not_available", 1)):
        first = store.next_deliveries(1, FEBRUARY, 0, 1)[0]
        assert first.refused_count == refused_count
        store.hand_over(None, first)
        later = replace(SENT, state=DeliveryState.QUEUED, reply_code=450, reason_code=reason)
        store.hand_over(Finished(row=first, result=later, ended_at=AT), None)
    assert store.next_deliveries(1, FEBRUARY, 0, 1)[0].refused_count == 1


def test_the_message_id_in_the_store_is_the_function_of_the_domain(store: SqlDocumentStore) -> None:
    for row in queued(store):
        number = row.job.invoice.invoice_number
        assert row.message_id == message_id("alondra", number, "email", ISSUE, DOMAIN)


def test_rows_come_in_order_and_in_pieces_with_their_whole_invoices(store: SqlDocumentStore) -> None:
    everything = queued(store)
    first = store.next_deliveries(1, FEBRUARY, 0, 4)
    rest = store.next_deliveries(1, FEBRUARY, first[-1].delivery_id, 100)
    assert [*first, *rest] == everything
    assert all(row.job.invoice.lines and row.job.template_version_id for row in everything)
    assert {row.job.pdf_sha256 for row in everything} == {""}


def test_a_delivery_keeps_what_it_carried(store: SqlDocumentStore) -> None:
    first = queued(store)[0]
    store.hand_over(None, first, Carried(pdf_sha256="ab" * 32, mail_sha256="cd" * 32))
    query = """
        select encode(content_sha256, 'hex'), encode(mail_sha256, 'hex') from delivery where state = 'sending'
    """
    assert rows(store, query) == [("ab" * 32, "cd" * 32)]


def test_a_row_goes_from_hand_to_hand(store: SqlDocumentStore) -> None:
    first, second = queued(store)[:2]
    store.hand_over(None, first, Carried(pdf_sha256="ab" * 32))
    query = "select state, attempt_count, owner from delivery order by delivery_id limit 2"
    picked = f"select state, attempt_count, reply_code from delivery where delivery_id = {first.delivery_id}"
    assert rows(store, picked) == [("sending", 1, 0)]
    store.hand_over(Finished(row=first, result=SENT, ended_at=AT), second)
    assert rows(store, picked) == [("sent", 1, 250)]
    store.hand_over(
        Finished(row=second, result=replace(SENT, state=DeliveryState.FAILED, reply_code=550), ended_at=AT),
        None,
    )
    attempts = "select delivery_id, attempt_number, state, reply_code from delivery_attempt order by 1"
    assert rows(store, attempts) == [
        (first.delivery_id, 1, "sent", 250),
        (second.delivery_id, 1, "failed", 550),
    ]
    assert ("failed", 1, FIRST_OWNER) in rows(store, query.replace("limit 2", ""))


def test_an_answer_may_be_recorded_twice(store: SqlDocumentStore) -> None:
    first = queued(store)[0]
    store.hand_over(None, first)
    for _ in range(2):
        store.hand_over(Finished(row=first, result=SENT, ended_at=AT), None)
    assert rows(store, "select count(*) from delivery where state = 'sent'") == [(1,)]


def test_a_row_that_is_being_sent_cannot_be_begun_again(store: SqlDocumentStore) -> None:
    first = queued(store)[0]
    store.hand_over(None, first)
    with pytest.raises(BillingError) as caught:
        store.hand_over(None, first)
    assert caught.value.code == "delivery_taken"


def test_what_a_dead_sender_left_is_unknown_with_an_owner(store: SqlDocumentStore) -> None:
    first = queued(store)[0]
    store.hand_over(None, first)
    assert store.settle_interrupted(1) == 1
    assert store.settle_interrupted(1) == 0
    found = rows(store, "select state, reason_code, owner from delivery where attempt_count = 1")
    assert found == [("unknown", "sender_died", FIRST_OWNER)]
    assert rows(store, "select state from delivery_attempt") == [("unknown",)]
    assert first.delivery_id not in [row.delivery_id for row in store.next_deliveries(1, FEBRUARY, 0, 100)]


def test_the_answer_of_a_sender_that_was_taken_for_dead_counts(store: SqlDocumentStore) -> None:
    first = queued(store)[0]
    store.hand_over(None, first)
    store.settle_interrupted(1)
    store.hand_over(Finished(row=first, result=SENT, ended_at=AT), None)
    assert rows(store, "select state, owner from delivery where attempt_count = 1") == [("sent", "")]
    assert rows(store, "select state from delivery_attempt") == [("sent",)]


def test_proofs_are_one_per_language_and_none_of_what_is_queued(store: SqlDocumentStore) -> None:
    languages = [job.invoice.payer.language for job in store.proof_jobs(1, FEBRUARY)]
    assert sorted(languages) == ["en", "es"]
    store.queue(1, FEBRUARY, DOMAIN)
    assert store.proof_jobs(1, FEBRUARY) == []


def test_one_program_delivers_for_a_company_at_a_time(store: SqlDocumentStore) -> None:
    def give_up(_stage: str, _done: int, _total: int) -> None:
        raise TimeoutError

    def second() -> None:
        with store.lock_deliveries(1, give_up):
            pytest.fail("two programs hold the delivery lock")

    with store.lock_deliveries(1, silent), pytest.raises(TimeoutError):
        second()


def test_the_issuer_is_the_company_of_the_code(store: SqlDocumentStore) -> None:
    assert store.issuer("alondra").company == COMPANY
