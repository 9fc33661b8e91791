"""Money: minor units of every currency, one rounding law, amounts read exactly or refused."""

import json
from decimal import Decimal
from typing import Any

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.money import (
    CURRENCIES,
    MAX_AMOUNT_MINOR,
    amount_text,
    minor_digits,
    parse_minor,
    plain_amount,
    round_half_up,
)
from billing_assets_tests.house.tree import ROOT

# Cases of QuantLib's rounding test and the ISO 4217 list, where they lie beside the project.
ORACLE = ROOT.parent.joinpath("shared", "oracle", "rounding.json")


def oracle(kind: str) -> list[dict[str, Any]]:
    if not ORACLE.exists():
        pytest.skip("the outside cases of rounding.json do not lie beside the project")
    cases = [case for case in json.loads(ORACLE.read_text(encoding="utf-8"))["cases"] if case["kind"] == kind]
    assert cases
    return cases


def test_the_minor_digits_of_every_currency_agree_with_the_outside_list() -> None:
    ours = {case["currency"]: CURRENCIES.get(case["currency"]) for case in oracle("minor_units")}
    assert ours == {case["currency"]: case["expected"] for case in oracle("minor_units")}


def test_rounding_agrees_with_the_outside_cases_of_half_away_from_zero() -> None:
    for case in oracle("round"):
        if case["mode"] == "half_away":
            scale = 10 ** case["decimals"]
            numerator, denominator = Decimal(case["value"]).as_integer_ratio()
            rounded = round_half_up(numerator * scale, denominator)
            assert Decimal(rounded) / scale == Decimal(case["expected"]), case["id"]


@pytest.mark.parametrize(
    ("currency", "digits"),
    [("EUR", 2), ("GBP", 2), ("USD", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3), ("TND", 3), ("CLF", 4)],
)
def test_minor_digits_by_hand(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits


def test_each_currency_has_three_capital_letters_and_stands_once() -> None:
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in CURRENCIES)
    assert len(CURRENCIES) == 165


@pytest.mark.parametrize("currency", ["eur", "", "XXX", "EURO"])
def test_an_unknown_currency_is_refused_by_name(currency: str) -> None:
    with pytest.raises(BillingError, match="currency_unknown") as caught:
        minor_digits(currency)
    assert caught.value.code == "currency_unknown"


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [
        (0, 7, 0),
        (1, 2, 1),
        (-1, 2, -1),
        (3, 2, 2),
        (-3, 2, -2),
        (1, 3, 0),
        (2, 3, 1),
        (-2, 3, -1),
        (4_999, 10_000, 0),
        (10**40 + 5, 10, 10**39 + 1),
        (-(10**40) - 5, 10, -(10**39) - 1),
    ],
)
def test_halves_go_away_from_zero(numerator: int, denominator: int, expected: int) -> None:
    assert round_half_up(numerator, denominator) == expected


@pytest.mark.parametrize("denominator", [0, -1])
def test_a_denominator_of_zero_or_below_is_refused(denominator: int) -> None:
    with pytest.raises(ValueError, match="above zero"):
        round_half_up(1, denominator)


@pytest.mark.parametrize(
    ("text", "currency", "mark", "expected"),
    [
        ("902.0", "EUR", ".", 90200),
        ("902", "EUR", ".", 90200),
        ("0.01", "EUR", ".", 1),
        ("-0.05", "EUR", ".", -5),
        ("-0.00", "EUR", ".", 0),
        ("1.2300", "EUR", ".", 123),
        ("1050.000", "JPY", ".", 1050),
        ("0.005", "KWD", ".", 5),
        ("12,5", "EUR", ",", 1250),
        (" 1234.56\u00a0", "EUR", ".", 123456),
        ("\u202f1234,56\t", "EUR", ",", 123456),
        ("10000000000000.00", "EUR", ".", MAX_AMOUNT_MINOR),
    ],
)
def test_an_amount_is_read_exactly(text: str, currency: str, mark: str, expected: int) -> None:
    assert parse_minor(text, currency, mark) == expected


@pytest.mark.parametrize(
    ("text", "mark", "reason"),
    [
        ("", ".", "amount_empty"),
        ("  ", ".", "amount_empty"),
        ("1,234.56", ".", "amount_not_a_number"),
        ("1.234,56", ",", "amount_not_a_number"),
        ("12.5", ",", "amount_not_a_number"),
        (".5", ".", "amount_not_a_number"),
        ("5.", ".", "amount_not_a_number"),
        ("+5", ".", "amount_not_a_number"),
        ("1e3", ".", "amount_not_a_number"),
        ("NaN", ".", "amount_not_a_number"),
        ("(5.00)", ".", "amount_not_a_number"),
        ("12 34", ".", "amount_not_a_number"),
        ("1 234.50", ".", "amount_not_a_number"),
        ("1\u202f234.50", ".", "amount_not_a_number"),
        ("- 5", ".", "amount_not_a_number"),
        ("1_234", ".", "amount_not_a_number"),
        ("0" * 41, ".", "amount_not_a_number"),
        ("1.005", ".", "amount_too_fine"),
        ("10000000000000.01", ".", "amount_out_of_range"),
        ("-10000000000000.01", ".", "amount_out_of_range"),
    ],
)
def test_an_amount_that_is_not_plain_is_refused_with_its_reason(text: str, mark: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{reason}$"):
        parse_minor(text, "EUR", mark)


@pytest.mark.parametrize(
    ("text", "mark", "thousands", "expected"),
    [
        ("1,234,567.50", ".", ",", 123456750),
        ("1.234,50", ",", ".", 123450),
        ("-1.234", ",", ".", -123400),
        ("1 234.50", ".", " ", 123450),
        ("1\u00a0234.50", ".", "\u00a0", 123450),
        ("12'345", ".", "'", 1234500),
        ("1234.50", ".", ",", 123450),
        ("999", ".", ",", 99900),
    ],
)
def test_a_declared_grouping_mark_parts_digits_in_threes(
    text: str, mark: str, thousands: str, expected: int
) -> None:
    assert parse_minor(text, "EUR", mark, thousands) == expected


@pytest.mark.parametrize(
    "text", ["1,23", "12,34.5", "1234,567", ",123", "1,,234", "1.234,5", "1,234.567,8", "1 234"]
)
def test_a_declared_grouping_mark_elsewhere_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="amount_not_a_number"):
        parse_minor(text, "EUR", ".", ",")


@pytest.mark.parametrize("text", ["١٢", "\uff11\uff12", "1\x1c2", "1\x1f2"])
def test_digits_of_other_scripts_and_control_characters_are_no_amount(text: str) -> None:
    """The column twin in `frames.amounts` refuses them too: one file never reads in two ways."""
    with pytest.raises(ValueError, match="amount_not_a_number"):
        parse_minor(text, "EUR")


def test_an_amount_in_an_unknown_currency_is_refused() -> None:
    with pytest.raises(BillingError, match="currency_unknown"):
        parse_minor("1", "XXX")


@pytest.mark.parametrize(
    ("amount_minor", "currency", "plain", "text"),
    [
        (0, "EUR", "0.00", "0.00 EUR"),
        (5, "EUR", "0.05", "0.05 EUR"),
        (-5, "EUR", "-0.05", "-0.05 EUR"),
        (123_456_789, "EUR", "1234567.89", "1,234,567.89 EUR"),
        (-1050, "JPY", "-1050", "-1,050 JPY"),
        (1_000_005, "KWD", "1000.005", "1,000.005 KWD"),
    ],
)
def test_an_amount_is_written_with_the_digits_of_its_currency(
    amount_minor: int, currency: str, plain: str, text: str
) -> None:
    assert plain_amount(amount_minor, currency) == plain
    assert amount_text(amount_minor, currency) == text
