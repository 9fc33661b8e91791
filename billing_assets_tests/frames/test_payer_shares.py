"""What is invoiced of terms with several payers becomes a line for each of them; all else stays as it is."""

from typing import Any

import polars as pl
import pytest

from billing_assets.frames.columns import PAYER_SHARE_SCHEMA
from billing_assets.frames.due_charges import due_charges
from billing_assets.frames.payer_shares import NO_PAYER_SHARES, with_payer_shares
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
from billing_assets_tests.frames.test_charge_lines import lines

YEAR = term("2024-01-01", "2025-01-01", 458_45)
CHARGE = {
    "policy_term_id": 1,
    "installment_number": 1,
    "charge_kind": "premium",
    "charge_number": 0,
    "split_number": 0,
    "outcome": "invoiced",
    "before_minor": 0,
}


def shares(*parts: int, term_id: int = 1) -> pl.DataFrame:
    rows = [
        {
            "policy_term_id": term_id,
            "payer_number": number,
            "payer_id": 30 + number,
            "payer_version_id": 300 + number,
            "payer_sha256": f"payer {number}",
            "share_ppm": part,
        }
        for number, part in enumerate(parts, start=1)
    ]
    return pl.DataFrame(rows, schema=PAYER_SHARE_SCHEMA)


TWO = shares(600_000, 400_000)


def billed(row: dict[str, Any], payers: pl.DataFrame, plan_rows: pl.DataFrame = ALL_PLANS) -> pl.DataFrame:
    return due_charges(terms(row), plan_rows, NOTHING_SETTLED, LONG_AFTER, "ES", payer_shares=payers)


@pytest.mark.parametrize("change", [{"outcome": "held"}, {"outcome": "zero"}, {"policy_term_id": 2}])
def test_what_is_not_invoiced_of_the_term_stays_whole(change: dict[str, Any]) -> None:
    charges = pl.DataFrame([{**CHARGE, "net_minor": 100, **change}])
    found = with_payer_shares(charges, TWO)
    assert found.select(charges.columns).equals(charges)
    assert found.select("payer_number", "charged_payer_id").row(0) == (0, None)


def test_without_shares_nothing_is_split() -> None:
    charges = pl.DataFrame([{**CHARGE, "net_minor": 100}])
    assert with_payer_shares(charges, NO_PAYER_SHARES)["net_minor"].to_list() == [100]


def test_a_fee_is_shared_out_by_itself_and_a_premium_by_what_came_before() -> None:
    premium = {**CHARGE, "net_minor": 1, "before_minor": 1}
    fee = {**CHARGE, "charge_kind": "installment_fee", "net_minor": 1, "before_minor": 1}
    found = with_payer_shares(pl.DataFrame([premium, fee]), TWO)
    assert found.select("charge_kind", "payer_number", "net_minor").rows() == [
        ("premium", 2, 1),
        ("installment_fee", 1, 1),
    ]


def test_an_amount_near_the_largest_premium_is_split_exactly() -> None:
    most = 10**15
    charges = pl.DataFrame([{**CHARGE, "before_minor": most // 3, "net_minor": most - most // 3}])
    found = with_payer_shares(charges, shares(999_999, 1))
    assert found["net_minor"].to_list() == [(most - 10**9) - (most // 3 - 333_333_333), 10**9 - 333_333_333]


def test_lines_have_their_payer_and_all_of_a_payer_stands_together() -> None:
    with_fee = plans(plan("monthly", installment_fee_minor=1_50, currency="EUR"))
    found = due_charges(
        terms(YEAR),
        with_fee,
        NOTHING_SETTLED,
        LONG_AFTER,
        "ES",
        charge_lines=lines(400_00, 58_45),
        payer_shares=TWO,
    ).head(6)
    columns = ("payer_id", "payer_version_id", "payer_sha256", "charge_kind", "charge_number", "split_number")
    assert found.select(columns).rows() == [
        (30 + payer, 300 + payer, f"payer {payer}", kind, charge, place)
        for payer in (1, 2)
        for kind, charge, place in (("premium", 1, 0), ("premium", 2, 1), ("installment_fee", 0, 0))
    ]


@pytest.mark.parametrize(
    "values",
    [
        {"cover_to_date": day("2024-05-11")},
        {"cut_over_date": day("2024-06-15")},
        {"cover_to_date": day("2024-09-02"), "cut_over_date": day("2024-03-01")},
        {"plan_code": "daily", "premium_minor": 3_00},
    ],
)
def test_installments_come_to_what_they_would_with_one_payer(values: dict[str, Any]) -> None:
    row = {**YEAR, **values}
    whole, split = billed(row, NO_PAYER_SHARES), billed(row, shares(333_334, 333_333, 333_333))
    sums = split.group_by("installment_number").agg(pl.col("net_minor").sum()).sort("installment_number")
    assert sums.rows() == whole.sort("installment_number").select("installment_number", "net_minor").rows()
    assert split["net_minor"].min() >= 0  # type: ignore[operator]
