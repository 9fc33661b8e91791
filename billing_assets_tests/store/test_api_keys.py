"""Keys of the API in the store: of the secret only a hash, each change in the audit log."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from billing_assets.domain.api_keys import NewKey, Scope
from billing_assets.domain.errors import BillingError
from billing_assets.store.api_keys import add_key, find_key, kept_secret, list_keys, note_use, revoke_key
from billing_assets.store.connection import Database
from billing_assets_tests.books import AT
from billing_assets_tests.store.intake import with_company

CODE, HMAC = "k3f9a1c2d4e5", b"h" * 32


@pytest.fixture
def store(database: Database) -> Database:
    with_company(database)
    with database.transaction() as connection:
        key = NewKey(
            key_code=CODE,
            key_name="policy system",
            scopes=(Scope.RUNS_READ,),
            key_hmac=HMAC,
            expires_at=None,
        )
        add_key(connection, 1, key, AT)
    return database


def test_a_key_is_found_by_its_code_and_known_by_its_company(store: Database) -> None:
    with store.transaction() as connection:
        key, hashed = find_key(connection, CODE) or pytest.fail("it is not there")
        assert (hashed, key.company_code, key.scopes) == (HMAC, "alondra", (Scope.RUNS_READ,))
        assert find_key(connection, "a" * 12) is None
        assert list_keys(connection, 1) == [key]
        assert list_keys(connection, 2) == []


def test_a_use_is_noted_once_a_minute(store: Database) -> None:
    with store.transaction() as connection:
        for seconds, seen in ((1, 1), (30, 1), (90, 90)):
            (key,) = list_keys(connection, 1)
            note_use(connection, key, AT + timedelta(seconds=seconds))
            assert list_keys(connection, 1)[0].last_used_at == AT + timedelta(seconds=seen)


def test_a_key_is_revoked_once_and_by_its_company(store: Database) -> None:
    with store.transaction() as connection:
        with pytest.raises(BillingError, match="in use"):
            revoke_key(connection, 2, CODE, AT)
        revoke_key(connection, 1, CODE, AT)
        with pytest.raises(BillingError, match="in use"):
            revoke_key(connection, 1, CODE, AT)
        acts = connection.execute(text("select act from audit_entry order by audit_entry_id")).scalars()
        assert list(acts)[-2:] == ["add_api_key", "revoke_api_key"]


def test_the_first_secret_of_a_store_stays(store: Database) -> None:
    for _ in range(2):
        with store.transaction() as connection:
            assert kept_secret(connection, b"a" * 32, AT) == b"a" * 32
            assert kept_secret(connection, b"b" * 32, AT) == b"a" * 32
