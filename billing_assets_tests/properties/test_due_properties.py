"""Runs neither lose nor repeat a charge, however often and in whatever order they are made."""

from datetime import timedelta
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.business_days import Roll
from billing_assets.frames.calendars import is_closed
from billing_assets_tests.frames.rows import NOTHING_SETTLED, due, plan, plans, settled_by
from billing_assets_tests.properties.strategies import FEW, ROLLS, STEADY, books, plan_rows

KEY = ["policy_term_id", "installment_number"]
WHAT = [*KEY, "net_minor", "outcome", "reason_code", "due_date", "billing_date", "period_to_date"]
Book = list[dict[str, Any]]


@STEADY
@given(book=books(), rows=plan_rows())
def test_a_second_run_finds_nothing(book: Book, rows: Book) -> None:
    once = due(*book, plan_rows=plans(*rows))
    assert due(*book, plan_rows=plans(*rows), settled=settled_by(once)).is_empty()


@STEADY
@given(book=books(), rows=plan_rows(), data=st.data())
def test_the_order_of_the_book_does_not_matter(book: Book, rows: Book, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(book))
    rules = data.draw(st.permutations(rows))
    assert due(*shuffled, plan_rows=plans(*rules)).equals(due(*book, plan_rows=plans(*rows)))


@STEADY
@given(book=books(), rows=plan_rows(), days=st.integers(-400, 900))
def test_a_term_is_billed_the_same_in_whatever_company(book: Book, rows: Book, days: int) -> None:
    """So a book may be cut into shards anywhere."""
    run_date = book[0]["effective_date"] + timedelta(days=days)
    together = due(*book, plan_rows=plans(*rows), as_of=run_date)
    alone = pl.concat([due(row, plan_rows=plans(*rows), as_of=run_date) for row in book])
    assert together.sort(KEY).equals(alone.sort(KEY))


@FEW
@given(
    book=books(largest=3, longest_days=60), lead=st.integers(0, 20), due_days=st.integers(0, 9), roll=ROLLS
)
def test_a_run_each_day_bills_what_one_late_run_bills(
    book: Book, lead: int, due_days: int, roll: str
) -> None:
    values = {
        "lead_days": lead,
        "due_days": due_days,
        "due_roll": roll,
        "generate_roll": Roll.PRECEDING.value,
    }
    codes = {row["plan_code"] for row in book}
    rules = plans(*(plan(code, **values) for code in sorted(codes)))
    shift = [book[0]["effective_date"] - row["effective_date"] for row in book]
    moved = [_moved(row, days) for row, days in zip(book, shift, strict=True)]
    first = min(row["effective_date"] for row in moved) - timedelta(days=lead + 40)
    settled, parts = NOTHING_SETTLED, []
    for number in range(lead + 40 + 60 + due_days + 40):
        run_date = first + timedelta(days=number)
        if is_closed("ES", run_date):
            continue
        found = due(*moved, plan_rows=rules, settled=settled, as_of=run_date)
        assert found.filter(pl.col("billing_date") > run_date).is_empty()
        parts.append(found)
        settled = pl.concat([settled, settled_by(found)])
    one_by_one = pl.concat(parts).select(WHAT).sort(KEY)
    assert one_by_one.equals(due(*moved, plan_rows=rules).select(WHAT).sort(KEY))


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
