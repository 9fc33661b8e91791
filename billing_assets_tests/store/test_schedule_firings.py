"""Lists of firings: filtered, paged, the last of each schedule."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from billing_assets.domain.activity_schedules import schedule_from
from billing_assets.domain.schedule_pauses import FiringState
from billing_assets.store.activity_schedules import add_schedule
from billing_assets.store.connection import Database
from billing_assets.store.schedule_firings import (
    FiringFilter,
    last_firings,
    list_firings,
    mark_firings,
    read_open_firings,
)
from billing_assets_tests.books import fill_book
from billing_assets_tests.scheduled import DAY, FIRST_NOON, NIGHTLY

_ADD = """
insert into schedule_firing (schedule_id, revision, nominal_date, at_time, due_at, state, decided_at)
select s, 1, date '2024-01-10' + n, '06:00', :at + n * interval '1 day', 'requested', :at
from generate_series(1, 2) s, generate_series(1, 5) n order by n, s
"""


@pytest.fixture(autouse=True)
def firings(database: Database) -> None:
    fill_book(database, 1)
    with database.transaction() as connection:
        for code in ("nightly", "second"):
            add_schedule(connection, 1, code, schedule_from(NIGHTLY), note="n", by="ana", at=FIRST_NOON)
        connection.execute(text(_ADD), {"at": FIRST_NOON})


def test_pages_go_from_the_latest_to_the_oldest(database: Database) -> None:
    with database.transaction() as connection:
        whole = list_firings(connection, 1, FiringFilter())
        first = list_firings(connection, 1, FiringFilter(limit=4))
        second = list_firings(connection, 1, FiringFilter(limit=6, before_id=first[-1].firing_id))
    assert [*first, *second] == whole
    assert [each.due_at for each in whole] == sorted((each.due_at for each in whole), reverse=True)


def test_they_are_found_by_schedule_and_by_when_they_were_due(database: Database) -> None:
    wanted = FiringFilter(
        schedule_code="second",
        from_at=FIRST_NOON + 2 * DAY,
        to_at=FIRST_NOON + 4 * DAY + timedelta(minutes=1),
    )
    with database.transaction() as connection:
        found = list_firings(connection, 1, wanted)
    assert [(each.schedule_code, each.nominal_date.day) for each in found] == [
        ("second", 14),
        ("second", 13),
        ("second", 12),
    ]


def test_the_last_of_each_schedule_is_found(database: Database) -> None:
    with database.transaction() as connection:
        found = last_firings(connection, 1)
    assert {(each.schedule_code, each.nominal_date.day) for each in found} == {
        ("nightly", 15),
        ("second", 15),
    }


def test_what_has_ended_is_open_no_more_and_stays_as_it_ended(database: Database) -> None:
    with database.transaction() as connection:
        oldest = read_open_firings(connection, 1)[0].firing_id
        mark_firings(connection, [(oldest, FiringState.DONE, "a")], FIRST_NOON)
        mark_firings(connection, [(oldest, FiringState.FAILED, "b")], FIRST_NOON)
        assert len(read_open_firings(connection, 1)) == 9
        kept = next(each for each in list_firings(connection, 1, FiringFilter()) if each.firing_id == oldest)
    assert (kept.state, kept.dagster_run_id, kept.ended_at) == (FiringState.DONE, "a", FIRST_NOON)
