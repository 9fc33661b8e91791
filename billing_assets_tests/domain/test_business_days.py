"""A date on a closed day goes where its roll rule says; an open day stays."""

from datetime import date

import pytest

from billing_assets.domain.business_days import Roll, roll_date

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
    assert [rule.value for rule in Roll] == ["none", "following", "preceding", "modified_following"]
