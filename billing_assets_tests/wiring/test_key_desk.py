"""Keys and tokens: made, checked, over."""

from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from billing_assets.domain.api_keys import TOKEN_LIFE, Scope
from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database
from billing_assets.wiring import key_desk
from billing_assets.wiring.build import utc_now
from billing_assets.wiring.key_desk import KeyDesk, KeyRing, is_over
from billing_assets.wiring.settings import Settings
from billing_assets_tests.books import fill_book

SECRETS = ("s" * 32, "t" * 32)


def settings_of(*secrets: str) -> Settings:
    return Settings(_env_file=None, api_secret=SecretStr(",".join(secrets)))


@pytest.fixture
def store(database: Database) -> Database:
    fill_book(database, 1)
    return database


def is_refused(ring: KeyRing, credential: str) -> bool:
    try:
        ring.caller(credential)
    except BillingError as error:
        return error.code == "credential_refused"
    return False


def test_a_key_lets_in_and_nothing_of_it_is_kept(store: Database) -> None:
    desk = KeyDesk(store, 1, settings_of())
    key, credential = desk.add("policy system", ["runs:read"])
    assert KeyRing(store, settings_of()).caller(credential)[1] == (Scope.RUNS_READ,)
    with store.transaction() as connection:
        kept = connection.execute(text("select key_hmac::text || key_code from api_key")).scalar_one()
    secret = credential.partition(f"{key.key_code}_")[2]
    assert len(secret) > 20
    assert secret not in kept
    desk.revoke(key.key_code)
    assert is_refused(desk.ring, credential)
    assert [is_over(each) for each in desk.listed()] == [True]


def test_a_newer_secret_lets_the_keys_of_the_older_in(store: Database) -> None:
    old, new = SECRETS
    _, credential = KeyDesk(store, 1, settings_of(old)).add("policy system", ["runs:read"])
    assert not is_refused(KeyRing(store, settings_of(new, old)), credential)
    assert is_refused(KeyRing(store, settings_of(new)), credential)


def test_a_key_is_over_after_its_days(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = KeyDesk(store, 1, settings_of())
    _, credential = desk.add("policy system", ["runs:read"], days=7)
    later = utc_now() + timedelta(days=7, seconds=1)
    monkeypatch.setattr(key_desk, "utc_now", lambda: later)
    assert is_refused(desk.ring, credential)


def test_a_token_is_for_less_than_its_key_and_for_minutes(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = KeyDesk(store, 1, settings_of())
    key, credential = desk.add("policy system", ["runs:read", "invoices:read"])
    token, scopes = desk.ring.token(key.key_code, credential, ["runs:read"])
    assert desk.ring.caller(token)[1] == scopes == (Scope.RUNS_READ,)
    assert desk.ring.token(key.key_code, credential, [])[1] == key.scopes
    with pytest.raises(BillingError, match="not every scope"):
        desk.ring.token(key.key_code, credential, ["runs:write"])
    for wrong in (f"{token}x", token[:-8], "x" * 5_000, "a.b.c", ""):
        assert is_refused(desk.ring, wrong)
    later = utc_now() + TOKEN_LIFE + timedelta(seconds=1)
    monkeypatch.setattr(key_desk, "utc_now", lambda: later)
    assert is_refused(desk.ring, token)


def test_a_token_without_a_signature_of_ours_is_none(store: Database) -> None:
    theirs = KeyDesk(store, 1, settings_of("u" * 32))
    key, credential = theirs.add("policy system", ["runs:read"])
    token, _ = theirs.ring.token(key.key_code, credential, [])
    assert is_refused(KeyRing(store, settings_of(SECRETS[0])), token)
    unsigned = f"eyJhbGciOiJub25lIn0.{token.split('.')[1]}."
    assert is_refused(theirs.ring, unsigned)
