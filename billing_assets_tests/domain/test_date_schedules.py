"""Schedules by hand; the published cases are in ``frames.test_published_calendars``."""

from dataclasses import replace
from datetime import date

import pytest

from billing_assets.domain.business_days import Roll, StepUnit
from billing_assets.domain.date_schedules import Seed, StepRule, date_schedule

QUARTERLY = StepRule(step=3)


def is_weekend(day: date) -> bool:
    return day.weekday() >= 5


def texts(from_date: str, to_date: str, rule: StepRule) -> list[str]:
    days = date_schedule(date.fromisoformat(from_date), date.fromisoformat(to_date), rule, is_weekend)
    return [str(day) for day in days]


def test_the_stub_lies_at_the_end_that_is_not_the_seed() -> None:
    backward = texts("2024-01-16", "2024-09-30", QUARTERLY)
    assert backward == ["2024-01-16", "2024-03-30", "2024-06-30", "2024-09-30"]
    forward = texts("2024-01-16", "2024-09-30", replace(QUARTERLY, seed=Seed.FORWARD))
    assert forward == ["2024-01-16", "2024-04-16", "2024-07-16", "2024-09-30"]


def test_a_zero_schedule_has_its_ends_alone() -> None:
    assert texts("2024-01-16", "2024-09-30", replace(QUARTERLY, seed=Seed.ZERO)) == [
        "2024-01-16",
        "2024-09-30",
    ]


def test_days_that_roll_onto_one_day_are_one_date() -> None:
    rule = StepRule(step=1, unit=StepUnit.DAYS, seed=Seed.FORWARD, roll=Roll.FOLLOWING)
    assert texts("2024-06-07", "2024-06-11", rule) == ["2024-06-07", "2024-06-10", "2024-06-11"]


def test_the_last_date_rolls_by_its_own_rule() -> None:
    rule = StepRule(step=1, unit=StepUnit.WEEKS, seed=Seed.FORWARD, roll=Roll.FOLLOWING)
    assert texts("2024-06-01", "2024-06-15", rule) == ["2024-06-03", "2024-06-10", "2024-06-15"]
    rolled = replace(rule, termination_roll=Roll.PRECEDING)
    assert texts("2024-06-01", "2024-06-15", rolled) == ["2024-06-03", "2024-06-10", "2024-06-14"]


def test_a_first_and_a_next_to_last_date_bound_stubs_of_any_length() -> None:
    stubs = replace(QUARTERLY, first_date=date(2024, 2, 15), next_to_last_date=date(2024, 8, 15))
    expected = ["2024-01-01", "2024-02-15", "2024-05-15", "2024-08-15", "2024-09-01"]
    for seed in (Seed.FORWARD, Seed.BACKWARD):
        assert texts("2024-01-01", "2024-09-01", replace(stubs, seed=seed)) == expected


def test_an_end_given_as_a_stub_is_no_stub() -> None:
    rule = replace(
        QUARTERLY, seed=Seed.FORWARD, first_date=date(2024, 1, 1), next_to_last_date=date(2024, 7, 1)
    )
    assert texts("2024-01-01", "2024-07-01", rule) == ["2024-01-01", "2024-04-01", "2024-07-01"]


@pytest.mark.parametrize(("to_date", "step"), [("2024-01-01", 1), ("2023-12-31", 1), ("2024-02-01", 0)])
def test_a_schedule_that_leads_nowhere_is_refused(to_date: str, step: int) -> None:
    with pytest.raises(ValueError, match="a step of at least 1"):
        texts("2024-01-01", to_date, StepRule(step=step))
