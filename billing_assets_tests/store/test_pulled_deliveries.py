"""Until when a document waits to be fetched: some days from when it may leave, once and not again."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from billing_assets.domain.api_keys import NewKey, Scope
from billing_assets.store.api_keys import add_key, revoke_key
from billing_assets.store.connection import Database
from billing_assets.store.deliveries import SqlDocumentStore
from billing_assets.store.pulled_deliveries import give_up_unfetched, pulled_hash, set_fetch_times
from billing_assets_tests.books import AT, change_channels
from billing_assets_tests.paid_books import rows
from billing_assets_tests.steps.outbox import bill_february

NOON = datetime(2024, 2, 1, 12, tzinfo=UTC)
_PULLED = "select next_attempt_at, state, reason_code from delivery where channel = 'pull'"


def prepare(database: Database, home: Path) -> None:
    """Bill February; a document waits for a broker."""
    bill_february(database, home)
    change_channels(database, 1, "pull", "broker")
    key = NewKey(
        key_code="k3f9a1c2d4e5",
        key_name="broker",
        scopes=(Scope.DOCUMENTS_PULL,),
        key_hmac=b"h" * 32,
        expires_at=None,
        partner_code="broker",
    )
    with database.transaction() as connection:
        add_key(connection, 1, key, AT)
    SqlDocumentStore(database, lambda: NOON, pull_days=3).queue(1, None, "alondra.example.com")


def test_it_waits_for_the_days_of_the_settings_and_then_fails(database: Database) -> None:
    assert rows(database, _PULLED) == [(NOON + timedelta(days=3), "queued", "")]
    with database.transaction() as connection:
        set_fetch_times(connection, 1, 9, at=NOON)
        assert give_up_unfetched(connection, 1, at=NOON + timedelta(days=2)) == 0
        assert give_up_unfetched(connection, 2, at=NOON + timedelta(days=4)) == 0
        assert give_up_unfetched(connection, 1, at=NOON + timedelta(days=3)) == 1
        assert pulled_hash(connection, 1, 1, "broker") == ""
    assert rows(database, _PULLED) == [(None, "failed", "not_fetched")]


def test_what_is_held_until_a_day_has_its_days_from_there(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(text("reset role"))
        connection.execute(
            text(
                "update delivery set next_attempt_at = null, send_date = '2024-02-05' where channel = 'pull'"
            )
        )
        connection.execute(text("set role billing_app"))
        set_fetch_times(connection, 1, 3, at=NOON)
    assert rows(database, _PULLED)[0][0] == datetime(2024, 2, 8, tzinfo=UTC)


def test_without_a_key_in_use_nobody_can_fetch_it(database: Database) -> None:
    store = SqlDocumentStore(database, lambda: NOON)
    with database.transaction() as connection:
        revoke_key(connection, 1, "k3f9a1c2d4e5", AT)
    store.queue(1, None, "alondra.example.com")
    assert rows(database, _PULLED) == [(None, "failed", "no_address")]
