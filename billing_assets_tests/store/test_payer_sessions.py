"""Links and sessions of payers: by hashes alone, once, for their time, of the newest address."""

from datetime import timedelta

from sqlalchemy import text

from billing_assets.domain.portal_access import LINK_LIFE
from billing_assets.store import payer_sessions
from billing_assets.store.connection import Database
from billing_assets_tests.books import AT, change_address
from billing_assets_tests.payers import EMAILS
from billing_assets_tests.payers import prepare_payers as prepare  # noqa: F401 - the database fixture asks

IDLE, LIFE = timedelta(hours=1), timedelta(hours=12)


def linked(database: Database, token: str = "link") -> None:
    with database.transaction() as connection:
        (payer,) = payer_sessions.payers_of_address(connection, 1, EMAILS["K1"])
        payer_sessions.add_payer_link(connection, 1, payer, token, AT)


def begin(
    database: Database, link: str = "link", session: str = "session", after: timedelta = IDLE * 0
) -> bool:
    with database.transaction() as connection:
        at = AT + after
        found = payer_sessions.begin_session(connection, 1, link, session, at=at, expires_at=at + LIFE)
    return found is not None


def is_in(database: Database, after: timedelta, token: str = "session", company_id: int = 1) -> bool:
    with database.transaction() as connection:
        found = payer_sessions.find_payer_session(connection, company_id, token, at=AT + after, idle=IDLE)
    return found is not None


def test_a_link_begins_one_session_and_no_token_is_kept(database: Database) -> None:
    linked(database)
    assert begin(database)
    assert not begin(database, session="other")
    with database.transaction() as connection:
        kept = connection.execute(text("select link_sha256, email_sha256 from payer_sign_in_link")).one()
    assert {len(value) for value in kept} == {32}
    assert is_in(database, timedelta(minutes=1))
    assert not is_in(database, timedelta(minutes=1), "link")
    assert not is_in(database, timedelta(minutes=1), company_id=2)


def test_a_link_is_over_after_its_time(database: Database) -> None:
    linked(database)
    assert not begin(database, after=LINK_LIFE)
    assert begin(database, after=LINK_LIFE - timedelta(seconds=1))


def test_a_session_ends_when_nothing_was_asked_for_and_at_its_end(database: Database) -> None:
    linked(database)
    begin(database)
    assert is_in(database, timedelta(minutes=50))
    assert is_in(database, timedelta(minutes=100)), "it was seen meanwhile"
    assert not is_in(database, timedelta(minutes=161))
    with database.transaction() as connection:
        assert payer_sessions.end_payer_session(connection, "session", AT)
        assert not payer_sessions.end_payer_session(connection, "session", AT)
    assert not is_in(database, timedelta(minutes=101))


def test_links_and_sessions_are_of_the_newest_address(database: Database) -> None:
    linked(database, "old")
    linked(database, "older")
    begin(database, "older")
    change_address(database, 1, "new@example.com")
    assert not is_in(database, timedelta(minutes=1))
    assert not begin(database, "old", "another")
    with database.transaction() as connection:
        assert payer_sessions.payers_of_address(connection, 1, EMAILS["K1"]) == []
        (found,) = payer_sessions.payers_of_address(connection, 1, "NEW@example.com")
    assert (found.payer_key, found.email, found.language) == ("K1", "new@example.com", "en")
