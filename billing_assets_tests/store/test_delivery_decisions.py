"""A decision changes a row once, is kept for ever, and never makes a message leave twice."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.attempts import FIRST_OWNER
from billing_assets.domain.decisions import Decision
from billing_assets.domain.deliveries import DeliveryState, SendResult
from billing_assets.domain.errors import BillingError
from billing_assets.steps.delivery_ports import DecisionOrder, Finished, QueuedDelivery
from billing_assets.store.checks import run_checks
from billing_assets.store.connection import Database
from billing_assets.store.deliveries import SqlDocumentStore
from billing_assets.store.delivery_decisions import SqlDecisionStore, decisions_of
from billing_assets_tests.books import AT, COMPANY, billing_over, change_address, fill_book

FEBRUARY = date(2024, 2, 1)
WITHOUT_ADDRESS = 3
SENT = SendResult(state=DeliveryState.SENT, reply_code=250, reason_code="accepted", reply_text="ok")
UNKNOWN = replace(SENT, state=DeliveryState.UNKNOWN, reply_code=0, reason_code="no_answer_after_data")
REFUSED = replace(SENT, state=DeliveryState.FAILED, reply_code=550, reason_code="mailbox_unavailable")
LATER = replace(SENT, state=DeliveryState.QUEUED, reply_code=450, reason_code="greylisted")


class Outbox:
    """Five queued rows and one without an address, and what a sender and a person do to them."""

    def __init__(self, documents: SqlDocumentStore) -> None:
        self.documents = documents
        self.store = SqlDecisionStore(documents.database, lambda: AT)
        documents.queue(1, FEBRUARY, COMPANY.message_domain)

    def next(self) -> list[QueuedDelivery]:
        return list(self.documents.next_deliveries(1, FEBRUARY, 0, 100))

    def row(self, delivery_id: int) -> tuple[str, str, str, int]:
        query = "select state, reason_code, owner, attempt_count from delivery where delivery_id = :id"
        with self.documents.database.transaction() as connection:
            found = connection.execute(text(query), {"id": delivery_id}).one()
        return found.state, found.reason_code, found.owner, found.attempt_count

    def begun(self) -> QueuedDelivery:
        row = self.next()[0]
        assert self.documents.hand_over(None, row)
        return row

    def answered(self, result: SendResult) -> QueuedDelivery:
        row = self.begun()
        self.documents.hand_over(Finished(row=row, result=result, ended_at=AT), None)
        return row

    def abandoned(self) -> QueuedDelivery:
        row = self.begun()
        self.documents.settle_interrupted(1)
        return row

    def decide(self, decision: Decision, *delivery_ids: int) -> None:
        order = DecisionOrder(delivery_ids=delivery_ids, decision=decision, note="why", decided_by="ana")
        self.store.decide(1, order)

    def refusal(self, decision: Decision, *delivery_ids: int) -> BillingError:
        with pytest.raises(BillingError) as caught:
            self.decide(decision, *delivery_ids)
        return caught.value

    def offenders(self) -> dict[str, tuple[str, ...]]:
        with self.documents.database.transaction() as connection:
            results = run_checks(connection, at=AT, check_ids=["I13", "I14", "I15", "I20", "I22"])
        return {result.check.check_id: result.examples for result in results if result.offender_count}


def prepare(database: Database, home: Path) -> None:
    """Bill six policies and make their documents."""
    fill_book(database, 6)
    with ExitStack() as stack:
        billing = billing_over(database, home, stack)
        billing.invoice(billing.order(FEBRUARY))
        billing.documents.make_documents(1, FEBRUARY)


@pytest.fixture
def outbox(database: Database, tmp_path: Path) -> Iterator[Outbox]:
    with ExitStack() as stack:
        yield Outbox(billing_over(database, tmp_path, stack).documents)


def test_an_unknown_delivery_turns_out_delivered_and_the_attempt_stays_what_it_was(outbox: Outbox) -> None:
    row = outbox.answered(UNKNOWN)
    outbox.decide(Decision.DELIVERED, row.delivery_id)
    assert outbox.row(row.delivery_id) == ("sent", "delivered_by_decision", "", 1)
    assert row.delivery_id not in [other.delivery_id for other in outbox.next()]
    assert outbox.offenders() == {}
    assert outbox.refusal(Decision.AGAIN, row.delivery_id).code == "delivery_sent"


def test_an_unknown_delivery_goes_again_with_its_message_id(outbox: Outbox) -> None:
    row = outbox.answered(UNKNOWN)
    outbox.decide(Decision.AGAIN, row.delivery_id)
    again = outbox.next()[0]
    assert (again.delivery_id, again.message_id, again.attempt_count) == (row.delivery_id, row.message_id, 1)
    outbox.documents.hand_over(None, again)
    outbox.documents.hand_over(Finished(row=again, result=SENT, ended_at=AT), None)
    assert outbox.row(row.delivery_id) == ("sent", "accepted", "", 2)
    assert outbox.offenders() == {}


def test_a_refused_delivery_goes_again_with_all_its_attempts_anew(outbox: Outbox) -> None:
    for refused_count in range(2):
        assert outbox.next()[0].refused_count == refused_count
        outbox.answered(LATER)
    row = outbox.answered(REFUSED)
    outbox.decide(Decision.AGAIN, row.delivery_id)
    assert outbox.next()[0].refused_count == 0
    outbox.answered(LATER)
    assert outbox.next()[0].refused_count == 1


def test_what_is_given_up_stays_failed_without_an_owner_until_somebody_wants_it_again(outbox: Outbox) -> None:
    rows = [outbox.answered(UNKNOWN), outbox.answered(REFUSED), outbox.next()[0]]
    ids = [row.delivery_id for row in rows]
    outbox.decide(Decision.GIVEN_UP, *ids)
    assert {outbox.row(number)[:3] for number in ids} == {("failed", "given_up", "")}
    assert outbox.offenders() == {}
    assert outbox.refusal(Decision.GIVEN_UP, ids[0]).code == "delivery_given_up"
    outbox.decide(Decision.AGAIN, ids[0])
    assert outbox.next()[0].delivery_id == ids[0]


def test_a_decision_is_kept_with_what_it_changed(outbox: Outbox) -> None:
    row = outbox.answered(REFUSED)
    outbox.decide(Decision.GIVEN_UP, row.delivery_id)
    with outbox.documents.database.transaction() as connection:
        (kept,) = decisions_of(connection, 1, row.delivery_id)
        assert decisions_of(connection, 2, row.delivery_id) == []
    assert (kept.decision, kept.note, kept.decided_by, kept.decided_at) == ("given-up", "why", "ana", AT)
    assert (kept.state_before, kept.reason_before, kept.state_after) == (
        "failed",
        "mailbox_unavailable",
        "failed",
    )


def test_a_row_without_an_address_cannot_go_again_before_there_is_one(outbox: Outbox) -> None:
    assert outbox.refusal(Decision.AGAIN, WITHOUT_ADDRESS).code == "delivery_without_address"
    change_address(outbox.documents.database, WITHOUT_ADDRESS, "found@example.com")
    outbox.decide(Decision.AGAIN, WITHOUT_ADDRESS)
    assert WITHOUT_ADDRESS in [row.delivery_id for row in outbox.next()]


@pytest.mark.parametrize("decision", Decision)
def test_what_is_being_sent_is_left_alone(outbox: Outbox, decision: Decision) -> None:
    row = outbox.begun()
    assert outbox.refusal(decision, row.delivery_id).code == "delivery_sending"
    assert outbox.row(row.delivery_id)[0] == "sending"


def test_one_row_that_refuses_leaves_all_of_them_as_they_were(outbox: Outbox) -> None:
    sent, refused = outbox.answered(SENT), outbox.answered(REFUSED)
    error = outbox.refusal(Decision.AGAIN, sent.delivery_id, refused.delivery_id, 999)
    assert error.found == (
        f"delivery {sent.delivery_id} was sent, and 1 more cannot be decided so either; "
        "none of the 3 was changed"
    )
    assert outbox.row(refused.delivery_id)[0] == "failed"


def test_the_rows_of_another_company_do_not_exist(outbox: Outbox) -> None:
    row = outbox.answered(REFUSED)
    order = DecisionOrder(delivery_ids=(row.delivery_id,), decision=Decision.AGAIN, note="x", decided_by="x")
    with pytest.raises(BillingError) as caught:
        outbox.store.decide(2, order)
    assert caught.value.code == "delivery_unknown"
    assert outbox.store.issuer("alondra").company_id == 1


def test_a_sender_that_comes_first_keeps_the_row_and_the_decision_is_told(outbox: Outbox) -> None:
    """The decision waits for the sender's transaction, then finds the row in its hands."""
    row = outbox.next()[0]
    told: list[str] = []

    def give_up() -> None:
        told.append(outbox.refusal(Decision.GIVEN_UP, row.delivery_id).code)

    thread = threading.Thread(target=give_up)
    with outbox.documents.database.transaction() as sender:
        sender.execute(
            text("update delivery set state = 'sending', attempt_count = 1 where delivery_id = :id"),
            {"id": row.delivery_id},
        )
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
    thread.join(20)
    assert told == ["delivery_sending"]
    assert outbox.row(row.delivery_id)[0] == "sending"


def test_two_people_who_decide_at_once_are_one_decision(outbox: Outbox) -> None:
    row = outbox.answered(UNKNOWN)
    ends: list[str] = []

    def decide(decision: Decision) -> None:
        try:
            outbox.decide(decision, row.delivery_id)
            ends.append("done")
        except BillingError as error:
            ends.append(error.code)

    threads = [
        threading.Thread(target=decide, args=(decision,)) for decision in (Decision.AGAIN, Decision.DELIVERED)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(ends)[1] == "done"
    assert set(ends) - {"done"} <= {"decision_refused", "delivery_sent"}
    assert len(ends) == 2
    assert outbox.offenders() == {}


def test_a_row_given_up_after_the_sender_read_it_is_not_sent_and_stops_nobody(outbox: Outbox) -> None:
    first, second = outbox.next()[:2]
    outbox.documents.hand_over(None, first)
    outbox.decide(Decision.GIVEN_UP, second.delivery_id)
    assert not outbox.documents.hand_over(Finished(row=first, result=SENT, ended_at=AT), second)
    assert outbox.row(first.delivery_id)[0] == "sent"
    assert outbox.row(second.delivery_id) == ("failed", "given_up", "", 0)


@pytest.mark.parametrize("decision", Decision)
def test_an_acceptance_that_comes_late_is_worth_more_than_a_decision(
    outbox: Outbox, decision: Decision
) -> None:
    """Above all, what was to go again does not go again."""
    row = outbox.abandoned()
    outbox.decide(decision, row.delivery_id)
    outbox.documents.hand_over(Finished(row=row, result=SENT, ended_at=AT), None)
    assert outbox.row(row.delivery_id) == ("sent", "accepted", "", 1)
    assert row.delivery_id not in [other.delivery_id for other in outbox.next()]
    assert outbox.offenders() == {}


@pytest.mark.parametrize(
    ("decision", "state"),
    [(Decision.DELIVERED, "sent"), (Decision.AGAIN, "queued"), (Decision.GIVEN_UP, "failed")],
)
def test_any_other_late_answer_is_kept_with_the_attempt_and_the_decision_stands(
    outbox: Outbox, decision: Decision, state: str
) -> None:
    row = outbox.abandoned()
    outbox.decide(decision, row.delivery_id)
    outbox.documents.hand_over(Finished(row=row, result=REFUSED, ended_at=AT), None)
    assert outbox.row(row.delivery_id)[0] == state
    with outbox.documents.database.transaction() as connection:
        assert connection.execute(text("select state from delivery_attempt")).scalars().all() == ["failed"]


def test_a_sender_whose_row_was_begun_anew_may_not_answer_for_it(outbox: Outbox) -> None:
    row = outbox.abandoned()
    outbox.decide(Decision.AGAIN, row.delivery_id)
    outbox.begun()
    with pytest.raises(BillingError) as caught:
        outbox.documents.hand_over(Finished(row=row, result=SENT, ended_at=AT), None)
    assert caught.value.code == "delivery_taken"
    assert outbox.row(row.delivery_id)[::3] == ("sending", 2)


def test_an_owner_stands_beside_whatever_waits_for_a_person(outbox: Outbox) -> None:
    assert outbox.row(outbox.answered(REFUSED).delivery_id)[2] == FIRST_OWNER
