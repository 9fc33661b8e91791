"""Sessions in the store: hashes of tokens, counted attempts. More: ``wiring/test_access_desk.py``."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from billing_assets.domain.access import Actor, ActorKind
from billing_assets.domain.office_users import ATTEMPT_WINDOW
from billing_assets.store.connection import Database
from billing_assets.store.office_sessions import count_attempts, find_session, forgive_attempt, open_session

AT = datetime(2024, 1, 2, tzinfo=UTC)
LOGIN = Actor(kind=ActorKind.LOGIN, name="ana")
HOUR = timedelta(hours=1)


def test_a_session_that_was_seen_lately_is_not_written_again(database: Database) -> None:
    seen = text("select last_seen_at from office_session")
    with database.transaction() as connection:
        open_session(connection, "token", LOGIN, at=AT, expires_at=AT + HOUR)
        for seconds, expected in ((30, 0), (61, 61), (100, 61)):
            at = AT + timedelta(seconds=seconds)
            assert find_session(connection, 1, "token", at=at, idle=HOUR) is not None
            assert connection.execute(seen).scalar_one() == AT + timedelta(seconds=expected)
        assert find_session(connection, 1, "another", at=AT, idle=HOUR) is None


def test_attempts_are_counted_anew_when_the_time_is_over(database: Database) -> None:
    with database.transaction() as connection:
        assert count_attempts(connection, ["a", "b"], AT) == [1, 1]
        assert count_attempts(connection, ["a"], AT + ATTEMPT_WINDOW / 2) == [2]
        forgive_attempt(connection, ["a", "b"])
        forgive_attempt(connection, ["b", "never counted"])
        assert count_attempts(connection, ["a", "b"], AT + ATTEMPT_WINDOW / 2) == [2, 1]
        assert count_attempts(connection, ["a"], AT + ATTEMPT_WINDOW) == [1]
