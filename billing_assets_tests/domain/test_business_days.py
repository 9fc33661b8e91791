"""A date on a closed day goes where its roll rule says; an open day stays."""

from datetime import date

import pytest

from billing_assets.domain.business_days import (
    Roll,
    StepUnit,
    advance,
    business_days_between,
    roll_date,
)

SATURDAY, SUNDAY = date(2024, 6, 29), date(2024, 6, 30)


def is_weekend(day: date) -> bool:
    return day.weekday() >= 5


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Roll.NONE, SUNDAY),
        (Roll.FOLLOWING, date(2024, 7, 1)),
        (Roll.PRECEDING, date(2024, 6, 28)),
        (Roll.MODIFIED_FOLLOWING, date(2024, 6, 28)),
    ],
)
def test_a_sunday_at_the_month_end_moves_by_its_rule(rule: Roll, expected: date) -> None:
    assert roll_date(SUNDAY, rule, is_weekend) == expected


def test_modified_following_goes_forward_inside_the_month() -> None:
    assert roll_date(date(2024, 6, 15), Roll.MODIFIED_FOLLOWING, is_weekend) == date(2024, 6, 17)


def test_modified_following_at_the_year_end_stays_in_the_year() -> None:
    assert roll_date(date(2023, 12, 31), Roll.MODIFIED_FOLLOWING, is_weekend) == date(2023, 12, 29)


@pytest.mark.parametrize("rule", list(Roll))
def test_an_open_day_stays(rule: Roll) -> None:
    assert roll_date(date(2024, 6, 28), rule, is_weekend) == date(2024, 6, 28)


def test_a_roll_passes_over_several_closed_days() -> None:
    closed = {SATURDAY, SUNDAY, date(2024, 7, 1), date(2024, 7, 2)}
    assert roll_date(SATURDAY, Roll.FOLLOWING, closed.__contains__) == date(2024, 7, 3)


def test_a_roll_rule_is_stored_by_its_word() -> None:
    assert [rule.value for rule in Roll] == [
        "none",
        "following",
        "preceding",
        "modified_following",
        "modified_preceding",
        "half_month_modified_following",
        "nearest",
    ]


def test_modified_preceding_at_the_month_start_goes_forward() -> None:
    assert roll_date(date(2024, 6, 1), Roll.MODIFIED_PRECEDING, is_weekend) == date(2024, 6, 3)


def test_the_half_month_is_not_left_by_its_last_day() -> None:
    assert roll_date(date(2024, 6, 15), Roll.HALF_MONTH_MODIFIED_FOLLOWING, is_weekend) == date(2024, 6, 14)
    assert roll_date(date(2024, 6, 16), Roll.HALF_MONTH_MODIFIED_FOLLOWING, is_weekend) == date(2024, 6, 17)


def test_nearest_takes_the_later_day_of_two_as_near() -> None:
    closed = {SUNDAY}
    assert roll_date(SUNDAY, Roll.NEAREST, closed.__contains__) == date(2024, 7, 1)


@pytest.mark.parametrize(
    ("start", "count", "unit", "expected"),
    [
        ("2024-06-28", 1, StepUnit.DAYS, "2024-07-01"),
        ("2024-06-29", 1, StepUnit.DAYS, "2024-07-01"),
        ("2024-07-01", -1, StepUnit.DAYS, "2024-06-28"),
        ("2024-06-30", -1, StepUnit.DAYS, "2024-06-28"),
        ("2024-06-30", 0, StepUnit.DAYS, "2024-07-01"),
        ("2024-06-22", 1, StepUnit.WEEKS, "2024-07-01"),
        ("2024-01-31", 1, StepUnit.MONTHS, "2024-02-29"),
        ("2024-02-29", -1, StepUnit.YEARS, "2023-02-28"),
    ],
)
def test_a_step_by_hand(start: str, count: int, unit: StepUnit, expected: str) -> None:
    assert advance(date.fromisoformat(start), count, unit, is_weekend) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("start", "roll", "expected"),
    [
        ("2024-05-31", Roll.FOLLOWING, "2024-06-28"),
        ("2024-08-30", Roll.FOLLOWING, "2024-09-30"),  # the last open day of August
        ("2024-08-30", Roll.NONE, "2024-09-30"),  # not the last calendar day
        ("2024-02-29", Roll.NONE, "2024-03-31"),
        ("2024-05-15", Roll.FOLLOWING, "2024-06-17"),
    ],
)
def test_a_month_end_is_kept_where_it_is_asked(start: str, roll: Roll, expected: str) -> None:
    found = advance(date.fromisoformat(start), 1, StepUnit.MONTHS, is_weekend, roll, keeps_month_end=True)
    assert str(found) == expected


@pytest.mark.parametrize(
    ("from_date", "to_date", "includes_from", "includes_to", "expected"),
    [
        ("2024-06-03", "2024-06-07", True, True, 5),
        ("2024-06-03", "2024-06-07", False, False, 3),
        ("2024-06-07", "2024-06-03", True, False, -4),
        ("2024-06-01", "2024-06-02", True, True, 0),
        ("2024-06-03", "2024-06-03", True, True, 1),
        ("2024-06-03", "2024-06-03", True, False, 0),
        ("2024-06-01", "2024-06-01", True, True, 0),
    ],
)
def test_business_days_are_counted_with_the_ends_that_are_asked(
    from_date: str, to_date: str, expected: int, *, includes_from: bool, includes_to: bool
) -> None:
    found = business_days_between(
        date.fromisoformat(from_date),
        date.fromisoformat(to_date),
        is_weekend,
        includes_from=includes_from,
        includes_to=includes_to,
    )
    assert found == expected
