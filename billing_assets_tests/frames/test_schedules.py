"""The periods and dates of schedules, by hand; the bulk of cases is in the properties and the reference."""

from datetime import date

import polars as pl
import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.frames.calendars import CompanyCalendar
from billing_assets.frames.date_tables import date_tables
from billing_assets.frames.schedules import (
    grid_date,
    periods_of,
    schedules_of,
    with_dates,
)
from billing_assets_tests.frames.rows import ALL_PLANS, day, due, plan, plans, term, terms


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


def test_terms_that_agree_in_plan_place_and_dates_share_one_schedule() -> None:
    row = term("2024-01-01", "2025-01-01")
    others = [{**row, "policy_term_id": 2, "premium_minor": 7}, {**row, "place_code": "GB"}]
    assert schedules_of(terms(row, *others), ALL_PLANS)["place_code"].to_list() == ["ES", "GB"]


def test_a_list_of_dates_bills_each_of_them_and_falls_due_on_them() -> None:
    """The first period begins with the term, and is due on the first date of the list."""
    row = {
        "schedule_id": 0,
        "effective_date": date(2024, 1, 10),
        "expiration_date": date(2025, 1, 10),
        "anchor_date": date(2024, 1, 10),
        "unit": "dates",
        "step": 1,
        "pattern": "2024-02-01 2024-05-01",
        "day_count": "actual_term",
    }
    found = periods_of(pl.DataFrame([row]), pl.lit(date(2026, 1, 1)))
    assert found.select(
        "installment_count", "period_from_date", "period_end_date", "due_from_date"
    ).rows() == [
        (2, date(2024, 1, 10), date(2024, 5, 1), date(2024, 2, 1)),
        (2, date(2024, 5, 1), date(2025, 1, 10), date(2024, 5, 1)),
    ]


def test_the_plan_row_is_the_one_valid_on_the_effective_date() -> None:
    rows = plans(
        plan(lead_days=5, valid_to=date(2024, 6, 1)),
        plan(payment_plan_id=2, lead_days=9, valid_from=date(2024, 6, 1)),
    )
    frame = terms(term("2024-05-31", "2025-05-31"), term("2024-06-01", "2025-06-01"))
    assert schedules_of(frame, rows).sort("effective_date")["lead_days"].to_list() == [5, 9]


@pytest.mark.parametrize(
    "row", [plan("weekly"), plan(valid_from=date(2024, 6, 2)), plan(valid_to=date(2024, 6, 1))]
)
def test_a_schedule_without_a_valid_plan_row_stays_with_nulls(row: dict[str, object]) -> None:
    (found,) = schedules_of(terms(term("2024-06-01", "2025-06-01")), plans(row)).to_dicts()
    assert (found["plan_code"], found["unit"], found["lead_days"]) == ("monthly", None, None)


def test_two_plan_rows_valid_at_once_are_refused_and_bill_nothing_twice() -> None:
    rows = plans(plan(), plan(payment_plan_id=2, valid_from=date(2025, 1, 1)))
    with pytest.raises(BillingError, match="two rows of 'monthly' are valid on 2025-01-01"):
        due(term("2024-01-01", "2025-01-01"), plan_rows=rows)


@pytest.mark.parametrize(
    ("horizon", "expected"),
    [("2022-12-31", 0), ("2023-01-01", 1), ("2023-02-01", 2), ("2023-12-01", 12), ("2099-01-01", 12)],
)
def test_numbers_reach_at_least_to_the_horizon_and_never_past_the_term(horizon: str, expected: int) -> None:
    schedules = schedules_of(terms(term("2023-01-01", "2024-01-01")), ALL_PLANS)
    found = periods_of(schedules, pl.lit(day(horizon)))["installment_number"].to_list()
    assert found == list(range(1, len(found) + 1))
    assert expected <= len(found) <= min(12, expected + 1)


def test_dates_roll_on_the_place_for_due_and_on_the_company_for_billing() -> None:
    """8 December 2023 is closed in Spain; 30 days before Monday 11 December is a Saturday."""
    dates = {"due_from_date": date(2023, 12, 1), "place_code": "ES"}
    row = pl.DataFrame([{**plan(due_days=7, lead_days=30), **dates}])
    frame = with_dates(row.lazy(), date_tables(row, CompanyCalendar(place_code="US")))
    found = frame.select("nominal_due_date", "due_date", "billing_date").collect().row(0)
    # 10 November 2023 is Veterans Day, observed.
    assert found == (date(2023, 12, 8), date(2023, 12, 11), date(2023, 11, 9))


def test_a_pattern_of_the_plan_itself_makes_the_periods() -> None:
    row = term("2024-01-01", "2024-07-01", 600_00)
    own = {"frequency_code": "own_dates", "pattern": "2024-01-15 2024-04-10"}
    found = due(row, plan_rows=plans(plan("monthly", **own)))
    assert found["period_from_date"].to_list() == [date(2024, 1, 1), date(2024, 4, 10)]
    by_rule = {"frequency_code": "own_rule", "pattern": "FREQ=MONTHLY;BYMONTHDAY=10"}
    found = due(row, plan_rows=plans(plan("monthly", **by_rule)))
    assert [day.day for day in found["period_from_date"].to_list()] == [1, *[10] * 6]
