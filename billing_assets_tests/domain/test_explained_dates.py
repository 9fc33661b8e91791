"""Dates are worked out from plan, calendar and run, and say which closed days moved them."""

from datetime import date, timedelta

import pytest

from billing_assets.domain.business_days import Roll
from billing_assets.domain.explained_dates import (
    closed_inputs,
    explain_dates,
    explain_due_date,
    explain_issue,
    place_row,
    plan_row,
)
from billing_assets.domain.explained_words import Formula
from billing_assets_tests.domain.sources import line, sources
from billing_assets_tests.domain.test_explained_installments import CALENDARS, weekend_or_new_year


def test_dates_are_rolled_over_the_closed_days_that_are_shown() -> None:
    nominal, planned, billing = explain_dates(line(), CALENDARS, "ES", 1)
    assert (nominal.result, planned.result) == (date(2024, 1, 1), date(2024, 1, 2))
    assert planned.values["closed_days"] == (date(2024, 1, 1),)
    assert (billing.result, billing.is_match) == (date(2023, 12, 19), True)
    assert "closed_days" not in billing.values


def test_an_open_day_has_no_closed_days_beside_it() -> None:
    assert [
        each.name for each in closed_inputs("ES", date(2024, 1, 2), weekend_or_new_year, Roll.NEAREST)
    ] == ["place_code"]


def test_too_little_time_to_pay_moves_the_due_date_to_an_open_day() -> None:
    """Issued on 18 December, 14 days make 1 January, which is closed; the planned day is before it."""
    early = line(charge_due_date=date(2023, 12, 20))
    issued = sources([early], [], invoice={"issue_date": date(2023, 12, 18)})
    due = explain_due_date(issued, CALENDARS)
    assert (due.formula, due.result) == (Formula.TIME_TO_PAY, date(2024, 1, 2))
    assert date(2024, 1, 1) in due.values["closed_days"]  # type: ignore[operator]


def test_the_first_number_of_a_series_has_no_date_before_it() -> None:
    first = sources([line()], [], previous_issue_date=None, number=1)
    _, issued, number = explain_issue(first)
    assert [each.name for each in issued.inputs] == ["issuing_date"]
    assert number.result == "INV-00000001"


@pytest.mark.parametrize(
    ("roll", "first", "last"),
    [("none", 31, 31), ("following", 31, 32), ("preceding", 30, 31), ("nearest", 30, 32)],
)
def test_closed_days_are_shown_as_far_as_the_roll_looks(roll: str, first: int, last: int) -> None:
    """Saturday 30 December 2023 to Monday 1 January 2024 are closed; the day is the Sunday."""
    days = closed_inputs("ES", date(2023, 12, 31), weekend_or_new_year, Roll(roll))[1].value
    start = date(2023, 12, 1)
    assert days == tuple(start + timedelta(days=number - 1) for number in range(first, last + 1))


def test_rows_of_plan_and_calendar_say_where_they_come_from() -> None:
    assert (plan_row(line()).code, plan_row(line()).row_id) == ("monthly", 5)
    assert place_row("GB").kind == "calendar"
