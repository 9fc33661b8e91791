"""Premium at the beginning that is billed again goes to its periods in their order, and no cent is lost."""

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.frames.change_portions import covered_planned, first_part_portions
from billing_assets.frames.columns import CHANGE_SCHEMA

DAYS = [date(2024, month, 1) for month in (1, 2, 3, 4)]
TERM = {"policy_term_id": 7, "premium_minor": 9_100, "effective_date": DAYS[0], "expiration_date": DAYS[3]}
TERMS = pl.DataFrame([TERM | {"day_count": "actual_term"}])
MARKS = {"is_open": False, "is_closed": True}


def slots(*amounts: int, **marks: Any) -> pl.DataFrame:
    rows = [
        {
            "policy_term_id": 7,
            "period_from_date": DAYS[number],
            "period_to_date": DAYS[number + 1],
            "covered_days": (DAYS[number + 1] - DAYS[number]).days,
            "net_minor": amount,
            "lapsed_minor": 0,
            **MARKS,
            **marks,
        }
        for number, amount in enumerate(amounts)
    ]
    return pl.DataFrame(rows)


def part(more_minor: int) -> pl.DataFrame:
    row = {"policy_term_id": 7, "more_minor": more_minor}
    return pl.DataFrame([row | {"part_from_date": DAYS[0], "part_to_date": DAYS[3]}])


def documents(*rows: tuple[int, int, int]) -> pl.DataFrame:
    """Lines of part 0: the period in which each begins, its net, what of it was credited."""
    return pl.DataFrame(
        [(7, 0, "premium", DAYS[number], net, credited, 0) for number, net, credited in rows],
        schema={
            "policy_term_id": pl.Int64,
            "revision": pl.Int64,
            "charge_kind": pl.String,
            "period_from_date": pl.Date,
            "net_minor": pl.Int64,
            "credited_net_minor": pl.Int64,
            "corrected_net_minor": pl.Int64,
        },
        orient="row",
    )


def portions(more_minor: int, planned: pl.DataFrame, lines: pl.DataFrame) -> list[tuple[int, int]]:
    found = first_part_portions(part(more_minor), planned, lines)
    return found.select(pl.col("period_from_date").dt.month().cast(pl.Int64), "net_minor").rows()


@given(
    amounts=st.lists(st.integers(1, 10_000), min_size=3, max_size=3),
    said=st.lists(st.integers(0, 10_000), min_size=3, max_size=3),
    more=st.integers(1, 60_000),
)
def test_portions_fill_the_gaps_in_order_and_the_last_takes_what_is_more(
    amounts: list[int], said: list[int], more: int
) -> None:
    lines = documents(*((number, net, 0) for number, net in enumerate(said)))
    left, expected = more, {}
    for month, (amount, net) in enumerate(zip(amounts, said, strict=True), 1):
        taken = min(left, max(amount - net, 0))
        left -= taken
        expected[month] = taken
    expected[3] += left
    wanted = [(month, net) for month, net in expected.items() if net]
    assert portions(more, slots(*amounts), lines) == wanted
    assert sum(net for _, net in wanted) == more


def test_what_was_given_back_leaves_a_gap_again() -> None:
    lines = documents((0, 100, 0), (1, 100, 60), (2, 100, 100))
    assert portions(130, slots(100, 100, 100), lines) == [(2, 60), (3, 70)]


def test_a_period_that_its_own_installment_will_bill_has_no_portion() -> None:
    planned = pl.concat([slots(100), slots(100, 100, is_open=True, is_closed=False)[1:]])
    assert portions(100, planned, documents()) == [(1, 100)]


def test_a_term_without_a_period_that_has_cover_has_one_portion_for_the_days_of_the_part() -> None:
    found = first_part_portions(part(50), slots(100, covered_days=0), documents())
    (row,) = found.to_dicts()
    assert (row["net_minor"], row["period_from_date"], row["period_to_date"]) == (50, DAYS[0], DAYS[3])


@pytest.mark.parametrize(
    ("off", "on", "is_open", "covered"),
    [
        (date(2024, 2, 1), None, [True, False, False], [31, 0, 0]),
        (date(2024, 2, 2), None, [True, False, False], [31, 1, 0]),
        (date(2024, 2, 11), date(2024, 2, 21), [True, True, True], [31, 19, 31]),
        (date(2024, 1, 31), date(2024, 3, 2), [True, True, True], [30, 0, 30]),
    ],
)
def test_periods_after_a_cancellation_are_not_open_and_days_without_cover_do_not_count(
    off: date, on: date | None, is_open: list[bool], covered: list[int]
) -> None:
    rows = [{"change_number": 1, "change_kind": "cancellation", "change_date": off}]
    if on:
        rows.append({"change_number": 2, "change_kind": "reinstatement", "change_date": on})
    changes = pl.DataFrame([{"policy_term_id": 7, **row} for row in rows], schema=CHANGE_SCHEMA)
    planned = slots(100, 100, 100, is_open=True).drop("is_closed", "covered_days", "lapsed_minor")
    found = covered_planned(planned, changes, TERMS)
    assert found["is_open"].to_list() == is_open
    assert found["covered_days"].to_list() == covered


@pytest.mark.parametrize(
    ("day_count", "lapsed"), [("actual_term", [100, 2_900, 100]), ("thirty_360", [101, 3_033, 101])]
)
def test_the_days_of_a_lapse_are_priced_in_the_periods_in_which_they_lie(
    day_count: str, lapsed: list[int]
) -> None:
    # 91 days of 1.00; by months of 30 days 90, of which February has 30 and 31 January none.
    kinds = (
        ("cancellation", date(2024, 1, 31 if day_count == "actual_term" else 30)),
        ("reinstatement", date(2024, 3, 2)),
    )
    rows = [
        {"policy_term_id": 7, "change_number": number, "change_kind": kind, "change_date": day}
        for number, (kind, day) in enumerate(kinds, 1)
    ]
    planned = slots(3_100, 2_900, 3_100, is_open=True).drop("is_closed", "covered_days", "lapsed_minor")
    terms = TERMS.with_columns(day_count=pl.lit(day_count))
    found = covered_planned(planned, pl.DataFrame(rows, schema=CHANGE_SCHEMA), terms)
    assert found["lapsed_minor"].to_list() == lapsed


def test_what_is_billed_again_leaves_the_days_of_a_lapse_out_of_their_own_period() -> None:
    planned = slots(3_100, 2_900, 3_100).with_columns(lapsed_minor=pl.Series([1_000, 0, 0]))
    lines = documents((0, 1_100, 0))
    assert portions(1_000 + 2_900 + 3_100, planned, lines) == [(1, 1_000), (2, 2_900), (3, 3_100)]
