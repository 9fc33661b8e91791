"""Sums payable over columns: by the rows that a company uses, on the day of issue."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.frames.cash_rounding import (
    NO_CASH_UNITS,
    not_rounded,
    used_units,
    with_cash_rounding,
    with_cash_units,
)
from billing_assets.frames.columns import CASH_UNIT_SCHEMA

FRANC = {"cash_unit_id": 1, "currency": "CHF", "cash_unit_minor": 5, "valid_from": date(2007, 1, 1)}
KRONA = {"cash_unit_id": 2, "currency": "SEK", "cash_unit_minor": 100, "valid_from": date(2010, 10, 1)}
DAY = date(2024, 1, 1)


def units(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=CASH_UNIT_SCHEMA)


def documents(*amounts: tuple[str, int]) -> pl.DataFrame:
    return not_rounded(pl.DataFrame(list(amounts), schema=["currency", "total_minor"], orient="row"))


def rounding(total_minor: int, unit_minor: int) -> int:
    frame = pl.DataFrame({"cash_unit_minor": [unit_minor], "total_minor": [total_minor]})
    return int(with_cash_rounding(frame)["cash_rounding_minor"].item())


@pytest.mark.parametrize(
    ("total", "unit", "expected"),
    [
        (0, 5, 0),
        (1002, 5, -2),
        (1003, 5, 2),
        (1005, 5, 0),
        (49, 100, -49),
        (50, 100, 50),
        (-50, 100, -50),
        (250, 500, 250),
        (2, 5, -2),
        (1003, 0, 0),
    ],
)
def test_the_nearest_multiple_counts_and_halves_go_away_from_zero(
    total: int, unit: int, expected: int
) -> None:
    assert rounding(total, unit) == expected


def test_each_document_goes_by_the_row_of_its_currency() -> None:
    found = with_cash_units(documents(("CHF", 1003), ("EUR", 1003), ("SEK", 1003)), units(FRANC, KRONA), DAY)
    assert found.select("currency", "cash_unit_id", "cash_unit_minor", "cash_rounding_minor").rows() == [
        ("CHF", 1, 5, 2),
        ("EUR", None, 0, 0),
        ("SEK", 2, 100, -3),
    ]
    assert found["total_minor"].to_list() == [1003, 1003, 1003]


def test_a_row_holds_from_its_first_day_until_the_day_before_its_end() -> None:
    ended = units({**FRANC, "valid_to": date(2024, 1, 2)})
    days = [date(2006, 12, 31), date(2007, 1, 1), date(2024, 1, 1), date(2024, 1, 2)]
    found = [with_cash_units(documents(("CHF", 1003)), ended, day)["cash_rounding_minor"][0] for day in days]
    assert found == [0, 2, 2, 0]


def test_without_a_row_the_documents_are_the_same_frame() -> None:
    given = documents(("CHF", 1003))
    assert with_cash_units(given, NO_CASH_UNITS, DAY) is given


def test_the_rows_of_other_currencies_are_left_aside() -> None:
    assert used_units(units(FRANC, KRONA), ["SEK"])["currency"].to_list() == ["SEK"]


def test_two_rows_of_a_currency_on_one_day_stop_whoever_uses_it() -> None:
    doubled = units(FRANC, {**FRANC, "cash_unit_id": 3, "valid_from": date(2020, 1, 1)}, KRONA)
    with pytest.raises(BillingError, match="rule_rows_overlap"):
        used_units(doubled, ["CHF"])
    assert used_units(doubled, ["SEK"]).height == 1
