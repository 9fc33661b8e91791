"""A tax row is a value that can be judged by itself, and falls on a line by place, line and day."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from billing_assets.domain.tax_rule import (
    ANY_LINE,
    Basis,
    Category,
    RoundingScope,
    TaxRule,
    falls_on,
    rate_words,
    rule_faults,
)

RULE = TaxRule(
    tax_code="XX-TAX",
    place_code="XX",
    line_of_business=ANY_LINE,
    rate_ppm=80_000,
    valid_from=date(2021, 1, 1),
    source="Act 1",
)


def test_a_row_is_an_open_rate_on_the_net_amount_of_premium_unless_it_says_otherwise() -> None:
    assert RULE.valid_to is None
    assert RULE.exemption_reason == ""
    assert (RULE.basis, RULE.charge_kinds, RULE.is_inclusive) == (Basis.NET, "premium", False)
    assert rule_faults(RULE) == []


def test_rows_with_the_same_content_are_one() -> None:
    assert len({RULE, replace(RULE), replace(RULE, rate_ppm=60_000)}) == 2


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"source": " "}, "no source"),
        ({"valid_to": date(2021, 1, 1)}, "ends before it begins"),
        ({"rate_ppm": 1_000_001}, "not between 0 and the whole"),
        ({"rounding_minor": 0}, "rounded to nothing"),
        ({"basis": Basis.TERM}, "an amount and its currency"),
        ({"currency": "EUR"}, "an amount and its currency"),
        (
            {"basis": Basis.TERM, "rate_ppm": 0, "amount_minor": 5, "currency": "QQQ"},
            "an amount and its currency",
        ),
        ({"rate_ppm": 0}, "only a taxed row has a rate"),
        ({"category_code": Category.LEFT_OUT}, "only a taxed row has a rate"),
        ({"category_code": Category.EXEMPT, "rate_ppm": 0}, "an exempt row says why"),
        ({"exemption_reason": "poor"}, "an exempt row says why"),
        ({"basis": Basis.NET_AND_TAXES}, "a tax on other taxes names them"),
        (
            {
                "basis": Basis.DOCUMENT,
                "rate_ppm": 0,
                "amount_minor": 5,
                "currency": "EUR",
                "is_inclusive": True,
            },
            "never part of the price",
        ),
    ],
)
def test_an_unsound_row_is_told_what_is_wrong_with_it(values: dict[str, Any], words: str) -> None:
    assert any(words in fault for fault in rule_faults(replace(RULE, **values)))


def test_sound_rows_of_every_kind_have_no_fault() -> None:
    none: dict[str, Any] = {"rate_ppm": 0}
    for values in (
        {"basis": Basis.TERM, "amount_minor": 5, "currency": "EUR", **none},
        {"category_code": Category.EXEMPT, "exemption_reason": "Act 2", **none},
        {"category_code": Category.LEFT_OUT, **none},
        {"basis": Basis.NET_AND_TAXES, "basis_tax_codes": "XX-TAX"},
        {"is_inclusive": True},
    ):
        assert rule_faults(replace(RULE, **values)) == []


def test_a_row_holds_from_its_first_day_to_the_day_before_its_end() -> None:
    row = replace(RULE, valid_to=date(2022, 1, 1))
    days = (date(2020, 12, 31), date(2021, 1, 1), date(2021, 12, 31), date(2022, 1, 1))
    assert [row.is_valid_on(day) for day in days] == [False, True, True, False]


def test_rows_that_name_the_line_replace_those_for_any_line() -> None:
    named = replace(RULE, line_of_business="travel", valid_from=date(2022, 1, 1))
    rules = [RULE, named]
    assert falls_on(rules, "XX", "travel", date(2022, 1, 1)) == [named]
    assert falls_on(rules, "XX", "travel", date(2021, 1, 1)) == [RULE]
    assert falls_on(rules, "XX", "motor", date(2022, 1, 1)) == [RULE]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "8 %"),
        ({"rate_ppm": 1_500}, "0.15 %"),
        ({"rate_ppm": 1_000_000}, "100 %"),
        ({"category_code": Category.EXEMPT, "rate_ppm": 0}, "exempt"),
        ({"category_code": Category.LEFT_OUT, "rate_ppm": 0}, "left out"),
        ({"basis": Basis.TERM, "rate_ppm": 0, "amount_minor": 5_90, "currency": "EUR"}, "5.90 EUR per term"),
        (
            {"basis": Basis.DOCUMENT, "rate_ppm": 0, "amount_minor": 50, "currency": "JPY"},
            "50 JPY per document",
        ),
        ({"basis": Basis.NET_AND_TAXES, "basis_tax_codes": "A B"}, "8 % of net and A and B"),
        ({"is_inclusive": True}, "8 %, in the price"),
        (
            {"rounding_scope": RoundingScope.POLICY, "rounding_minor": 100},
            "8 %, rounded per policy, rounded to 100 minor units",
        ),
    ],
)
def test_a_row_says_in_words_how_much_it_takes(values: dict[str, Any], words: str) -> None:
    assert rate_words(replace(RULE, **values)) == words
