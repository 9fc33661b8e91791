"""Earned premium of cancelled terms: the published cases, the slow reference, and what always holds."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.business_days import add_months
from billing_assets.domain.cancellation import CANCELLATION_METHODS, EarnedBasis
from billing_assets.frames.earned_premium import with_earned
from billing_assets_tests.oracle import oracle_cases
from billing_assets_tests.reference.cancellation import earned

START = date(2023, 1, 1)
YEAR_END = date(2024, 1, 1)
SCALES = {"india_motor_GR12": "india_motor_short_period", "motor_recoverable": "recoverable_scale"}


def amounts(
    method_code: str, premium_minor: int, cancelled: date, *, start: date = START, end: date = YEAR_END
) -> tuple[int, int]:
    """Return earned and unearned premium of one term."""
    row = {
        "premium_minor": premium_minor,
        "effective_date": start,
        "expiration_date": end,
        "cancellation_date": cancelled,
        "method_code": method_code,
    }
    found = with_earned(pl.DataFrame([row]), CANCELLATION_METHODS.values())
    earned_minor, unearned_minor = found.select("earned_minor", "unearned_minor").row(0)
    return earned_minor, unearned_minor


def minor(amount: str) -> int:
    return int(Decimal(amount) * 100)


def of_days(case: dict[str, Any], method_code: str) -> tuple[int, int]:
    """Return the same of a published case, whose term begins on a first of January."""
    start = date(2024, 1, 1) if case["term_days"] == 366 else START
    cancelled, end = (start + timedelta(days=case[name]) for name in ("days_in_force", "term_days"))
    return amounts(method_code, minor(case["premium"]), cancelled, start=start, end=end)


@pytest.mark.long
def test_the_customary_table_is_the_published_one() -> None:
    for case in oracle_cases("short_rate", "short_rate_table_percent"):
        cancelled = START + timedelta(days=case["days_in_force"])
        found = amounts("short_rate_table", 100_00, cancelled)[0]
        assert found == case["expected_earned_percent"] * 100, case["id"]


def test_refunds_by_the_table_are_those_published() -> None:
    for case in oracle_cases("short_rate", "short_rate_table_refund"):
        if "start" in case:
            earned_minor, refund = amounts(
                "short_rate_table", minor(case["premium"]), date.fromisoformat(case["cancel"])
            )
            assert refund == minor(case["expected"]["refund"]), case["id"]
        else:
            months = add_months(START, case["months"])
            earned_minor, _ = amounts("short_rate_table", minor(case["premium"]), months)
        assert earned_minor == minor(case["expected"]["earned"]), case["id"]


def test_ninety_percent_of_pro_rata_is_rounded_once() -> None:
    for case in oracle_cases("short_rate", "ninety_percent_pro_rata"):
        assert of_days(case, "pro_rata")[1] == minor(case["expected"]["unearned"]), case["id"]
        assert of_days(case, "short_rate_90")[1] == minor(case["expected"]["refund"]), case["id"]


def test_pro_rata_amounts_are_those_published_and_no_daily_rate_is_rounded() -> None:
    for case in oracle_cases("short_rate", "pro_rata_earned"):
        assert of_days(case, "pro_rata")[0] == minor(case["expected"]["earned"]), case["id"]
    for case in oracle_cases("short_rate", "daily_rate_rounded_first"):
        assert of_days(case, "pro_rata")[1] == minor(case["expected"]["refund_exact"]), case["id"]


def test_a_factor_of_three_places_is_the_published_one_before_it_is_rounded() -> None:
    for case in oracle_cases("short_rate", "ninety_percent_pro_rata_factor"):
        for method_code, name in (("pro_rata", "pro_rata"), ("short_rate_table", "short_rate")):
            unearned = Decimal(of_days({**case, "premium": "1000000.00"}, method_code)[1]) / minor(
                "1000000.00"
            )
            factor = unearned.quantize(Decimal("0.001"))
            assert factor == Decimal(case["expected"][f"{name}_return_factor"]), case["id"]


@pytest.mark.parametrize(
    ("kind", "name", "part"),
    [
        ("short_period_band", "expected_earned_percent", 0),
        ("recoverable_band", "expected_refund_percent", 1),
    ],
)
def test_a_border_between_months_belongs_to_the_lower_band(kind: str, name: str, part: int) -> None:
    for case in oracle_cases("short_rate", kind):
        method_code = SCALES[case["scale"]]
        first = add_months(START, case["months_exceeding"]) + timedelta(days=1)
        last = min(add_months(START, case["months_not_exceeding"]), YEAR_END - timedelta(days=1))
        for cancelled in (first, last):
            assert amounts(method_code, 100_00, cancelled)[part] == case[name] * 100, (case["id"], cancelled)


def test_a_portfolio_written_month_by_month_is_earned_by_months_of_thirty_days() -> None:
    for case in oracle_cases("short_rate", "monthly_pro_rata_portfolio"):
        premium = minor(case["monthly_written"])
        parts = [
            amounts(
                "pro_rata_30_360",
                premium,
                YEAR_END,
                start=add_months(START, month),
                end=add_months(START, month + 12),
            )
            for month in range(12)
        ]
        assert parts[0][0] == minor(case["expected"]["first_month_earned"])
        assert sum(part[0] for part in parts) == minor(case["expected"]["earned"])
        assert sum(part[1] for part in parts) == minor(case["expected"]["unearned"])


TERMS = st.tuples(
    st.sampled_from(sorted(CANCELLATION_METHODS)),
    st.integers(0, 10**12),
    st.dates(date(1995, 1, 1), date(2050, 1, 1)),
    st.integers(1, 800),
    st.integers(-30, 830),
)


@pytest.mark.long
@given(st.lists(TERMS, min_size=1, max_size=30))
def test_a_frame_of_any_terms_agrees_with_the_reference_and_loses_nothing(
    terms: list[tuple[str, int, date, int, int]],
) -> None:
    rows = [
        {
            "method_code": code,
            "premium_minor": premium,
            "effective_date": start,
            "expiration_date": start + timedelta(days=days),
            "cancellation_date": start + timedelta(days=used),
        }
        for code, premium, start, days, used in terms
    ]
    found = with_earned(pl.DataFrame(rows), CANCELLATION_METHODS.values())
    for row in found.iter_rows(named=True):
        method = CANCELLATION_METHODS[row["method_code"]]
        dates = (row["effective_date"], row["expiration_date"], row["cancellation_date"])
        assert row["earned_minor"] == earned(method, row["premium_minor"], *dates)
        assert row["earned_minor"] + row["unearned_minor"] == row["premium_minor"]
        assert 0 <= row["earned_minor"] <= row["premium_minor"]
    assert found.select(pl.DataFrame(rows).columns).rows() == pl.DataFrame(rows).rows()


@given(
    st.sampled_from(sorted(CANCELLATION_METHODS)),
    st.integers(0, 10**9),
    st.dates(date(1995, 1, 1), date(2050, 1, 1)),
    st.integers(1, 400),
)
def test_a_later_cancellation_never_earns_less(code: str, premium: int, start: date, days: int) -> None:
    term = {
        "method_code": code,
        "premium_minor": premium,
        "effective_date": start,
        "expiration_date": start + timedelta(days=days),
    }
    rows = [{**term, "cancellation_date": start + timedelta(days=used)} for used in range(days)]
    found = with_earned(pl.DataFrame(rows), CANCELLATION_METHODS.values())["earned_minor"]
    assert found.is_sorted()


def test_each_way_of_measuring_is_shipped() -> None:
    assert {method.basis for method in CANCELLATION_METHODS.values()} == set(EarnedBasis)
