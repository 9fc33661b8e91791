"""Rows of schedules: what the store itself refuses, and what it keeps."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from billing_assets.domain.activities import Activity
from billing_assets.domain.activity_schedules import schedule_from
from billing_assets.store.activity_schedules import (
    SqlScheduleStore,
    add_schedule,
    find_schedule,
    list_schedules,
)
from billing_assets.store.connection import Database
from billing_assets_tests.books import fill_book
from billing_assets_tests.scheduled import DAY, FIRST_NOON, NIGHTLY


@pytest.fixture(autouse=True)
def nightly(database: Database) -> None:
    fill_book(database, 1)
    with database.transaction() as connection:
        add_schedule(connection, 1, "nightly", schedule_from(NIGHTLY), note="n", by="ana", at=FIRST_NOON)


def test_what_is_kept_is_read_back(database: Database) -> None:
    with database.transaction() as connection:
        [kept] = list_schedules(connection, 1)
        assert kept == find_schedule(connection, 1, "nightly")
    assert (kept.schedule, kept.revision, kept.fired_until) == (schedule_from(NIGHTLY), 1, FIRST_NOON)


def test_a_revision_is_written_once(database: Database) -> None:
    with database.transaction() as connection, pytest.raises(DBAPIError, match="permission denied"):
        connection.execute(text("update schedule_revision set note = 'other'"))


def test_a_second_row_of_one_firing_is_refused(database: Database) -> None:
    add = text(
        "insert into schedule_firing (schedule_id, revision, nominal_date, at_time, due_at, state, "
        "decided_at) "
        "values (1, 1, '2024-01-11', '06:00', :at, 'requested', :at)"
    )
    with database.transaction() as connection:
        connection.execute(add, {"at": FIRST_NOON})
    with pytest.raises(IntegrityError), database.transaction() as connection:
        connection.execute(add, {"at": FIRST_NOON})


def test_a_turn_that_fails_decides_nothing(database: Database) -> None:
    store = SqlScheduleStore(database)

    def fail() -> None:
        with store.firing_turn(1, Activity.INVOICE_RUN) as turn:
            [kept] = turn.schedules()
            turn.keep(kept, [], FIRST_NOON + DAY)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with store.firing_turn(1, Activity.INVOICE_RUN) as turn:
        assert turn.schedules()[0].fired_until == FIRST_NOON
