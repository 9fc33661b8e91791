"""Installments of terms with charge lines become their lines; everything else stays as it is."""

from typing import Any

import polars as pl
import pytest

from billing_assets.frames.charge_lines import NO_CHARGE_LINES, with_charge_lines
from billing_assets.frames.columns import CHARGE_LINE_SCHEMA
from billing_assets.frames.due_charges import due_charges
from billing_assets_tests.frames.rows import (
    ALL_PLANS,
    LONG_AFTER,
    NOTHING_SETTLED,
    day,
    plan,
    plans,
    term,
    terms,
)

CHARGE = {"policy_term_id": 1, "charge_kind": "premium", "outcome": "invoiced", "before_minor": 0}
YEAR = term("2024-01-01", "2025-01-01", 458_45)


def lines(*amounts: int, term_id: int = 1) -> pl.DataFrame:
    rows = [
        {
            "policy_term_id": term_id,
            "charge_number": number,
            "line_of_business": f"line {number}",
            "currency": "EUR",
            "premium_minor": amount,
        }
        for number, amount in enumerate(amounts, start=1)
        if amount
    ]
    return pl.DataFrame(rows, schema=CHARGE_LINE_SCHEMA)


def billed(
    row: dict[str, Any], charge_lines: pl.DataFrame, plan_rows: pl.DataFrame = ALL_PLANS
) -> pl.DataFrame:
    return due_charges(terms(row), plan_rows, NOTHING_SETTLED, LONG_AFTER, "ES", charge_lines=charge_lines)


WHOLE: list[dict[str, Any]] = [
    {"outcome": "held"},
    {"outcome": "zero"},
    {"charge_kind": "installment_fee"},
    {"policy_term_id": 2},
]


@pytest.mark.parametrize("change", WHOLE)
def test_what_is_no_invoiced_premium_of_the_term_stays_whole(change: dict[str, Any]) -> None:
    charges = pl.DataFrame([{**CHARGE, "net_minor": 100, **change}])
    found = with_charge_lines(charges, lines(60, 40))
    assert found.drop("charge_number", "split_number", "charged_line_of_business").equals(charges)
    assert found.select("charge_number", "split_number", "charged_line_of_business").row(0) == (0, 0, None)


def test_without_charge_lines_nothing_is_split() -> None:
    charges = pl.DataFrame([{**CHARGE, "net_minor": 100}])
    assert with_charge_lines(charges, NO_CHARGE_LINES)["net_minor"].to_list() == [100]


def test_an_amount_near_the_largest_premium_is_split_exactly() -> None:
    most = 10**15
    charges = pl.DataFrame([{**CHARGE, "before_minor": most // 3, "net_minor": most - most // 3}])
    found = with_charge_lines(charges, lines(most - 1, 1))
    assert found["net_minor"].to_list() == [most - most // 3 - 1, 1]


def test_lines_have_their_line_of_business_and_stand_in_the_order_of_their_numbers() -> None:
    found = billed(YEAR, lines(29_90, 121_15, 0, 307_40))
    assert found["line_of_business"].head(3).to_list() == ["line 1", "line 2", "line 4"]
    assert found["charge_number"].head(6).to_list() == [1, 2, 4, 1, 2, 4]
    assert found["split_number"].head(6).to_list() == [0, 1, 2, 0, 1, 2]
    by_charge = found.group_by("charge_number").agg(pl.col("net_minor").sum()).sort("charge_number")
    assert by_charge["net_minor"].to_list() == [29_90, 121_15, 307_40]


@pytest.mark.parametrize(
    "values",
    [
        {"cover_to_date": day("2024-05-11")},
        {"cut_over_date": day("2024-06-15")},
        {"cover_to_date": day("2024-09-02"), "cut_over_date": day("2024-03-01")},
        {"plan_code": "daily", "premium_minor": 3_00},
    ],
)
def test_installments_come_to_what_they_would_without_charge_lines(values: dict[str, Any]) -> None:
    row = {**YEAR, **values}
    premium = row["premium_minor"]
    charge_lines = lines(premium - premium // 5, premium // 5)
    whole, split = billed(row, NO_CHARGE_LINES), billed(row, charge_lines)
    sums = split.group_by("installment_number").agg(pl.col("net_minor").sum()).sort("installment_number")
    assert sums.rows() == whole.sort("installment_number").select("installment_number", "net_minor").rows()
    assert split["net_minor"].min() >= 0  # type: ignore[operator]


def test_a_fee_stands_after_the_lines_of_its_installment_and_is_of_the_term() -> None:
    with_fee = plans(plan("monthly", installment_fee_minor=1_50, currency="EUR"))
    found = billed(YEAR, lines(400_00, 58_45), with_fee).head(3)
    assert found.select("charge_kind", "charge_number", "line_of_business").rows() == [
        ("premium", 1, "line 1"),
        ("premium", 2, "line 2"),
        ("installment_fee", 0, "motor"),
    ]
