"""Numbers and dates read as people of the place write them."""

from datetime import date
from decimal import Decimal

import pytest
from babel.numbers import parse_decimal
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.documents.formats import (
    long_date,
    major,
    money,
    percent,
    period,
    plain_amount,
    short_date,
)


@pytest.mark.parametrize(
    ("amount_minor", "currency", "locale_code", "expected"),
    [
        (123456789, "EUR", "es_ES", "1.234.567,89\u00a0€"),
        (123456, "EUR", "en_GB", "€1,234.56"),
        (123456, "GBP", "en_GB", "£1,234.56"),
        (123456, "GBP", "es_ES", "1.234,56\u00a0GBP"),
        (123456, "USD", "en_US", "$1,234.56"),
        (123456, "USD", "es_US", "$1,234.56"),
        (123456, "JPY", "en_US", "¥123,456"),
        (123456, "JPY", "es_ES", "123.456\u00a0JPY"),
        (123456, "KWD", "en_GB", "KWD\u00a0123.456"),
        (5, "KWD", "es_ES", "0,005\u00a0KWD"),
        (-5, "GBP", "en_GB", "−£0.05"),
        (0, "EUR", "es_ES", "0,00\u00a0€"),
    ],
)
def test_money_has_the_digits_of_its_minor_unit(
    amount_minor: int, currency: str, locale_code: str, expected: str
) -> None:
    assert money(amount_minor, currency, locale_code) == expected


@given(
    amount_minor=st.integers(min_value=-(10**18), max_value=10**18),
    currency=st.sampled_from(["EUR", "JPY", "KWD", "GBP", "USD"]),
    locale_code=st.sampled_from(["en_GB", "en_US", "es_ES", "es_MX"]),
)
def test_no_digit_is_lost_on_the_way_to_the_reader(
    amount_minor: int, currency: str, locale_code: str
) -> None:
    text = plain_amount(amount_minor, currency, locale_code).replace("−", "-")
    assert parse_decimal(text, locale=locale_code) == major(amount_minor, currency)


def test_major_is_exact_beyond_floats() -> None:
    assert major(9_007_199_254_740_993, "EUR") == Decimal("90071992547409.93")


@pytest.mark.parametrize(
    ("rate_ppm", "locale_code", "expected"),
    [
        (80_000, "es_ES", "8\u00a0%"),
        (1_500, "es_ES", "0,15\u00a0%"),
        (33_125, "en_US", "3.3125%"),
        (1, "en_GB", "0.0001%"),
    ],
)
def test_a_rate_shows_all_its_digits_and_no_more(rate_ppm: int, locale_code: str, expected: str) -> None:
    assert percent(rate_ppm, locale_code) == expected


def test_a_half_open_period_ends_on_its_last_covered_day() -> None:
    assert period(date(2027, 1, 1), date(2027, 2, 1), "en_GB") == "1–31 Jan 2027"
    assert period(date(2027, 12, 15), date(2028, 1, 15), "es_ES") == "15 dic 2027\u2009–\u200914 ene 2028"


def test_an_empty_period_shows_its_day() -> None:
    assert period(date(2027, 1, 1), date(2027, 1, 1), "en_GB") == "1 Jan 2027"


def test_the_month_of_a_date_is_in_words() -> None:
    assert [long_date(date(2027, 2, 1), code) for code in ("en_GB", "en_US", "es_ES")] == [
        "1 February 2027",
        "February 1, 2027",
        "1 de febrero de 2027",
    ]


@pytest.mark.parametrize(
    ("day", "text"), [(date(2027, 2, 1), "1er février 2027"), (date(2027, 2, 11), "11 février 2027")]
)
def test_french_counts_the_first_of_a_month_only(day: date, text: str) -> None:
    assert long_date(day, "fr_FR") == text


def test_a_short_date_has_no_more_than_it_needs() -> None:
    shown = [short_date(date(2027, 1, 1), locale) for locale in ("de_DE", "es_ES", "fr_FR")]
    assert shown == ["1. Jan. 2027", "1 ene 2027", "1er janv. 2027"]
