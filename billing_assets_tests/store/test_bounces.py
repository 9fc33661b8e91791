"""A mail is one row, and what came back counts as sent no more."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from billing_assets.domain.attempts import FIRST_OWNER
from billing_assets.domain.bounces import Bounce, BounceAction, BounceEffect, BounceMail
from billing_assets.domain.decisions import Decision
from billing_assets.domain.deliveries import DeliveryState, SendResult
from billing_assets.steps.delivery_ports import DecisionOrder, Finished
from billing_assets.store.bounces import SqlBounceStore, bounces_of
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import AT, COMPANY, billing_over, fill_book
from billing_assets_tests.steps.outbox import broken_invariants, outbox

FEBRUARY = date(2024, 2, 1)
SENT = SendResult(state=DeliveryState.SENT, reply_code=250, reason_code="accepted", reply_text="ok")


def prepare(database: Database, home: Path) -> None:
    """Bill four policies and queue their documents."""
    fill_book(database, 4)
    with ExitStack() as stack:
        billing = billing_over(database, home, stack)
        billing.invoice(billing.order(FEBRUARY))
        billing.documents.make_documents(1, FEBRUARY)
        billing.documents.queue(1, FEBRUARY, COMPANY.message_domain)


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


@pytest.fixture
def store(billing: Billing) -> SqlBounceStore:
    return SqlBounceStore(billing.database, lambda: AT)


def attempt(billing: Billing, result: SendResult = SENT) -> str:
    """Make one attempt at the first row that waits; return its Message-ID."""
    row = billing.documents.next_deliveries(1, None, 0, 1)[0]
    billing.documents.hand_over(None, row)
    billing.documents.hand_over(Finished(row=row, result=result, ended_at=AT), None)
    return row.message_id


def mail(message_id: str, action: BounceAction = BounceAction.FAILED, number: int = 1) -> BounceMail:
    bounce = Bounce(
        message_id=message_id,
        action=action,
        status="5.1.1",
        reason_code="mailbox_unavailable",
        diagnostic="5.1.1 no such user",
    )
    return BounceMail(content_sha256=f"{number:064x}", bounce=bounce)


def test_what_came_back_counts_as_sent_no_more_and_has_an_owner(
    billing: Billing, store: SqlBounceStore
) -> None:
    message_id = attempt(billing)
    assert store.take(1, mail(message_id)) is BounceEffect.RETURNED
    assert outbox(billing)[0] == ("failed", 0, "mailbox_unavailable", 1, FIRST_OWNER)
    assert broken_invariants(billing) == []
    with billing.database.transaction() as connection:
        (row,) = bounces_of(connection, 1, 1)
    assert (row.action, row.status, row.diagnostic) == ("failed", "5.1.1", "5.1.1 no such user")


def test_a_mail_is_taken_once(billing: Billing, store: SqlBounceStore) -> None:
    message_id = attempt(billing)
    assert store.take(1, mail(message_id)) is BounceEffect.RETURNED
    billing.resolve(order(Decision.AGAIN))
    assert store.take(1, mail(message_id)) is BounceEffect.REPEATED
    assert outbox(billing)[0][0] == "queued"


def test_what_came_back_may_be_sent_again_and_be_accepted(billing: Billing, store: SqlBounceStore) -> None:
    message_id = attempt(billing)
    store.take(1, mail(message_id))
    billing.resolve(order(Decision.AGAIN))
    assert attempt(billing) == message_id
    assert outbox(billing)[0][0] == "sent"
    assert broken_invariants(billing) == []
    assert store.take(1, mail(message_id, number=2)) is BounceEffect.RETURNED


def test_a_server_that_goes_on_trying_changes_nothing(billing: Billing, store: SqlBounceStore) -> None:
    message_id = attempt(billing)
    assert store.take(1, mail(message_id, BounceAction.DELAYED)) is BounceEffect.NOTED
    assert outbox(billing)[0][0] == "sent"


def test_a_report_tells_of_what_may_have_arrived_that_it_did_not(
    billing: Billing, store: SqlBounceStore
) -> None:
    message_id = attempt(
        billing, replace(SENT, state=DeliveryState.UNKNOWN, reason_code="no_answer_after_data")
    )
    assert store.take(1, mail(message_id)) is BounceEffect.RETURNED
    assert outbox(billing)[0][:1] == ("failed",)
    assert broken_invariants(billing) == []


def test_what_a_person_took_for_arrived_comes_back_too(billing: Billing, store: SqlBounceStore) -> None:
    message_id = attempt(
        billing, replace(SENT, state=DeliveryState.UNKNOWN, reason_code="no_answer_after_data")
    )
    billing.resolve(order(Decision.DELIVERED))
    assert store.take(1, mail(message_id)) is BounceEffect.RETURNED
    assert broken_invariants(billing) == []


def test_what_waits_for_its_next_attempt_is_left_alone(billing: Billing, store: SqlBounceStore) -> None:
    later = replace(SENT, state=DeliveryState.QUEUED, reason_code="greylisted", reply_code=450)
    message_id = attempt(billing, later)
    assert store.take(1, mail(message_id)) is BounceEffect.NOTED
    assert outbox(billing)[0][0] == "queued"


def test_nobody_elses_mail_changes_anything(billing: Billing, store: SqlBounceStore) -> None:
    attempt(billing)
    assert store.take(1, mail("0" * 32 + "@elsewhere.example")) is BounceEffect.UNMATCHED
    assert store.take(1, BounceMail(content_sha256="f" * 64, bounce=None)) is BounceEffect.FOREIGN
    assert outbox(billing)[0][0] == "sent"


def order(decision: Decision) -> DecisionOrder:
    return DecisionOrder(delivery_ids=(1,), decision=decision, note="checked", decided_by="ana")
