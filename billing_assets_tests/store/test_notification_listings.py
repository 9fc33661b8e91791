"""Lists of messages and events: newest first, page by page, by state and channel, without any target."""

from datetime import date

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database
from billing_assets.store.notification_listings import (
    MessageFilter,
    count_messages,
    list_events,
    list_messages,
    show_message,
)
from billing_assets_tests.books import fill_book
from billing_assets_tests.notified import Office, add_channel, add_run, answer, hear


@pytest.fixture
def office(database: Database) -> Office:
    """Two messages of one look: one was taken, one waits for another try."""
    fill_book(database, 1)
    for name in ("one", "two"):
        add_channel(database, name)
        hear(database, f"rule-{name}", name)
    office = Office(database)
    office.postman.answers = [answer("sent", "accepted", 200), answer("queued", "http_refused", 503)]
    add_run(database, date(2025, 3, 12))
    office.collect()
    office.send()
    return office


def test_messages_are_listed_newest_first_with_state_and_reason(office: Office) -> None:
    with office.database.transaction() as connection:
        rows = list_messages(connection, MessageFilter())
        assert count_messages(connection) == {"queued": 1, "sent": 1}
    assert [(row.channel_name, row.state, row.reply_code, row.event_count) for row in rows] == [
        ("two", "queued", 503, 1),
        ("one", "sent", 200, 1),
    ]
    assert "secret" not in repr(rows)


def test_a_list_is_narrowed_by_state_channel_and_place(office: Office) -> None:
    with office.database.transaction() as connection:

        def found(wanted: MessageFilter) -> list[str]:
            return [row.channel_name for row in list_messages(connection, wanted)]

        assert found(MessageFilter(state="sent")) == found(MessageFilter(channel_name="one")) == ["one"]
        assert found(MessageFilter(limit=1)) == ["two"]
        (newest,) = list_messages(connection, MessageFilter(limit=1))
        assert found(MessageFilter(before_id=newest.message_id)) == ["one"]


def test_one_message_shows_what_it_says_what_it_tells_and_its_attempts(office: Office) -> None:
    with office.database.transaction() as connection:
        detail = show_message(connection, 1)
    assert "is final" in detail.body_text
    assert [event.event_kind for event in detail.events] == ["run_finalised"]
    assert [(each.attempt_number, each.state) for each in detail.attempts] == [(1, "sent")]


def test_a_number_that_no_message_has_is_named(office: Office) -> None:
    with pytest.raises(BillingError, match="no notification 99"), office.database.transaction() as connection:
        show_message(connection, 99)


def test_events_are_listed_whether_told_or_not(office: Office) -> None:
    with office.database.transaction() as connection:
        (event,) = list_events(connection)
        assert event.company_code == "alondra"
        assert list_events(connection, "run_late") == list_events(connection, before_id=event.event_id) == []
