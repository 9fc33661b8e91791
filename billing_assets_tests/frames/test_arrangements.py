"""Plans that arrange something, by hand; the bulk of cases is in the properties and the reference."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from billing_assets.frames.arrangements import is_arranged, with_shares
from billing_assets_tests.frames.rows import due, nets, plan, plans, term

YEAR = term("2023-01-01", "2024-01-01", 1000_00)


def billed(row: dict[str, Any] = YEAR, **values: Any) -> pl.DataFrame:
    """Return every installment of a monthly plan with these values."""
    return due(row, plan_rows=plans(plan("monthly", **values))).sort("installment_number")


def last_period(found: pl.DataFrame) -> tuple[date, date]:
    first, last = found.select("period_from_date", "period_to_date").row(-1)
    return first, last


def test_a_plan_that_says_nothing_more_is_not_arranged() -> None:
    rows = [plan(), plan(maximum_installment_count=3), plan(blackout_days=1), plan(residual="first")]
    rows += [plan(down_payment_ppm=1), plan(down_payment_minor=1), plan(minimum_bill_minor=1)]
    assert plans(*rows).select(is_arranged()).to_series().to_list() == [False, *[True] * 6]


def test_three_installments_of_twelve_periods_are_equal_and_the_last_runs_to_the_end() -> None:
    found = billed(maximum_installment_count=3)
    assert nets(found) == [333_33, 333_33, 333_34]
    assert set(found["installment_count"]) == {3}
    assert last_period(found) == (date(2023, 3, 1), date(2024, 1, 1))


def test_weights_share_the_premium_and_a_shorter_term_takes_the_first_of_them() -> None:
    weights: dict[str, Any] = {"maximum_installment_count": 3, "weights": "40 30 30"}
    assert nets(billed(**weights)) == [400_00, 300_00, 300_00]
    two_months = term("2023-01-01", "2023-03-01", 70_01)
    assert nets(billed(two_months, **weights)) == [40_01, 30_00]
    assert nets(billed(term("2023-01-01", "2023-01-20", 70_01), **weights)) == [70_01]


@pytest.mark.parametrize(
    ("residual", "expected"),
    [
        ("last", [333_33, 333_33, 333_34]),
        ("first", [333_34, 333_33, 333_33]),
        ("largest", [333_33, 333_33, 333_34]),
    ],
)
def test_the_residual_goes_where_the_plan_says(residual: str, expected: list[int]) -> None:
    assert nets(billed(maximum_installment_count=3, residual=residual)) == expected


def test_of_several_largest_installments_the_last_takes_the_rest() -> None:
    """3/8 and 1/8 of 100.01 are 37.50375 and 12.50125: a cent is left."""
    odd = billed(
        term("2023-01-01", "2024-01-01", 100_01),
        maximum_installment_count=4,
        weights="3 1 3 1",
        residual="largest",
    )
    assert nets(odd) == [37_50, 12_50, 37_51, 12_50]


def test_a_down_payment_of_a_part_is_rounded_half_up_once_and_the_others_share_the_rest() -> None:
    row = term("2023-01-01", "2024-01-01", 1000_02)
    found = billed(row, maximum_installment_count=4, down_payment_ppm=250_000)
    assert nets(found) == [250_01, 250_00, 250_00, 250_01]
    heavy = billed(row, maximum_installment_count=4, down_payment_ppm=250_000, weights="2 1 1")
    assert nets(heavy) == [250_01, 375_01, 187_50, 187_50]


def test_a_down_payment_without_a_count_leaves_the_other_periods_their_days() -> None:
    """16 of 31 January days are the down payment; eleven whole months and 15 of 31 days share 900.00."""
    row = term("2023-01-16", "2024-01-16", 1000_00, anchor_date=date(2023, 1, 1))
    found = nets(billed(row, down_payment_ppm=100_000))
    assert found == [100_00, *[78_37] * 11, 37_93]
    assert sum(found) == 1000_00


def test_a_down_payment_is_never_more_than_the_premium_and_one_installment_is_all_of_it() -> None:
    fixed: dict[str, Any] = {"down_payment_minor": 300_00, "currency": "EUR"}
    assert nets(billed(maximum_installment_count=3, **fixed)) == [300_00, 350_00, 350_00]
    small = term("2023-01-01", "2024-01-01", 200_00)
    assert nets(billed(small, maximum_installment_count=3, **fixed)) == [200_00, 0, 0]
    assert nets(billed(maximum_installment_count=1, **fixed)) == [1000_00]


def test_a_down_payment_in_another_currency_fails_each_installment_with_its_reason() -> None:
    found = billed(maximum_installment_count=2, down_payment_minor=5, currency="USD")
    assert found.select("outcome", "reason_code", "net_minor").unique().rows() == [
        ("failed", "plan_currency_differs", 0)
    ]
    held = billed({**YEAR, "hold_code": "row_is_problem"}, down_payment_minor=5, currency="USD")
    assert set(held["reason_code"]) == {"row_is_problem"}


def test_periods_that_would_fall_due_in_the_blackout_join_the_last_one_before() -> None:
    """1 November and 1 December are not before 3 October, 90 days before the end: October takes all three."""
    found = billed(blackout_days=90)
    assert nets(found) == [*[83_33] * 9, 250_03]
    assert last_period(found) == (date(2023, 10, 1), date(2024, 1, 1))
    assert set(found["installment_count"]) == {10}
    assert nets(billed(blackout_days=31)) == [*[83_33] * 10, 166_70]  # 1 December is 31 days before the end
    assert billed(blackout_days=30).height == 12
    assert billed(blackout_days=30, due_days=2).height == 11  # due on 3 December
    assert nets(billed(blackout_days=400)) == [1000_00]


def test_many_tiny_shares_are_rounded_down_where_half_up_would_exceed_the_premium() -> None:
    row = term("2023-01-01", "2024-01-01", 6)
    assert nets(billed(row, residual="first")) == [6, *[0] * 11]
    assert nets(billed(row, maximum_installment_count=12)) == [*[0] * 11, 6]


def test_cover_that_ends_in_the_long_last_period_bills_its_days() -> None:
    """The last of three stands for 306 days from 1 March; cover ends after 31 of them."""
    found = billed({**YEAR, "cover_to_date": date(2023, 4, 1)}, maximum_installment_count=3)
    assert nets(found) == [333_33, 333_33, 33_77]
    assert last_period(found) == (date(2023, 3, 1), date(2023, 4, 1))


def test_small_installments_wait_until_together_they_reach_the_minimum_bill() -> None:
    """Twelve times 83.33: three of them reach 200.00, and so do four in the end; the last never waits."""
    found = billed(minimum_bill_minor=200_00, currency="EUR")
    assert nets(found) == [*[83_33] * 11, 83_37]
    assert found["due_date"].dt.month().to_list() == [*[3] * 3, *[6] * 3, *[9] * 3, *[12] * 3]
    assert found["billing_date"].dt.month().to_list()[:3] == [2, 2, 2]
    assert found["period_from_date"].dt.month().to_list() == list(range(1, 13))
    rest = billed(minimum_bill_minor=400_00, currency="EUR")
    assert rest["due_date"].dt.month().to_list() == [*[5] * 5, *[10] * 5, *[12] * 2]


def test_what_waits_is_not_due_before_the_bill_that_it_waits_for() -> None:
    rows = plans(plan("monthly", minimum_bill_minor=200_00, currency="EUR"))
    days = (date(2023, 2, 10), date(2023, 2, 16), date(2023, 5, 3))
    assert [due(YEAR, plan_rows=rows, as_of=day).height for day in days] == [0, 3, 3]


def test_what_waits_goes_by_the_cut_over_with_the_bill_that_it_waits_for() -> None:
    taken_over = {**YEAR, "cut_over_date": date(2023, 3, 1)}
    found = billed(taken_over, minimum_bill_minor=200_00, currency="EUR")
    assert found["installment_number"].to_list() == list(range(1, 13))
    late = billed({**YEAR, "cut_over_date": date(2023, 3, 2)}, minimum_bill_minor=200_00, currency="EUR")
    assert late["installment_number"].to_list() == list(range(4, 13))


def test_cover_that_ends_while_an_installment_waits_leaves_its_due_date_alone() -> None:
    ended = {**YEAR, "cover_to_date": date(2023, 2, 1)}
    (row,) = billed(ended, minimum_bill_minor=200_00, currency="EUR").to_dicts()
    assert (row["net_minor"], row["due_date"], row["period_to_date"]) == (
        83_33,
        date(2023, 3, 1),
        date(2023, 2, 1),
    )


def test_each_installment_of_several_carries_the_fee_beside_its_premium() -> None:
    fee = {"installment_fee_minor": 3_50, "currency": "EUR"}
    found = due(YEAR, plan_rows=plans(plan("monthly", maximum_installment_count=2, **fee)))
    columns = ("installment_number", "charge_kind", "net_minor", "outcome")
    assert found.select(columns).rows() == [
        (1, "premium", 500_00, "invoiced"),
        (1, "installment_fee", 3_50, "invoiced"),
        (2, "premium", 500_00, "invoiced"),
        (2, "installment_fee", 3_50, "invoiced"),
    ]
    whole = due(YEAR, plan_rows=plans(plan("monthly", maximum_installment_count=1, **fee)))
    assert whole["charge_kind"].to_list() == ["premium"]


def test_a_fee_stands_beside_what_is_invoiced_alone_and_is_not_cut_by_the_end_of_cover() -> None:
    fee = {"installment_fee_minor": 3_50, "currency": "EUR"}
    cut = billed({**YEAR, "cover_to_date": date(2023, 2, 11)}, **fee)
    assert cut.select("charge_kind", "net_minor").rows() == [
        ("premium", 83_33),
        ("installment_fee", 3_50),
        ("premium", 29_76),
        ("installment_fee", 3_50),
    ]
    for row in (
        {**YEAR, "premium_minor": 0},
        {**YEAR, "cover_to_date": date(2022, 1, 1)},
        {**YEAR, "hold_code": "row_is_problem"},
    ):
        assert set(billed(row, **fee)["charge_kind"]) == {"premium"}


def test_one_book_holds_arranged_and_other_plans_and_settled_ones_stay_settled() -> None:
    rows = plans(plan("monthly"), plan("tenth", maximum_installment_count=10, payment_plan_id=2))
    both = (YEAR, {**YEAR, "plan_code": "tenth", "policy_term_id": 2, "policy_number": "P-2"})
    found = due(*both, plan_rows=rows)
    assert found["policy_number"].to_list() == [*["P-1"] * 12, *["P-2"] * 10]
    early = due(*both, plan_rows=rows, as_of=date(2023, 2, 20))
    key = ["policy_term_id", "installment_number"]
    done = early.select(key)
    rest = due(*both, plan_rows=rows, settled=done)
    assert pl.concat([early, rest]).sort(key).equals(found.sort(key))


def test_an_amount_that_does_not_fit_is_null_and_no_other_is_touched() -> None:
    row = {
        "term_row": 0,
        "installment_number": 1,
        "installment_count": 1,
        "share_weight": 1,
        "premium_minor": 9 * 10**18,
        "term_currency": "EUR",
        "residual": "last",
        "down_payment_ppm": 999_999,
        "down_payment_minor": 0,
        "currency": "",
    }
    assert with_shares(pl.DataFrame([row]))["planned_minor"].to_list() == [9 * 10**18]
