"""Periods and planned amounts, by hand; the bulk of cases is in the properties and the reference."""

from datetime import date

import pytest

from billing_assets_tests.frames.rows import due, nets, term


def planned(row: dict[str, object]) -> list[int]:
    """What every installment of a term plans, by a run that sees them all."""
    return nets(due(row))


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
    count, first, middle, last = expected
    found = planned(row)
    assert found == [first, *[middle] * (count - 2), last]
    assert sum(found) == row["premium_minor"]


def test_the_one_installment_is_the_premium() -> None:
    assert planned(term("2024-01-01", "2024-01-11", 99)) == [99]


def test_a_term_without_cover_keeps_its_first_whole_period() -> None:
    (row,) = due(term("2023-01-01", "2024-01-01", cover_to_date=date(2022, 6, 1))).to_dicts()
    assert (row["period_to_date"], row["net_minor"], row["reason_code"]) == (date(2023, 2, 1), 0, "no_cover")


def test_a_premium_that_no_check_has_seen_does_not_wrap() -> None:
    """Int64 would overflow in the products; the sum stays the premium."""
    premium = 9 * 10**18
    assert sum(nets(due(term("2023-01-16", "2024-01-16", premium, anchor_date=date(2023, 1, 1))))) == premium


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
