"""The rounding law over columns is the law of `domain.money`."""

import polars as pl
import pytest

from billing_assets.domain.money import round_half_up
from billing_assets.frames.rounding import divide_down, divide_half_up, exact_sum, wide


def divided(numerator: int | None, denominator: int) -> int | None:
    frame = pl.DataFrame({"n": [numerator]}, schema={"n": pl.Int128})
    value: int | None = frame.select(divide_half_up(pl.col("n"), pl.lit(denominator))).item()
    return value


@pytest.mark.parametrize("numerator", [0, 1, -1, 2, -2, 3, -3, 5, -5, 10**25 + 1, -(10**25) - 1])
@pytest.mark.parametrize("denominator", [1, 2, 3, 10**10])
def test_columns_round_as_single_amounts(numerator: int, denominator: int) -> None:
    expected = round_half_up(numerator, denominator)
    fits = -(2**63) <= expected < 2**63
    assert divided(numerator, denominator) == (expected if fits else None)


def test_a_result_beyond_int64_is_null_and_never_wraps() -> None:
    assert divided(2**63, 1) is None
    assert divided(2**63 - 1, 1) == 2**63 - 1
    assert divided(-(2**63), 1) == -(2**63)
    assert divided(-(2**63) - 1, 1) is None


def test_null_stays_null() -> None:
    assert divided(None, 2) is None


def test_rounding_down_never_bills_more() -> None:
    frame = pl.DataFrame({"n": [0, 1, 2, 3, 10**15]})
    assert frame.select(divide_down(pl.col("n"), pl.lit(3)))["n"].to_list() == [0, 0, 0, 1, 333333333333333]


def test_products_of_the_largest_figures_are_exact_when_wide() -> None:
    frame = pl.DataFrame({"a": [10**15]})
    assert frame.select(wide(pl.col("a")) * 1_000_000 * 366 * 366).item() == 10**15 * 1_000_000 * 366 * 366


def test_a_sum_goes_beyond_int64() -> None:
    frame = pl.DataFrame({"a": [2**63 - 1] * 3})
    assert frame.select(exact_sum(pl.col("a"))).item() == 3 * (2**63 - 1)


def test_the_sum_of_nothing_is_0() -> None:
    assert pl.DataFrame({"a": []}, schema={"a": pl.Int64}).select(exact_sum(pl.col("a"))).item() == 0
