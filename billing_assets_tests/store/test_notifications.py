"""The outbox of messages: marked before it is sent, one acceptance, and again only by a person."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from billing_assets.domain.errors import BillingError
from billing_assets.domain.notifications import Event
from billing_assets.reports.notification import Notice
from billing_assets.store.connection import Database
from billing_assets.store.notification_channels import remove_channel
from billing_assets.store.notification_rules import remove_rule
from billing_assets.store.notifications import SqlMessageStore
from billing_assets.store.sealed_texts import Sealer
from billing_assets_tests.books import fill_book
from billing_assets_tests.notified import NOON, Office, add_channel, add_run, answer, hear

NOTICE = Notice(subject="subject", text="text", html="<p>text</p>")


def say(_events: Sequence[Event]) -> Notice:
    return NOTICE


@pytest.fixture
def office(database: Database) -> Office:
    """One message that is due."""
    fill_book(database, 1)
    add_channel(database)
    hear(database)
    office = Office(database)
    add_run(database, date(2025, 3, 12))
    office.collect()
    return office


def test_a_message_is_due_with_its_channel_company_and_events(office: Office) -> None:
    (message,) = office.outbox.due_messages(NOON)
    assert message.channel is not None
    assert (message.channel.channel_name, message.fault) == ("team", "")
    assert message.company == message.sent_by
    assert office.outbox.due_messages(NOON - timedelta(seconds=1)) == []


def test_only_one_of_two_senders_begins_a_message(office: Office) -> None:
    (message,) = office.outbox.due_messages(NOON)
    assert office.outbox.begin(message, say)
    assert not office.outbox.begin(message, say)
    assert office.outbox.due_messages(NOON) == []


def test_a_later_attempt_carries_what_the_first_one_said(office: Office) -> None:
    (message,) = office.outbox.due_messages(NOON)
    office.outbox.begin(message, say)
    office.outbox.finish(message, answer("queued", "http_refused", 503), NOON)
    (again,) = office.outbox.due_messages(NOON)
    assert (again.attempt_count, again.refused_count) == (1, 1)
    other = Notice(subject="other", text="other", html="other")
    assert office.outbox.begin(again, lambda _events: other) == NOTICE


def test_an_event_that_comes_while_its_message_begins_stands_in_it_or_in_another(office: Office) -> None:
    """The collector holds the message while it adds; a sender that begins meanwhile waits and tells both."""
    (message,) = office.outbox.due_messages(NOON)
    heard: list[int] = []

    def tell(events: Sequence[Event]) -> Notice:
        heard.append(len(events))
        return NOTICE

    add_event = """
        with added as (
            insert into notification_event (event_key, event_kind, severity, occurred_at, recorded_at)
            values ('late', 'run_late', 'error', now(), now()) returning event_id
        )
        insert into notification_message_event (message_id, event_id) select :message, event_id from added
    """
    with ThreadPoolExecutor(1) as pool:
        with office.database.transaction() as connection:
            connection.execute(text("update notification_message set changed_at = changed_at"))
            waiting = pool.submit(office.outbox.begin, message, tell)
            connection.execute(text(add_event), {"message": message.message_id})
            assert not waiting.done()
        assert waiting.result() == NOTICE
    assert heard == [2]


def test_what_happens_when_its_message_is_under_way_makes_another(office: Office) -> None:
    (message,) = office.outbox.due_messages(NOON)
    office.outbox.begin(message, say)
    add_run(office.database, date(2025, 3, 11))
    assert office.collect().facts["queued_count"] == 1
    assert office.states() == [("sending", "", 1), ("queued", "", 0)]


def test_what_a_dead_sender_left_is_unknown_and_its_late_answer_still_counts(office: Office) -> None:
    (message,) = office.outbox.due_messages(NOON)
    office.outbox.begin(message, say)
    assert office.outbox.settle_interrupted() == 1
    assert office.states() == [("unknown", "sender_died", 1)]
    office.outbox.finish(message, answer("sent", "accepted", 200), NOON)
    assert office.states() == [("sent", "accepted", 1)]
    assert office.outbox.settle_interrupted() == 0


def test_what_is_due_counts_and_what_a_sender_left_long_ago(office: Office) -> None:
    assert office.outbox.due_count(NOON) == 1
    (message,) = office.outbox.due_messages(NOON)
    office.outbox.begin(message, say)
    assert office.outbox.due_count(NOON + timedelta(minutes=14)) == 0
    assert office.outbox.due_count(NOON + timedelta(minutes=16)) == 1


def test_a_person_sends_again_what_failed_and_by_its_number_what_is_unknown(office: Office) -> None:
    (message,) = office.outbox.due_messages(NOON)
    office.outbox.begin(message, say)
    office.outbox.settle_interrupted()
    assert office.outbox.send_again(None, "ana") == []
    assert office.outbox.send_again([message.message_id], "ana") == [message.message_id]
    assert office.states() == [("queued", "again_by_decision", 1)]
    assert office.column("select retried_by from notification_message") == ["ana"]


def test_what_waits_or_was_sent_is_not_sent_again_and_then_nothing_of_the_order_is(office: Office) -> None:
    (message,) = office.outbox.due_messages(NOON)
    with pytest.raises(BillingError, match="neither failed nor unknown"):
        office.outbox.send_again([message.message_id, 99], "ana")
    assert office.states() == [("queued", "", 0)]


def test_the_store_itself_refuses_a_second_acceptance(office: Office) -> None:
    twice = text(
        "insert into notification_attempt (message_id, attempt_number, started_at, state) "
        "select message_id, number, now(), 'sent' from notification_message, unnest(array[1, 2]) number"
    )
    with pytest.raises(IntegrityError, match="accepted_once"), office.database.transaction() as connection:
        connection.execute(twice)


def test_a_channel_that_was_removed_or_cannot_be_read_is_a_fault_of_the_message(office: Office) -> None:
    with office.database.transaction() as connection:
        connection.execute(text("update notification_channel set target = 'sealed:x'"))
    (message,) = office.outbox.due_messages(NOON)
    assert (message.channel, message.fault) == (None, "secret_unreadable")
    with office.database.transaction() as connection:
        remove_rule(connection, "ops", "ana", NOON)
        remove_channel(connection, "team", "ana", NOON)
    (message,) = office.outbox.due_messages(NOON)
    assert (message.channel, message.fault) == (None, "channel_removed")


def test_only_one_program_sends_at_a_time(office: Office) -> None:
    waited: list[str] = []

    def wait(stage: str, done: int, _total: int) -> None:
        waited.append(stage)
        if done == 1:
            raise InterruptedError

    other = SqlMessageStore(office.database, Sealer(), office.clock)
    with (
        office.outbox.lock_messages(lambda *_: None),
        pytest.raises(InterruptedError),
        other.lock_messages(wait),
    ):
        pass
    assert waited[0] == "waiting for another program that sends notifications"
