"""Days over columns are those of one term at a time; what a plan bills by them, in figures."""

from datetime import date, timedelta
from random import Random
from typing import Any

import polars as pl
import pytest

from billing_assets.domain.money import round_half_up
from billing_assets.domain.term_days import TermDayCount, TermDays, plain_days
from billing_assets.frames.term_days import grid_days, names_a_count, term_days
from billing_assets_tests.frames.rows import day, due, nets, plan, plans, term

MONTHS_2023 = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def billed(count: str, first: str, last: str, *, premium_minor: int = 365_00, **values: Any) -> list[int]:
    """Return what the installments of a monthly plan come to."""
    arranged = {
        name: values.pop(name) for name in ("residual", "maximum_installment_count") if name in values
    }
    row = plan(day_count=count, **arranged)
    return nets(due(term(first, last, premium_minor, **values), plan_rows=plans(row)))


def test_days_over_columns_are_those_of_one_term_at_a_time() -> None:
    rng = Random(17)
    rows = []
    for _ in range(4000):
        first = date.fromordinal(date(2019, 1, 1).toordinal() + rng.randrange(2600))
        years = rng.choice([0, 0, 1, 2, 4, 5])
        clamped = first.replace(day=28) if (first.month, first.day) == (2, 29) else first
        last = clamped.replace(year=first.year + years)
        if years == 0:
            last = date.fromordinal(first.toordinal() + rng.randrange(1, 800))
        inside = sorted(rng.randrange(first.toordinal(), last.toordinal() + 1) for _ in range(2))
        start, end = map(date.fromordinal, inside)
        count = rng.choice(list(TermDayCount))
        days = TermDays(count, first, last).between(start, end)
        rows.append((count.value, first, last, start, end, days, plain_days(count, start, end)))
    names = ("day_count", "effective_date", "expiration_date", "start", "end", "days", "plain")
    frame = pl.DataFrame(rows, schema=names, orient="row")
    found = frame.select(term_days(pl.col("start"), pl.col("end")).alias("days"))["days"]
    assert found.to_list() == frame["days"].to_list()
    plain = frame.select(grid_days(pl.col("start"), pl.col("end")).alias("plain"))["plain"]
    assert plain.to_list() == frame["plain"].to_list()


def test_a_book_in_which_no_plan_names_a_count_is_counted_as_before() -> None:
    assert not names_a_count(plans(plan(), plan("yearly")))
    assert names_a_count(plans(plan(), plan("yearly", day_count="thirty_e_360")))


def test_by_actual_365_a_month_costs_its_days() -> None:
    assert billed("actual_365_fixed", "2023-01-01", "2024-01-01") == [days * 100 for days in MONTHS_2023]
    # The 366th day costs nothing: December is billed for 30 days.
    leap = billed("actual_365_fixed", "2024-01-01", "2025-01-01")
    assert leap == [3100, 2900, 3100, 3000, 3100, 3000, 3100, 3100, 3000, 3100, 3000, 3000]


def test_of_another_term_than_whole_years_the_premium_is_for_all_its_days() -> None:
    half = billed("actual_365_fixed", "2024-01-01", "2024-07-01", premium_minor=182_00)
    assert half == [3100, 2900, 3100, 3000, 3100, 3000]
    two = billed("actual_365_fixed", "2024-01-01", "2026-01-01", premium_minor=730_00)
    assert (two[0], two[1], two[13], two[-1], sum(two)) == (3100, 2900, 2800, 3000, 730_00)


@pytest.mark.parametrize("residual", ["last", "first", "largest"])
def test_the_residual_takes_what_rounding_leaves_and_the_leap_day_stays_with_december(residual: str) -> None:
    found = billed("actual_365_fixed", "2024-01-01", "2025-01-01", premium_minor=1000_00, residual=residual)
    half_up = [round_half_up(1000_00 * days, 365) for days in [31, 29, *MONTHS_2023[2:11], 30]]
    taker = {"last": 11, "first": 0, "largest": 9}[residual]
    assert sum(found) == 1000_00 == sum(half_up) + 2
    assert found == [amount + 2 * (place == taker) for place, amount in enumerate(half_up)]


def test_by_months_of_30_days_all_months_cost_the_same_also_from_the_31st() -> None:
    for count in ("thirty_360", "thirty_e_360"):
        assert billed(count, "2024-01-31", "2025-01-31", premium_minor=1200_00) == [100_00] * 12


def test_a_partial_month_is_weighed_by_its_days_out_of_30() -> None:
    by_months: dict[str, Any] = {"premium_minor": 1200_00, "anchor_date": date(2024, 1, 1)}
    # 16 January to 1 February is 15 of 30 days, and not 16 of 31; to 16 January it is 15 of 30.
    found = billed("thirty_360", "2024-01-16", "2025-01-16", **by_months)
    assert (found[0], found[1], found[-1]) == (50_00, 100_00, 50_00)
    actual = billed("actual_term", "2024-01-16", "2025-01-16", **by_months)
    assert (actual[0], actual[1], actual[-1]) == (51_61, 100_00, 48_39)


@pytest.mark.parametrize(
    ("count", "net"), [("actual_term", 64_52), ("thirty_360", 66_67), ("actual_365_fixed", 65_75)]
)
def test_cover_that_ends_early_is_counted_as_the_plan_does(count: str, net: int) -> None:
    """20 of 31 calendar days of January, or 20 of 30."""
    end = date(2023, 1, 21)
    found = billed(count, "2023-01-01", "2024-01-01", premium_minor=1200_00, cover_to_date=end)
    assert found == [net]


@pytest.mark.parametrize("count", ["thirty_360", "thirty_e_360"])
@pytest.mark.parametrize("first", ["2023-08-30", "2023-08-31", "2023-01-15"])
def test_a_daily_plan_bills_each_day_alike_also_one_that_months_of_30_days_leave_out(
    count: str, first: str
) -> None:
    row, end = plan("daily", day_count=count), str(day(first).replace(year=2024) - timedelta(days=1))
    row_of_term = term(first, end, 100 * (day(end) - day(first)).days, plan_code="daily")
    found = nets(due(row_of_term, plan_rows=plans(row)))
    assert len(set(found)) == 1
    assert sum(found) == row_of_term["premium_minor"]


def test_installments_that_a_plan_numbers_are_equal_whatever_their_days() -> None:
    found = billed("actual_365_fixed", "2024-01-01", "2025-01-01", maximum_installment_count=5)
    assert found == [73_00] * 5


def test_a_day_that_costs_nothing_is_recorded_as_zero() -> None:
    row = plan("daily", day_count="actual_365_fixed")
    found = due(term("2024-01-01", "2025-01-01", 365_00, plan_code="daily"), plan_rows=plans(row))
    last = found.sort("installment_number").tail(2).select("net_minor", "outcome", "reason_code").rows()
    assert last == [(100, "invoiced", None), (0, "zero", "rounds_to_zero")]
