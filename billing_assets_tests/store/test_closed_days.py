"""A company's closed days are records: the last word about a day and a purpose counts, as of any row."""

import threading
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from billing_assets.domain.calendar_rule import OWN_PURPOSES, Purpose
from billing_assets.domain.errors import BillingError
from billing_assets.steps.calendar_ports import ClosedDayOrder
from billing_assets.steps.run_ports import silent
from billing_assets.store.closed_days import SqlClosedDayStore, closed_day_history, read_closed_days
from billing_assets.store.connection import Database
from billing_assets.store.runs import SqlRunStore
from billing_assets_tests.books import AT
from billing_assets_tests.store.intake import with_company

DAY, NEXT = date(2024, 8, 14), date(2024, 8, 16)


@pytest.fixture
def store(database: Database) -> SqlClosedDayStore:
    return SqlClosedDayStore(with_company(database), lambda: AT)


def add(
    store: SqlClosedDayStore, day: date = DAY, purpose: Purpose | None = None, *, is_closed: bool = True
) -> None:
    order = ClosedDayOrder(
        day=day, is_closed=is_closed, purpose=purpose, note="the office moves", recorded_by="ana"
    )
    with store.closed_day_work(1, silent) as work:
        work.add(order)


def purposes_closed(store: SqlClosedDayStore, day: date = DAY, up_to: int = 2**62) -> list[Purpose]:
    with store.database.transaction() as connection:
        closed = read_closed_days(connection, 1, up_to)
    return [purpose for purpose in Purpose if day in closed.of(purpose)]


def test_a_company_has_closed_nothing_at_first(store: SqlClosedDayStore) -> None:
    assert purposes_closed(store) == []
    with store.closed_day_work(1, silent) as work:
        assert not any(work.closed_days().of(purpose) for purpose in Purpose)


def test_a_day_is_closed_for_all_that_a_company_may_close_or_for_one_purpose(
    store: SqlClosedDayStore,
) -> None:
    add(store)
    add(store, NEXT, Purpose.SEND)
    assert purposes_closed(store) == list(OWN_PURPOSES)
    assert purposes_closed(store, NEXT) == [Purpose.SEND]


def test_the_last_word_about_a_purpose_counts(store: SqlClosedDayStore) -> None:
    add(store)
    add(store, purpose=Purpose.SEND, is_closed=False)
    assert purposes_closed(store) == [Purpose.GENERATE, Purpose.DUE, Purpose.DEBIT]
    add(store, is_closed=False)
    assert purposes_closed(store) == []
    add(store, purpose=Purpose.DUE)
    assert purposes_closed(store) == [Purpose.DUE]


def test_what_was_closed_as_of_a_row_does_not_change_later(store: SqlClosedDayStore) -> None:
    add(store)
    row_id = SqlRunStore(store.database, lambda: AT).book_position(1, 100).closed_day_id
    add(store, is_closed=False)
    add(store, NEXT)
    assert purposes_closed(store, DAY, row_id) == list(OWN_PURPOSES)
    assert purposes_closed(store, NEXT, row_id) == purposes_closed(store, DAY, 0) == []


def test_another_company_does_not_see_them(store: SqlClosedDayStore) -> None:
    add(store)
    with store.database.transaction() as connection:
        assert read_closed_days(connection, 2).by_purpose == {}
        assert closed_day_history(connection, 2, 2024) == []


def test_the_history_of_a_year_has_every_act_with_who_why_and_when(store: SqlClosedDayStore) -> None:
    add(store)
    add(store, date(2025, 1, 2))
    add(store, is_closed=False)
    with store.database.transaction() as connection:
        rows = closed_day_history(connection, 1, 2024)
    assert [(row.purpose, row.day, row.is_closed) for row in rows] == [
        ("all", DAY, True),
        ("all", DAY, False),
    ]
    assert {(row.note, row.recorded_by, row.recorded_at) for row in rows} == {("the office moves", "ana", AT)}


ADD = """
insert into company_closed_day (company_id, purpose, day, is_closed, note, recorded_by, recorded_at)
values (1, '{purpose}', date '2024-08-14', true, '{note}', 'ana', now())
"""


@pytest.mark.parametrize(
    "statement",
    [
        "update company_closed_day set is_closed = false",
        "delete from company_closed_day",
        "truncate company_closed_day",
        ADD.format(purpose="legal", note="x"),
        ADD.format(purpose="all", note=" "),
    ],
)
def test_the_store_itself_refuses_changes_and_rows_that_say_nothing(
    store: SqlClosedDayStore, statement: str
) -> None:
    add(store)
    with pytest.raises((DBAPIError, BillingError)), store.database.transaction() as connection:
        connection.execute(text(statement))
    assert purposes_closed(store) == list(OWN_PURPOSES)


def test_a_day_is_not_closed_while_a_run_of_the_company_works(store: SqlClosedDayStore) -> None:
    runs = SqlRunStore(store.database, lambda: AT)
    is_done = threading.Event()

    def close() -> None:
        add(store)
        is_done.set()

    thread = threading.Thread(target=close)
    with runs.lock_runs(1, silent):
        thread.start()
        assert not is_done.wait(0.5)
        assert purposes_closed(store) == []
    thread.join(timeout=20)
    assert is_done.is_set()
    assert purposes_closed(store) == list(OWN_PURPOSES)


def test_an_unknown_company_is_refused(store: SqlClosedDayStore) -> None:
    with pytest.raises(BillingError) as caught:
        store.issuer("nobody")
    assert caught.value.code == "company_unknown"
