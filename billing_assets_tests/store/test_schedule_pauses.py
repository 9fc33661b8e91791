"""Rows of pauses: read by when they went on."""

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.schedule_pauses import Missed, Pause, PauseScope
from billing_assets.store.connection import Database
from billing_assets.store.schedule_pauses import add_pause, end_pause, read_pauses
from billing_assets_tests.books import fill_book
from billing_assets_tests.scheduled import DAY, FIRST_NOON

PAUSE = Pause(pause_id=0, scope=PauseScope.COMPANY, reason="r", paused_by="ana", paused_at=FIRST_NOON)


@pytest.fixture(autouse=True)
def company(database: Database) -> None:
    fill_book(database, 1)


def test_a_pause_goes_on_until_it_is_ended_and_stays_in_the_list(database: Database) -> None:
    with database.transaction() as connection:
        pause_id = add_pause(connection, 1, PAUSE)
        [pause] = read_pauses(connection, 1)
        assert [each.pause_id for each in read_pauses(connection, 1, ended_after=FIRST_NOON + DAY)] == [
            pause_id
        ]
        ended = [
            end_pause(connection, 1, pause, missed=Missed.SKIP, reason="r", by="bea", at=FIRST_NOON + DAY)
            for _ in range(2)
        ]
        assert ended == [True, False]
        assert read_pauses(connection, 1, ended_after=FIRST_NOON + DAY) == []
        assert [each.resumed_by for each in read_pauses(connection, 1)] == ["bea"]


def test_a_second_pause_of_one_scope_names_the_first(database: Database) -> None:
    with database.transaction() as connection:
        add_pause(connection, 1, PAUSE)
        with pytest.raises(BillingError, match="pause 1 of ana stops that already"):
            add_pause(connection, 1, PAUSE)


def test_a_pause_of_everything_is_seen_by_a_company(database: Database) -> None:
    pause = Pause(pause_id=0, scope=PauseScope.EVERYTHING, reason="r", paused_by="ana", paused_at=FIRST_NOON)
    with database.transaction() as connection:
        add_pause(connection, 1, pause)
        assert [each.scope for each in read_pauses(connection, 1)] == [PauseScope.EVERYTHING]
