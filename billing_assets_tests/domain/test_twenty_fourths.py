"""Unearned premium by twenty-fourths agrees with the published cases."""

from datetime import date
from fractions import Fraction

from billing_assets.domain.twenty_fourths import unearned_part
from billing_assets_tests.oracle import oracle_cases


def test_the_published_months_have_the_published_parts() -> None:
    for case in oracle_cases("short_rate", "twenty_fourths"):
        written, valued = (date(2024, case[name], 28) for name in ("written_month", "valuation_month_end"))
        assert unearned_part(written, valued) == Fraction(case["expected"]["unearned_24ths"], 24), case["id"]


def test_the_published_amount_comes_out() -> None:
    for case in oracle_cases("short_rate", "twenty_fourths_amount"):
        written = date(2024, 12 - case["full_months_remaining"] + 1, 1)
        part = unearned_part(written, date(2024, 12, 31))
        assert part * Fraction(case["premium"]) == Fraction(case["expected"]["unearned"]), case["id"]


def test_all_is_unearned_before_and_nothing_after_the_term() -> None:
    assert unearned_part(date(2024, 7, 1), date(2024, 6, 30)) == 1
    assert unearned_part(date(2024, 7, 1), date(2025, 7, 31)) == 0
