"""Rates are read exactly, and an amount is converted with one rounding."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.errors import BillingError
from billing_assets.domain.exchange_rates import (
    MAX_RATE_E10,
    RATE_ONE,
    ExchangeRate,
    checked_rate,
    convert_minor,
    parse_rate,
    rate_text,
    reported,
)

DAY = date(2025, 1, 15)
CODES = st.sampled_from(["EUR", "JPY", "KWD", "USD", "CLF"])
DIGITS = {"EUR": 2, "JPY": 0, "KWD": 3, "USD": 2, "CLF": 4}


def rate(currency: str, text: str, base: str = "EUR") -> ExchangeRate:
    return checked_rate(base, currency, DAY, text, "a test")


@given(rate_e10=st.integers(1, MAX_RATE_E10))
def test_a_rate_that_is_written_is_read_as_it_was(rate_e10: int) -> None:
    assert parse_rate(rate_text(rate_e10)) == rate_e10


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "rate_not_a_number"),
        ("1,08", "rate_not_a_number"),
        ("-1", "rate_not_a_number"),
        ("1e3", "rate_not_a_number"),
        ("٣", "rate_not_a_number"),
        ("1.00000000001", "rate_too_fine"),
        ("0", "rate_out_of_range"),
        ("100000001", "rate_out_of_range"),
    ],
)
def test_what_is_no_rate_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_rate(text)
    with pytest.raises(BillingError, match="rate_invalid"):
        rate("USD", text)


@pytest.mark.parametrize(
    ("base", "currency", "source"),
    [("EUR", "EUR", "x"), ("EUR", "XXQ", "x"), ("E", "USD", "x"), ("EUR", "USD", " ")],
)
def test_currencies_that_are_none_and_rates_without_a_source_are_refused(
    base: str, currency: str, source: str
) -> None:
    with pytest.raises(BillingError, match="rate_invalid"):
        checked_rate(base, currency, DAY, "1", source)


@given(
    amount=st.integers(-(10**15), 10**15),
    currency=CODES,
    into=CODES,
    first=st.integers(1, 10**14),
    second=st.integers(1, 10**14),
)
def test_a_conversion_is_the_decimal_one_rounded_once(
    amount: int, currency: str, into: str, first: int, second: int
) -> None:
    exact = Decimal(amount).scaleb(-DIGITS[currency]) * second / first
    # 60 digits: the division is cut far below any half, as neither rate has more than 15.
    expected = int(exact.scaleb(DIGITS[into]).quantize(Decimal(1), ROUND_HALF_UP))
    assert convert_minor(amount, currency, first, into, second) == expected


@pytest.fixture(autouse=True)
def _digits() -> None:
    """Let the decimal twin have room for every product here."""
    from decimal import getcontext

    getcontext().prec = 60


def test_amounts_of_the_base_the_same_and_a_third_currency_are_reported() -> None:
    rates = {"USD": rate("USD", "1.25"), "JPY": rate("JPY", "160")}
    totals = [("EUR", 10_00, 1_00), ("USD", 12_50, 0), ("JPY", 1_600, 0)]
    into_dollars = reported(totals, "USD", rates)
    assert [(row.currency, row.net_minor, row.tax_minor) for row in into_dollars] == [
        ("EUR", 12_50, 1_25),
        ("USD", 12_50, 0),
        ("JPY", 12_50, 0),
    ]
    used = [[each.currency for each in row.rates] for row in into_dollars]
    assert used == [["USD"], [], ["JPY", "USD"]]


def test_a_currency_without_a_rate_is_not_known_and_nothing_is_made_up() -> None:
    (row,) = reported([("GBP", 100, 20)], "EUR", {"USD": rate("USD", "1.25")})
    assert (row.is_known, row.net_minor, row.tax_minor, row.rates) == (False, 0, 0, ())
    (own,) = reported([("EUR", 100, 20)], "EUR", {})
    assert (own.is_known, own.net_minor) == (True, 100)


def test_the_rate_of_the_base_is_one() -> None:
    assert convert_minor(101, "EUR", RATE_ONE, "EUR", RATE_ONE) == 101
