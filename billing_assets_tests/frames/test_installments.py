"""Periods and planned amounts, by hand; the bulk of cases is in the properties and the reference."""

from datetime import date

import polars as pl
import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.frames.calendars import roll_table
from billing_assets.frames.installments import (
    grid_date,
    with_dates,
    with_numbers,
    with_periods,
    with_plan,
    with_shares,
)
from billing_assets_tests.frames.rows import ALL_PLANS, day, due, nets, plan, plans, term, terms


def shares(row: dict[str, object]) -> tuple[int, int, int, int]:
    frame = with_shares(with_plan(terms(row).lazy(), ALL_PLANS))
    columns = ("installment_count", "first_minor", "middle_minor", "last_minor")
    count, first, middle, last = frame.select(columns).collect().row(0)
    return count, first, middle, last


@pytest.mark.parametrize(
    ("anchor", "unit", "step", "number", "expected"),
    [
        ("2024-01-31", "month", 1, 1, "2024-02-29"),
        ("2024-01-31", "month", 1, 2, "2024-03-31"),
        ("2024-01-31", "month", 1, -2, "2023-11-30"),
        ("2024-02-29", "month", 12, 1, "2025-02-28"),
        ("2024-02-29", "month", 12, 4, "2028-02-29"),
        ("2024-01-31", "month", 3, -1, "2023-10-31"),
        ("2024-01-31", "day", 7, -1, "2024-01-24"),
        ("1950-01-31", "month", 1, 3_000, "2200-01-31"),
        ("2199-12-31", "month", 1, -3_000, "1949-12-31"),
        ("1950-01-01", "day", 1, 91_000, "2199-02-24"),
    ],
)
def test_the_grid_counts_from_the_anchor_itself(
    anchor: str, unit: str, step: int, number: int, expected: str
) -> None:
    row = pl.DataFrame({"a": [day(anchor)], "unit": [unit], "step": [step], "k": [number]})
    assert row.select(grid_date(pl.col("a"), pl.col("k"))).item() == day(expected)


def test_the_plan_row_is_the_one_valid_on_the_effective_date() -> None:
    rows = plans(
        plan(lead_days=5, valid_to=date(2024, 6, 1)),
        plan(payment_plan_id=2, lead_days=9, valid_from=date(2024, 6, 1)),
    )
    frame = terms(term("2024-05-31", "2025-05-31"), term("2024-06-01", "2025-06-01"))
    found = with_plan(frame.lazy(), rows).collect().sort("effective_date")
    assert found["lead_days"].to_list() == [5, 9]


@pytest.mark.parametrize(
    "row", [plan("weekly"), plan(valid_from=date(2024, 6, 2)), plan(valid_to=date(2024, 6, 1))]
)
def test_a_term_without_a_valid_plan_row_stays_with_nulls(row: dict[str, object]) -> None:
    (found,) = with_plan(terms(term("2024-06-01", "2025-06-01")).lazy(), plans(row)).collect().to_dicts()
    assert (found["policy_number"], found["unit"], found["lead_days"]) == ("P-1", None, None)


def test_two_plan_rows_valid_at_once_are_refused_and_bill_nothing_twice() -> None:
    rows = plans(plan(), plan(payment_plan_id=2, valid_from=date(2025, 1, 1)))
    with pytest.raises(BillingError, match="two rows of 'monthly' are valid on 2025-01-01"):
        due(term("2024-01-01", "2025-01-01"), plan_rows=rows)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (term("2023-01-01", "2024-01-01", 1000_00), (12, 83_33, 83_33, 83_37)),
        # 16 of 31 January days, 11 whole months, 14 of 31 January days: 1200 / (11 + 30/31)
        (
            term("2023-01-16", "2024-01-15", 1200_00, anchor_date=date(2023, 1, 1)),
            (13, 51_75, 100_27, 45_28),
        ),
        (term("2024-01-01", "2025-01-01", 902_00, plan_code="half_yearly"), (2, 451_00, 0, 451_00)),
        # twelve shares of a half round up to more than there is: rounded down instead
        (term("2023-01-01", "2024-01-01", 6), (12, 0, 0, 6)),
        (term("2023-01-01", "2024-01-01", 0), (12, 0, 0, 0)),
        (term("2023-01-01", "2024-01-01", 10**15), (12, 83333333333333, 83333333333333, 83333333333337)),
    ],
)
def test_planned_amounts_by_hand(row: dict[str, object], expected: tuple[int, int, int, int]) -> None:
    count, first, middle, last = shares(row)
    assert (count, first, middle if count > 2 else 0, last) == expected
    assert first + (count - 2) * middle + last == row["premium_minor"]


def test_the_one_installment_is_first_and_last() -> None:
    count, first, _, last = shares(term("2024-01-01", "2024-01-11", 99))
    assert (count, first, last) == (1, 99, 99)


def test_a_premium_that_no_check_has_seen_does_not_wrap() -> None:
    """Int64 would overflow in the products; the sum stays the premium."""
    premium = 9 * 10**18
    assert sum(nets(due(term("2023-01-16", "2024-01-16", premium, anchor_date=date(2023, 1, 1))))) == premium


@pytest.mark.parametrize(
    ("horizon", "expected"),
    [("2022-12-31", 0), ("2023-01-01", 1), ("2023-02-01", 2), ("2023-12-01", 12), ("2099-01-01", 12)],
)
def test_numbers_reach_at_least_to_the_horizon_and_never_past_the_term(horizon: str, expected: int) -> None:
    rows = with_shares(with_plan(terms(term("2023-01-01", "2024-01-01")).lazy(), ALL_PLANS))
    found = with_numbers(rows, pl.lit(day(horizon))).collect()["installment_number"].to_list()
    assert found == list(range(1, len(found) + 1))
    assert expected <= len(found) <= min(12, expected + 1)


def test_cover_that_ends_inside_a_period_bills_its_days_and_prints_its_end() -> None:
    """10 of 31 March days of 100.00 are 32.258; the count stays that of the whole term."""
    found = due(term("2023-01-01", "2024-01-01", cover_to_date=date(2023, 3, 11)))
    assert nets(found) == [100_00, 100_00, 32_26]
    last = found.row(-1, named=True)
    assert (last["period_from_date"], last["period_to_date"]) == (date(2023, 3, 1), date(2023, 3, 11))
    assert last["installment_count"] == 12


@pytest.mark.parametrize("cover_to", [date(2024, 1, 1), date(2030, 1, 1)])
def test_cover_to_the_end_or_beyond_changes_nothing(cover_to: date) -> None:
    row = term("2023-01-01", "2024-01-01", 1000_00)
    assert due({**row, "cover_to_date": cover_to}).equals(due(row))


def test_a_term_without_cover_keeps_its_first_whole_period() -> None:
    rows = with_plan(
        terms(term("2023-01-01", "2024-01-01", cover_to_date=date(2022, 6, 1))).lazy(), ALL_PLANS
    )
    (row,) = with_periods(with_numbers(with_shares(rows), pl.lit(date(2024, 1, 1)))).collect().to_dicts()
    assert (row["period_to_date"], row["net_minor"], row["is_first_without_cover"]) == (
        date(2023, 2, 1),
        0,
        True,
    )


def test_dates_roll_on_the_place_for_due_and_on_the_company_for_billing() -> None:
    """8 December 2023 is closed in Spain; 30 days before Monday 11 December is a Saturday."""
    rolls = roll_table(["ES", "US"], ["following", "preceding"], date(2023, 1, 1), date(2024, 12, 31))
    row = {"period_from_date": date(2023, 12, 1), "due_days": 7, "lead_days": 30, "place_code": "ES"}
    rules = {"due_roll": "following", "generate_roll": "preceding"}
    frame = with_dates(pl.LazyFrame([{**row, **rules}]), rolls, "US")
    found = frame.select("nominal_due_date", "due_date", "billing_date").collect().row(0)
    # 10 November 2023 is Veterans Day, observed.
    assert found == (date(2023, 12, 8), date(2023, 12, 11), date(2023, 11, 9))


def test_a_daily_term_of_sixty_years_has_each_of_its_days() -> None:
    found = due(term("1950-01-01", "2010-01-01", 21_915_00, plan_code="daily"))
    assert found.height == 21_915
    assert set(found["net_minor"]) == {1_00}
    assert found["period_from_date"].min() == date(1950, 1, 1)
    assert found["period_to_date"].max() == date(2010, 1, 1)


def test_a_term_before_1950_is_billed_like_any_other() -> None:
    found = due(term("1931-01-31", "1932-01-31"))
    assert found.height == 12
    assert found.sort("installment_number")["period_to_date"].to_list()[:3] == [
        date(1931, 2, 28),
        date(1931, 3, 31),
        date(1931, 4, 30),
    ]
