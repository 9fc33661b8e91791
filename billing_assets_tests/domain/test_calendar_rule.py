"""Purposes and a company's own days, as values."""

from datetime import date

import pytest

from billing_assets.domain.calendar_rule import (
    NO_CLOSED_DAYS,
    OWN_PURPOSES,
    PURPOSES,
    ClosedDays,
    Purpose,
    is_in_years,
)

DAY = date(2024, 8, 14)


def test_every_purpose_has_its_row_with_a_roll_and_a_source() -> None:
    assert list(PURPOSES) == list(Purpose)
    assert all(row.meaning and row.source and row.purpose is purpose for purpose, row in PURPOSES.items())


def test_a_company_closes_no_day_of_a_legal_clock() -> None:
    assert set(Purpose) - set(OWN_PURPOSES) == {Purpose.LEGAL}


def test_a_day_is_closed_for_its_purpose_alone() -> None:
    closed = ClosedDays(by_purpose={Purpose.SEND: frozenset({DAY})})
    assert DAY in closed.of(Purpose.SEND)
    assert DAY not in closed.of(Purpose.GENERATE)
    assert not any(NO_CLOSED_DAYS.of(purpose) for purpose in Purpose)


@pytest.mark.parametrize(
    ("from_year", "to_year", "expected"),
    [(None, None, True), (2024, 2024, True), (2025, None, False), (None, 2023, False)],
)
def test_years_are_inclusive_and_none_is_open(
    from_year: int | None, to_year: int | None, *, expected: bool
) -> None:
    assert is_in_years(2024, from_year, to_year) is expected
