"""Runs neither lose nor repeat a charge, however often and in whatever order they are made."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.business_days import HolidayBehaviour, Roll
from billing_assets.domain.calendar_rule import ClosedDays, Purpose
from billing_assets.frames.calendars import CompanyCalendar
from billing_assets_tests.frames.rows import NOTHING_SETTLED, due, plan, plans, settled_by
from billing_assets_tests.properties.strategies import (
    BEHAVIOURS,
    FEW,
    LEAD_UNITS,
    ROLLS,
    STEADY,
    books,
    closed_days,
    plan_rows,
)

KEY = ["policy_term_id", "installment_number"]
WHAT = [*KEY, "net_minor", "outcome", "reason_code", "due_date", "billing_date", "period_to_date"]
Book = list[dict[str, Any]]


@pytest.mark.long
@STEADY
@given(book=books(), rows=plan_rows())
def test_a_second_run_finds_nothing(book: Book, rows: Book) -> None:
    once = due(*book, plan_rows=plans(*rows))
    assert due(*book, plan_rows=plans(*rows), settled=settled_by(once)).is_empty()


@pytest.mark.long
@STEADY
@given(book=books(), rows=plan_rows(), data=st.data())
def test_the_order_of_the_book_does_not_matter(book: Book, rows: Book, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(book))
    rules = data.draw(st.permutations(rows))
    assert due(*shuffled, plan_rows=plans(*rules)).equals(due(*book, plan_rows=plans(*rows)))


@pytest.mark.long
@STEADY
@given(book=books(), rows=plan_rows(), days=st.integers(-400, 900))
def test_a_term_is_billed_the_same_in_whatever_company(book: Book, rows: Book, days: int) -> None:
    """So a book may be cut into shards anywhere."""
    run_date = book[0]["effective_date"] + timedelta(days=days)
    together = due(*book, plan_rows=plans(*rows), as_of=run_date)
    alone = pl.concat([due(row, plan_rows=plans(*rows), as_of=run_date) for row in book])
    assert together.sort(KEY).equals(alone.sort(KEY))


@pytest.mark.long
@FEW
@given(
    book=books(largest=3, longest_days=60),
    lead=st.integers(0, 20),
    due_days=st.integers(0, 9),
    roll=ROLLS,
    unit=LEAD_UNITS,
    data=st.data(),
)
def test_a_run_each_day_bills_each_charge_on_its_day_and_what_one_late_run_bills(
    book: Book, lead: int, due_days: int, roll: str, unit: str, data: st.DataObject
) -> None:
    """Whatever days are closed and however dates roll, over ends of months and years and onto one day."""
    codes = sorted({row["plan_code"] for row in book})
    values = {"lead_days": lead, "lead_unit": unit, "due_days": due_days, "due_roll": roll}
    rules = plans(
        *(
            plan(
                code,
                **values,
                payment_plan_id=number,
                generate_roll=data.draw(ROLLS),
                holiday_behaviour=data.draw(BEHAVIOURS),
            )
            for number, code in enumerate(codes)
        )
    )
    begin = data.draw(st.sampled_from([book[0]["effective_date"], date(2024, 12, 31), date(2024, 2, 29)]))
    moved = [_moved(row, begin - row["effective_date"]) for row in book]
    closed = data.draw(closed_days(begin, 70))
    margin = 2 * lead + 60
    settled, parts = NOTHING_SETTLED, []
    for number in range(margin + 60 + due_days + 60):
        run_date = begin - timedelta(days=margin) + timedelta(days=number)
        found = due(*moved, plan_rows=rules, settled=settled, as_of=run_date, closed=closed)
        assert found.filter(_day_of_run(found, rules, closed) != run_date).is_empty()
        parts.append(found)
        settled = pl.concat([settled, settled_by(found)])
    one_by_one = pl.concat(parts).select(WHAT).sort(KEY)
    assert one_by_one.equals(due(*moved, plan_rows=rules, closed=closed).select(WHAT).sort(KEY))


def _day_of_run(charges: pl.DataFrame, rules: pl.DataFrame, closed: ClosedDays) -> pl.Series:
    """The billing date; where the plan waits for an open day and rolls none, the next open one."""
    company = CompanyCalendar(place_code="ES", closed=closed)
    behaviours = dict(rules.select("payment_plan_id", "holiday_behaviour").iter_rows())
    days = [
        day
        if behaviours[plan_id] == HolidayBehaviour.HOLD_SENDING.value
        else company.roll(day, Roll.FOLLOWING, Purpose.GENERATE)
        for plan_id, day in charges.select("payment_plan_id", "billing_date").iter_rows()
    ]
    return pl.Series(days, dtype=pl.Date)


@pytest.mark.long
@FEW
@given(book=books(largest=3, longest_days=60), rows=plan_rows(), data=st.data())
def test_closed_days_that_change_between_runs_lose_and_double_nothing(
    book: Book, rows: Book, data: st.DataObject
) -> None:
    """Each run goes by the days as they are closed then; at the end every installment was billed once."""
    begin = book[0]["effective_date"]
    dates = sorted(data.draw(st.frozensets(st.integers(-500, 900), min_size=1, max_size=12)))
    settled, parts = NOTHING_SETTLED, []
    for number in dates:
        closed = data.draw(closed_days(begin + timedelta(days=number), 30))
        as_of = begin + timedelta(days=number)
        found = due(*book, plan_rows=plans(*rows), settled=settled, as_of=as_of, closed=closed)
        parts.append(found)
        settled = pl.concat([settled, settled_by(found)])
    last = due(*book, plan_rows=plans(*rows), settled=settled)
    what = [name for name in WHAT if name not in {"due_date", "billing_date"}]
    billed = pl.concat([*parts, last]).select(what).sort(KEY)
    assert billed.equals(due(*book, plan_rows=plans(*rows)).select(what).sort(KEY))


def _moved(row: dict[str, Any], by: timedelta) -> dict[str, Any]:
    """The term with every date moved, so that all terms of a book begin on one day."""
    names = ("effective_date", "expiration_date", "anchor_date", "cover_to_date", "cut_over_date")
    is_taken_over = row["cut_over_date"].year > 1900
    return {
        **row,
        **{
            name: row[name] + by
            for name in names
            if row[name] is not None and (name != "cut_over_date" or is_taken_over)
        },
    }
