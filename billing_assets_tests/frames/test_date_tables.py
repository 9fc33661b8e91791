"""The tables reach as far as the dates of a book, and a run looks far enough ahead."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from billing_assets.domain.calendar_rule import ClosedDays, Purpose
from billing_assets.frames.calendars import CompanyCalendar
from billing_assets.frames.date_tables import date_tables, lead_reach, with_horizon
from billing_assets_tests.frames.rows import plan

SPAIN = CompanyCalendar(place_code="ES")
CLOSED = frozenset(date(2024, 5, 6) + timedelta(days=n) for n in range(5))


def installment(**values: Any) -> pl.DataFrame:
    return pl.DataFrame([{**plan(), "due_from_date": date(2024, 6, 1), "place_code": "GB", **values}])


def test_tables_of_nothing_are_empty() -> None:
    tables = date_tables(installment().clear(), SPAIN)
    assert (tables.due_rolls.height, tables.generate_rolls.height, tables.open_days) == (0, 0, None)


def test_due_dates_roll_on_the_places_of_policies_and_billing_dates_on_the_company() -> None:
    tables = date_tables(installment(), SPAIN)
    assert tables.due_rolls["place_code"].unique().to_list() == ["GB"]
    assert tables.generate_rolls["place_code"].unique().to_list() == ["ES"]
    assert tables.open_days is None


@pytest.mark.parametrize("lead", [0, 1, 60, 120])
def test_the_table_of_open_days_reaches_back_by_the_longest_lead(lead: int) -> None:
    company = CompanyCalendar(place_code="ES", closed=ClosedDays(by_purpose={Purpose.GENERATE: CLOSED}))
    tables = date_tables(installment(lead_unit="business", lead_days=lead), company)
    assert tables.open_days is not None
    days = tables.open_days
    due_count = days.filter(pl.col("day") == date(2024, 6, 1))["open_count"].item()
    assert due_count >= lead
    assert min(tables.generate_rolls["day"].to_list()) <= min(days["day"].to_list())


def test_own_closed_days_lengthen_a_lead_in_business_days() -> None:
    rows = pl.DataFrame({"lead_days": [5], "lead_unit": ["business"]})
    company = CompanyCalendar(place_code="ES", closed=ClosedDays(by_purpose={Purpose.GENERATE: CLOSED}))
    reaches = [lead_reach(rows, each, date(2024, 4, 19))["reach_days"].item() for each in (SPAIN, company)]
    assert reaches == [8, 15]


def test_the_horizon_counts_leads_by_their_unit_and_due_days_back() -> None:
    rows = pl.DataFrame(
        {"lead_days": [10, 10, None], "lead_unit": ["calendar", "business", None], "due_days": [0, 5, None]}
    )
    as_of = date(2024, 6, 3)
    found = with_horizon(rows.lazy(), lead_reach(rows, SPAIN, as_of), as_of).collect()
    first, second, third = found["horizon_date"].to_list()
    assert first == as_of + timedelta(days=10 + 32)
    assert second > as_of + timedelta(days=14 + 32 - 5 - 1)
    assert third is None
