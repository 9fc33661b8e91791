"""Every message goes out once, or it is known why not; what is refused is tried again, so often."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import text

from billing_assets.domain.notification_rules import Channel, ChannelKind
from billing_assets.domain.notifications import next_attempt_at
from billing_assets.reports.notification import Notice
from billing_assets.steps.notification_ports import DueMessage
from billing_assets.steps.send_notifications import Told, letter_of, send_notifications
from billing_assets.store.connection import Database
from billing_assets.store.notifications import SqlMessageStore
from billing_assets.store.sealed_texts import Sealer
from billing_assets_tests.books import COMPANY, fill_book
from billing_assets_tests.notified import NOON, Office, add_channel, add_run, answer, hear, keep_check

REFUSED = answer("queued", "http_refused", 503)
TAKEN = answer("sent", "accepted", 200)
UNKNOWN = answer("unknown", "no_answer")


class Hasty(SqlMessageStore):
    """A store whose due messages somebody else has begun meanwhile."""

    def due_messages(self, at: datetime) -> list[DueMessage]:
        due = super().due_messages(at)
        for message in due:
            self.begin(message, lambda _events: Notice(subject="s", text="t", html="h"))
        return due


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


def test_a_message_goes_out_once_and_tells_of_its_company(office: Office) -> None:
    assert office.send().facts["sent_count"] == 1
    assert office.send().facts["sent_count"] == 0
    (letter,) = office.postman.letters
    assert letter.notice.subject.startswith(f"[{COMPANY.name}] run 1 of 2025-03-12 is final")
    assert (letter.from_email, letter.dated_at) == (COMPANY.email, NOON)
    assert office.states() == [("sent", "accepted", 1)]


def test_what_is_refused_is_tried_again_ever_later_with_the_same_words(office: Office) -> None:
    office.postman.answers = [REFUSED, REFUSED, TAKEN]
    assert office.send().facts["waiting_count"] == 1
    office.now += timedelta(seconds=59)
    office.send()
    assert len(office.postman.letters) == 1
    office.now += timedelta(seconds=1)
    office.send()
    office.now = next_attempt_at(office.now, 2)
    assert office.send().facts["sent_count"] == 1
    first, second, third = office.postman.letters
    assert first.notice == second.notice == third.notice
    assert first.message_id == second.message_id == third.message_id
    assert office.states() == [("sent", "accepted", 3)]


def test_after_the_last_refusal_it_fails_waits_for_a_person_and_is_told_to_others(office: Office) -> None:
    add_channel(office.database, "chief", "json://127.0.0.1:2/x")
    hear(office.database, "chief", "chief")
    office.postman.answers = [REFUSED]
    told: list[Told] = []
    office.send(max_attempts=2, report=told.append)
    office.now += timedelta(hours=1)
    office.send(max_attempts=2, report=told.append)
    assert [each.result.state.value for each in told] == ["queued", "failed"]
    assert office.states() == [("failed", "gave_up_after_attempts", 2)]
    assert office.collect().facts == {"event_count": 1, "queued_count": 1}
    office.postman.answers = [TAKEN]
    office.send()
    assert "notification 1 to team did not get through" in office.postman.letters[-1].notice.text
    assert office.postman.letters[-1].channel.channel_name == "chief"


def test_that_a_message_about_such_a_failure_fails_makes_no_further_one(office: Office) -> None:
    add_channel(office.database, "chief", "json://127.0.0.1:2/x")
    hear(office.database, "chief", "chief")
    office.postman.answers = [answer("failed", "bad_channel")]
    for _ in range(4):
        office.send()
        office.collect()
        office.now += timedelta(minutes=1)
    assert office.events().count("notification_undeliverable") == 1


def test_what_may_have_arrived_is_never_sent_again_by_itself(office: Office) -> None:
    office.postman.answers = [UNKNOWN, TAKEN]
    assert office.send().facts["unknown_count"] == 1
    for _ in range(3):
        office.now += timedelta(days=1)
        office.send()
    assert len(office.postman.letters) == 1
    assert office.states() == [("unknown", "no_answer", 1)]
    office.outbox.send_again([1], "ana")
    office.send()
    assert office.states() == [("sent", "accepted", 2)]


def test_a_person_gives_a_failed_message_all_its_attempts_anew(office: Office) -> None:
    office.postman.answers = [REFUSED]
    office.send(max_attempts=1)
    assert office.states() == [("failed", "gave_up_after_attempts", 1)]
    office.outbox.send_again(None, "ana")
    office.send(max_attempts=2)
    assert office.states() == [("queued", "http_refused", 2)]


def test_a_channel_that_does_not_take_a_message_rests_and_others_go_on(office: Office) -> None:
    add_channel(office.database, "chief", "json://127.0.0.1:2/x")
    hear(office.database, "chief", "chief")
    hear(office.database, "second")
    keep_check(office.database, 1, NOON)
    office.now += timedelta(seconds=1)
    office.collect()
    office.postman.answers = [REFUSED, TAKEN]
    facts = office.send().facts
    assert (facts["waiting_count"], facts["sent_count"]) == (1, 1)
    assert [letter.channel.channel_name for letter in office.postman.letters] == ["team", "chief"]


def test_what_a_dead_sender_left_is_unknown_and_shown(office: Office) -> None:
    (message,) = office.outbox.due_messages(NOON)
    office.outbox.begin(message, lambda _events: Notice(subject="s", text="t", html="h"))
    assert office.send().facts["interrupted_count"] == 1
    assert office.states() == [("unknown", "sender_died", 1)]
    assert office.postman.letters == []


def test_a_message_to_a_channel_that_cannot_be_used_fails_at_once(office: Office) -> None:
    with office.database.transaction() as connection:
        connection.execute(text("update notification_channel set target = 'sealed:x'"))
    assert office.send().facts["failed_count"] == 1
    assert office.states() == [("failed", "secret_unreadable", 1)]


def test_a_message_that_another_program_has_taken_is_left_to_it(office: Office) -> None:
    store = Hasty(office.database, Sealer(), office.clock)
    send_notifications(store=store, messenger=office.postman, from_email="", clock=office.clock)
    assert office.postman.letters == []


def test_a_letter_comes_from_the_address_of_the_settings_or_else_of_the_company(office: Office) -> None:
    (message,) = office.outbox.due_messages(NOON)
    channel = Channel(
        channel_id=1, channel_name="a", channel_kind=ChannelKind.EMAIL, target="b@example.com", language="en"
    )
    notice = Notice(subject="s", text="t", html="h")
    own = letter_of(channel, message.company, "billing@ops.example.com", "7", NOON, notice)
    assert own.from_email == "billing@ops.example.com"
    assert own.message_id.endswith("@ops.example.com")
    company = letter_of(channel, message.company, "", "7", NOON, notice)
    assert company.from_email == COMPANY.email
    nobody = letter_of(channel, None, "", "7", NOON, notice)
    assert nobody.message_id.endswith("@billing.invalid")
    assert "b@example.com" not in repr(own)
