"""Calendars, roll rules, steps and schedules agree with the published cases, driven from their file."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from billing_assets.domain.business_days import IsClosed, Roll, StepUnit, advance, business_days_between
from billing_assets.domain.date_schedules import Seed, StepRule, date_schedule
from billing_assets.frames.calendars import closed_by
from billing_assets_tests.oracle import oracle_cases

ROLLS = {
    "Unadjusted": Roll.NONE,
    "Following": Roll.FOLLOWING,
    "Preceding": Roll.PRECEDING,
    "ModifiedFollowing": Roll.MODIFIED_FOLLOWING,
    "ModifiedPreceding": Roll.MODIFIED_PRECEDING,
    "HalfMonthModifiedFollowing": Roll.HALF_MONTH_MODIFIED_FOLLOWING,
    "Nearest": Roll.NEAREST,
}


def is_closed_by(name: str) -> IsClosed:
    return (lambda _day: False) if name == "none" else closed_by(name)


def weekdays(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if day.isoweekday() < 6:
            yield day


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def one(case: dict[str, Any], name: str) -> date:
    return date.fromisoformat(case[name])


def test_the_closed_weekdays_are_those_of_the_published_lists() -> None:
    for case in oracle_cases("calendars", "holiday_list"):
        is_closed = is_closed_by(case["calendar"])
        found = [str(day) for day in weekdays(one(case, "from"), one(case, "to")) if is_closed(day)]
        assert found == case["expected"], case["id"]


def test_a_published_day_is_closed_or_open() -> None:
    for case in oracle_cases("calendars", "is_holiday"):
        assert is_closed_by(case["calendar"])(one(case, "date")) is case["expected"], case["id"]


def test_the_federal_reserve_moves_sundays_and_no_saturdays() -> None:
    for case in oracle_cases("calendars", "bank_closed_day"):
        is_closed = is_closed_by(case["calendar"])
        if case["expected_closed"]:
            assert is_closed(one(case, "expected_closed")), case["id"]
        if case["expected_open_friday"]:
            assert not is_closed(one(case, "expected_open_friday")), case["id"]


def test_steps_agree_with_the_published_cases() -> None:
    for case in oracle_cases("calendars", "advance"):
        found = advance(
            one(case, "start"),
            case["n"],
            StepUnit(case["unit"].lower()),
            is_closed_by(case["calendar"]),
            ROLLS[case["convention"]],
            keeps_month_end=case["end_of_month"],
        )
        assert str(found) == case["expected"], case["id"]


def test_counts_of_business_days_agree_with_the_published_cases() -> None:
    for case in oracle_cases("calendars", "business_days_between"):
        found = business_days_between(
            one(case, "from"),
            one(case, "to"),
            is_closed_by(case["calendar"]),
            includes_from=case["include_from"],
            includes_to=case["include_to"],
        )
        assert found == case["expected"], case["id"]


def test_schedules_agree_with_the_published_cases() -> None:
    for case in oracle_cases("calendars", "schedule"):
        rule = StepRule(
            step=case["step"],
            unit=StepUnit(case["unit"].lower()),
            seed=Seed(case["rule"]),
            roll=ROLLS[case["convention"]],
            termination_roll=ROLLS[case["termination_convention"]],
            keeps_month_end=case["end_of_month"],
            first_date=day(case["first_date"]),
        )
        found = date_schedule(one(case, "from"), one(case, "to"), rule, is_closed_by(case["calendar"]))
        assert [str(day) for day in found] == case["expected"], case["id"]
