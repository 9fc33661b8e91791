"""The rows of the inbox: one per key, taken oldest first, marked with what became of them."""

from datetime import date

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.on_demand import Answer, InboxEntry, Request, RequestState
from billing_assets.store.connection import Database
from billing_assets.store.inbox import (
    add_requests,
    count_open,
    keep_answers,
    list_requests,
    next_requests,
    show_request,
)
from billing_assets_tests.books import AT, fill_book

ENTRIES = [InboxEntry(request_key=f"k{number}", policy_number=f"P-{number}") for number in range(5)]


@pytest.fixture
def filled(database: Database) -> Database:
    """A store with five requests."""
    fill_book(database, 1)
    with database.transaction() as connection:
        assert add_requests(connection, 1, ENTRIES, AT) == 5
    return database


def test_requests_are_taken_oldest_first_and_beyond_the_last(filled: Database) -> None:
    with filled.transaction() as connection:
        first = next_requests(connection, 1, 0, 2)
        rest = next_requests(connection, 1, first[-1].request_id, 9)
    assert [request.policy_number for request in (*first, *rest)] == [each.policy_number for each in ENTRIES]


@pytest.mark.parametrize("kept", ["k1", "new"])
def test_a_key_of_another_policy_is_refused_and_never_left_out(filled: Database, kept: str) -> None:
    """A repeated key is left out; with another policy it would be a request that nobody answers."""
    entries = [
        InboxEntry(request_key="new", policy_number="P-6"),
        InboxEntry(request_key=kept, policy_number="P-7"),
    ]
    with pytest.raises(BillingError, match="request_key_reused"), filled.transaction() as connection:
        add_requests(connection, 1, entries, AT)
    with filled.transaction() as connection:
        assert len(list_requests(connection, 1)) == len(ENTRIES)


def test_every_key_that_was_given_to_another_policy_is_named(filled: Database) -> None:
    entries = [InboxEntry(request_key=key, policy_number="P-7") for key in ("k1", "new", "k3")]
    with pytest.raises(BillingError) as caught, filled.transaction() as connection:
        add_requests(connection, 1, entries, AT)
    assert "key 'k1' asks for policy P-7" in caught.value.found
    assert "key 'k3' asks for policy P-7" in caught.value.found


def test_what_one_transaction_has_taken_another_passes_over(filled: Database) -> None:
    with filled.transaction() as mine, filled.transaction() as other:
        assert len(next_requests(mine, 1, 0, 3)) == 3
        assert [each.policy_number for each in next_requests(other, 1, 0, 9)] == ["P-3", "P-4"]


def test_an_answer_is_kept_and_only_a_request_that_waits_is_taken_again(filled: Database) -> None:
    with filled.transaction() as connection:
        done, waiting, *_ = next_requests(connection, 1, 0, 5)
        until = date(2024, 2, 1)
        answers = [
            Answer(request=done, state=RequestState.DONE, run_id=7, until=until),
            Answer(request=waiting, state=RequestState.WAITING, reason_code="run_held", until=until),
        ]
        keep_answers(connection, answers, AT)
        assert [each.request_id for each in next_requests(connection, 1, 0, 1)] == [waiting.request_id]
        assert next_requests(connection, 1, 0, 1)[0].until == until
        shown = show_request(connection, 1, done.request_id)
    assert (shown.state, shown.run_id, shown.until_date, shown.answered_at) == ("done", 7, until, AT)


def test_a_date_that_was_asked_for_is_not_replaced(filled: Database) -> None:
    asked = InboxEntry(request_key="asked", policy_number="P-9", until=date(2024, 5, 1))
    with filled.transaction() as connection:
        add_requests(connection, 1, [asked], AT)
        request = list_requests(connection, 1, policy_number="P-9")[0]
        answer = Answer(
            request=Request(policy_number="P-9", request_id=request.request_id),
            state=RequestState.DONE,
            until=date(2024, 6, 1),
        )
        keep_answers(connection, [answer], AT)
        assert show_request(connection, 1, request.request_id).until_date == date(2024, 5, 1)


def test_lists_are_newest_first_by_state_and_page(filled: Database) -> None:
    with filled.transaction() as connection:
        newest = list_requests(connection, 1, limit=2)
        older = list_requests(connection, 1, before_id=newest[-1].request_id)
        assert list_requests(connection, 1, state="done") == []
        assert count_open(connection, 1) == 5
    keys = [row.request_key for row in (*newest, *older)]
    assert keys == ["k4", "k3", "k2", "k1", "k0"]


def test_a_request_that_is_not_there_is_an_error(filled: Database) -> None:
    with filled.transaction() as connection, pytest.raises(BillingError, match="request_unknown"):
        show_request(connection, 1, 99)
