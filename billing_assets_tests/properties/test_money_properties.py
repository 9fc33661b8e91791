"""One rounding law for one amount, for columns and for decimals; amounts survive writing and reading."""

from decimal import ROUND_HALF_UP, Context, Decimal

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.money import (
    CURRENCIES,
    MAX_AMOUNT_MINOR,
    amount_text,
    parse_minor,
    plain_amount,
    round_half_up,
)
from billing_assets.frames.rounding import divide_half_up
from billing_assets_tests.properties.strategies import STEADY

EXACT = Context(prec=120)
INT64 = 2**63
PAIRS = st.lists(
    st.tuples(
        st.integers(-(2**125), 2**125) | st.integers(-50, 50) | st.integers(-(10**19), 10**19),
        st.integers(1, 2**62) | st.integers(1, 12) | st.sampled_from([10**6, 366, 2]),
    ),
    min_size=1,
    max_size=30,
)
AMOUNTS = st.integers(-MAX_AMOUNT_MINOR, MAX_AMOUNT_MINOR) | st.integers(-1_000, 1_000)
CODES = st.sampled_from(sorted(CURRENCIES))


@STEADY
@given(pairs=PAIRS)
def test_columns_round_as_single_amounts_and_as_decimals_do(pairs: list[tuple[int, int]]) -> None:
    frame = pl.DataFrame(pairs, schema={"n": pl.Int128, "d": pl.Int128}, orient="row")
    columns = frame.select(q=divide_half_up(pl.col("n"), pl.col("d")))["q"].to_list()
    for (numerator, denominator), column in zip(pairs, columns, strict=True):
        single = round_half_up(numerator, denominator)
        quotient = EXACT.divide(Decimal(numerator), Decimal(denominator))
        assert single == int(quotient.quantize(Decimal(1), rounding=ROUND_HALF_UP, context=EXACT))
        assert column == (single if -INT64 <= single < INT64 else None)


@STEADY
@given(numerator=st.integers(), denominator=st.integers(min_value=1), factor=st.integers(1, 10**9))
def test_a_rounded_fraction_is_within_a_half_and_does_not_depend_on_how_it_is_written(
    numerator: int, denominator: int, factor: int
) -> None:
    rounded = round_half_up(numerator, denominator)
    assert 2 * abs(rounded * denominator - numerator) <= denominator
    assert rounded == round_half_up(numerator * factor, denominator * factor)
    assert rounded == -round_half_up(-numerator, denominator)


@STEADY
@given(amount=AMOUNTS, currency=CODES)
def test_an_amount_that_is_written_plainly_is_read_back(amount: int, currency: str) -> None:
    plain = plain_amount(amount, currency)
    assert parse_minor(plain, currency) == amount
    assert parse_minor(plain.replace(".", ","), currency, ",") == amount


@STEADY
@given(amount=AMOUNTS, currency=CODES)
def test_an_amount_for_people_differs_from_the_plain_one_only_by_commas_and_currency(
    amount: int, currency: str
) -> None:
    text = amount_text(amount, currency)
    assert text.replace(",", "") == f"{plain_amount(amount, currency)} {currency}"
