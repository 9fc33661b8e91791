"""Rows of the inbox of events: one for a key and its content, taken by versions, marked once."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from billing_assets.domain.errors import BillingError
from billing_assets.domain.policy_events import EventCounts, EventKind
from billing_assets.steps.event_rows import EVENT_MAPPING, EventBook
from billing_assets.steps.read_policy_book import IntakeOrder, read_policy_book
from billing_assets.store import policy_events
from billing_assets.store.connection import Database
from billing_assets.store.policy_events import SqlEventInbox, add_events, list_events
from billing_assets_tests.books import AT
from billing_assets_tests.events import TODAY, change_event, term_event
from billing_assets_tests.store.intake import with_company

INSERT = """
insert into billing.policy_event (company_id, event_key, event_kind, version, body)
values (1, :key, 'policy', 1, cast(:body as jsonb)) on conflict do nothing
"""


@pytest.fixture
def inbox(database: Database) -> SqlEventInbox:
    """The inbox of a company without a book."""
    return SqlEventInbox(with_company(database), 1, lambda: AT)


def test_one_key_and_content_is_one_row_and_other_content_another(inbox: SqlEventInbox) -> None:
    with inbox.database.transaction() as connection:
        assert add_events(connection, 1, [term_event("A"), term_event("A"), term_event("B")], AT) == 2
        assert add_events(connection, 1, [term_event("A"), term_event("A", premium="5.00")], AT) == 1
        newest = list_events(connection, 1, limit=1)[0]
    assert (newest.event_key, newest.record_key, newest.state) == ("A 1", "A 2024-02-01", "open")
    assert inbox.counts() == EventCounts(takeable=3, awaiting=0)


def test_each_policy_gives_its_lowest_version_and_a_change_waits_for_its_term(inbox: SqlEventInbox) -> None:
    events = [term_event("A", 3), term_event("A", 2), term_event("B", 9), change_event("A")]
    no_day = change_event("C", effective_date="2024-02-30")
    with inbox.database.transaction() as connection:
        add_events(connection, 1, [*events, no_day], AT)
    taken = inbox.next_events(EventKind.POLICY, inbox.newest_id(), 9)
    assert [(event.text("policy_number"), event.version) for event in taken] == [("A", 2), ("B", 9)]
    changes = inbox.next_events(EventKind.CHANGE, inbox.newest_id(), 9)
    assert [event.text("policy_number") for event in changes] == ["C"]
    assert inbox.next_events(EventKind.POLICY, taken[0].event_id, 9) == taken[:1]


def test_a_batch_looks_at_the_oldest_events_however_many_wait(
    inbox: SqlEventInbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told of twice among them, a policy gives its lowest version; what comes after is for a later batch."""
    events = [term_event("A", 3), term_event("A", 2), term_event("B"), term_event("A", 1)]
    with inbox.database.transaction() as connection:
        add_events(connection, 1, events, AT)
    monkeypatch.setattr(policy_events, "_LOOKED_AT", 3)
    taken = inbox.next_events(EventKind.POLICY, inbox.newest_id(), 9)
    assert [(event.text("policy_number"), event.version) for event in taken] == [("A", 2), ("B", 1)]


def test_what_was_marked_meanwhile_is_not_imported_a_second_time(inbox: SqlEventInbox) -> None:
    """The right to drain may be lost with its session: the mark itself decides."""
    with inbox.database.transaction() as connection:
        add_events(connection, 1, [term_event("A")], AT)
    events = inbox.next_events(EventKind.POLICY, inbox.newest_id(), 9)
    inbox.settle({events[0].event_id: "repeated"})
    order = IntakeOrder(
        company_code="alondra", path=Path("policy events"), mapping=EVENT_MAPPING, as_of_date=TODAY
    )
    store = inbox.book_store([events[0].event_id])
    with pytest.raises(BillingError, match="events_taken_meanwhile"):
        read_policy_book(order, reader=EventBook(events), store=store, clock=lambda: AT)
    with inbox.database.transaction() as connection:
        assert connection.exec_driver_sql("select count(*) from policy").scalar_one() == 0


def test_a_sender_may_insert_events_and_nothing_else(inbox: SqlEventInbox) -> None:
    url = inbox.database.engine.url.render_as_string(hide_password=False)
    engine: Engine = create_engine(url)
    body = '{"policy_number": "A", "premium": 1200.10}'
    with engine.begin() as connection:
        connection.execute(text("set local role billing_sender"))
        for _ in range(2):
            connection.execute(text(INSERT), {"key": "s1", "body": body})
        # Deeper than Python reads: it is refused like any other, and no drain dies of it.
        deep = f'{{"policy_number": {"[" * 3_000}{"]" * 3_000}}}'
        connection.execute(text(INSERT), {"key": "s2", "body": deep})
    refused = [
        "select * from billing.policy_event",
        "update billing.policy_event set state = 'done'",
        "delete from billing.policy_event",
        "select * from billing.company",
        "insert into billing.inbox_request default values",
        (
            "insert into billing.policy_event (company_id, event_key, event_kind, version, body, state) "
            "values (1, 'x', 'policy', 1, '{}', 'done')"
        ),
    ]
    for statement in refused:
        with engine.connect() as connection:
            connection.execute(text("set local role billing_sender"))
            with pytest.raises(DBAPIError, match="permission denied"):
                connection.execute(text(statement))
    engine.dispose()
    event, nested = inbox.next_events(EventKind.POLICY, inbox.newest_id(), 9)
    assert (event.text("premium"), nested.fault) == ("1200.10", "event_malformed")


@pytest.mark.parametrize(
    ("key", "body"),
    [("", "{}"), ("k" * 201, "{}"), ("k", "[]"), ("k", json.dumps({"payer_name": "a" * 100_001}))],
)
def test_what_is_no_event_at_all_is_refused_at_the_door(inbox: SqlEventInbox, key: str, body: str) -> None:
    with pytest.raises(DBAPIError, match="violates check"), inbox.database.transaction() as connection:
        connection.execute(text(INSERT), {"key": key, "body": body})
