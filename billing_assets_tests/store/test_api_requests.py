"""Requests that are done once: claimed, answered again, forgotten after 35 days."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from billing_assets.domain.api_requests import KEPT_FOR, LEASE, KeptAnswer, RequestKey
from billing_assets.domain.errors import BillingError
from billing_assets.store.api_requests import claim_request, keep_answer, release_request
from billing_assets.store.connection import Database
from billing_assets_tests.books import AT
from billing_assets_tests.store.intake import with_company

REQUEST = RequestKey(company_id=1, api_key_id=1, idempotency_key="a", request_sha256=b"h" * 32)
ANSWER = KeptAnswer(
    status=201, content_type="application/json", location="/x", etag='"1"', body=b'{"total_minor": 1}'
)
_KEY = """
insert into api_key (company_id, key_code, key_name, scopes, key_hmac, created_at)
values (1, 'k3f9a1c2d4e5', 'n', array['runs:read'], sha256('x'), now())
"""


@pytest.fixture
def store(database: Database) -> Database:
    with_company(database)
    with database.transaction() as connection:
        connection.execute(text(_KEY))
    return database


def claim(
    store: Database, request: RequestKey = REQUEST, later: timedelta = timedelta()
) -> KeptAnswer | None:
    with store.transaction() as connection:
        return claim_request(connection, request, AT + later)


def answered(store: Database) -> None:
    assert claim(store) is None
    with store.transaction() as connection:
        keep_answer(connection, REQUEST, ANSWER, AT)


def refusal(store: Database, request: RequestKey = REQUEST, later: timedelta = timedelta()) -> str:
    with pytest.raises(BillingError) as refused:
        claim(store, request, later)
    return refused.value.code


def test_an_answer_is_given_again_to_the_byte(store: Database) -> None:
    answered(store)
    assert claim(store, later=KEPT_FOR) == ANSWER
    assert refusal(store, replace(REQUEST, request_sha256=b"o" * 32)) == "idempotency_key_reused"
    assert claim(store, replace(REQUEST, idempotency_key="b")) is None


def test_after_35_days_it_is_forgotten_and_the_key_is_free(store: Database) -> None:
    answered(store)
    other = replace(REQUEST, request_sha256=b"o" * 32)
    assert claim(store, other, KEPT_FOR + timedelta(seconds=1)) is None


def test_what_is_old_is_removed_by_what_is_new(store: Database) -> None:
    for number in range(25):
        claim(store, replace(REQUEST, idempotency_key=f"old{number}"))
    for number in range(2):
        claim(store, replace(REQUEST, idempotency_key=f"new{number}"), KEPT_FOR * 2)
    with store.transaction() as connection:
        assert connection.execute(text("select count(*) from api_request")).scalar_one() == 2


def test_one_without_an_answer_is_in_progress_until_its_lease_is_over(store: Database) -> None:
    assert claim(store) is None
    assert refusal(store, later=LEASE - timedelta(seconds=1)) == "request_in_progress"
    assert claim(store, later=LEASE) is None
    assert refusal(store, later=LEASE) == "request_in_progress"
    with store.transaction() as connection:
        release_request(connection, REQUEST, AT)
    assert claim(store) is None


def test_a_second_one_is_told_at_once_while_the_first_is_at_work(store: Database) -> None:
    with store.transaction() as connection:
        assert claim_request(connection, REQUEST, AT) is None
        assert refusal(store) == "request_in_progress"
        keep_answer(connection, REQUEST, ANSWER, AT)
    assert claim(store) == ANSWER


def test_a_claim_falls_with_its_transaction(store: Database) -> None:
    with store.session() as connection, connection.begin() as transaction:
        assert claim_request(connection, REQUEST, AT) is None
        transaction.rollback()
    assert claim(store) is None
