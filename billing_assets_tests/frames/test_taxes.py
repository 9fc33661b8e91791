"""Which tax rows fall on a line, the tax of a document, and each line's share of it."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.frames.taxes import document_taxes, line_shares, tax_rows_of_lines
from billing_assets_tests.frames.rows import TAX_RULES


def rule(tax_rule_id: int, **values: Any) -> dict[str, Any]:
    return {
        "tax_rule_id": tax_rule_id,
        "tax_code": f"T{tax_rule_id}",
        "place_code": "ES",
        "line_of_business": "*",
        "category_code": "S",
        "rate_ppm": 80_000,
        "exemption_reason": "",
        "valid_from": date(2020, 1, 1),
        "valid_to": None,
        **values,
    }


def rules(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema_overrides={"valid_to": pl.Date})


def lines(*nets: int, **values: Any) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "line_row": number,
                "draft_index": 0,
                "place_code": "ES",
                "line_of_business": "motor",
                "period_from_date": date(2024, 1, 1),
                "net_minor": net,
                **values,
            }
            for number, net in enumerate(nets)
        ]
    )


def codes(lines_: pl.DataFrame, rules_: pl.DataFrame) -> list[tuple[int, str]]:
    return tax_rows_of_lines(lines_, rules_).select("line_row", "tax_code").rows()


def shares(lines_: pl.DataFrame, rules_: pl.DataFrame) -> list[int]:
    return line_shares(tax_rows_of_lines(lines_, rules_)).sort("line_row")["tax_minor"].to_list()


def test_rows_for_any_line_fall_on_every_line_of_the_place() -> None:
    assert codes(lines(100), rules(rule(1), rule(2), rule(3, place_code="GB"))) == [(0, "T1"), (0, "T2")]


def test_a_row_that_names_the_line_replaces_all_rows_for_any_line() -> None:
    named = rule(3, line_of_business="motor")
    assert codes(lines(100), rules(rule(1), rule(2), named)) == [(0, "T3")]
    assert codes(lines(100, line_of_business="home"), rules(rule(1), rule(2), named)) == [
        (0, "T1"),
        (0, "T2"),
    ]


def test_a_row_that_names_the_line_replaces_the_others_only_while_it_is_valid() -> None:
    named = rule(2, line_of_business="motor", valid_from=date(2024, 1, 2))
    both = pl.concat([lines(100), lines(100, period_from_date=date(2024, 1, 2), line_row=1)])
    assert codes(both, rules(rule(1), named)) == [(0, "T1"), (1, "T2")]


@pytest.mark.parametrize(
    "row",
    [
        rule(1, place_code="GB"),
        rule(1, line_of_business="home"),
        rule(1, valid_from=date(2024, 1, 2)),
        rule(1, valid_to=date(2024, 1, 1)),
    ],
)
def test_a_line_that_no_row_falls_on_is_missing(row: dict[str, Any]) -> None:
    assert codes(lines(100), rules(row)) == []
    assert shares(lines(100), rules(row)) == []


def test_an_open_row_beside_its_successor_is_refused_and_taxes_nothing_twice() -> None:
    both = rules(rule(1, tax_code="T"), rule(2, tax_code="T", valid_from=date(2024, 1, 1)))
    with pytest.raises(BillingError, match="two rows of 'T ES \\*' are valid on 2024-01-01"):
        tax_rows_of_lines(lines(100), both)


def test_a_document_is_rounded_once_per_tax_row_and_its_lines_add_up_to_it() -> None:
    """8 % of 3.21 is 25.68 cents; of each 1.07 it would be 9 three times."""
    found = tax_rows_of_lines(lines(107, 107, 107), TAX_RULES)
    taxes = document_taxes(found).select("tax_number", "tax_code", "base_minor", "tax_minor").rows()
    assert taxes == [(1, "ES-CCS", 321, 0), (2, "ES-IPS", 321, 26)]
    assert shares(lines(107, 107, 107), TAX_RULES) == [9, 8, 9]


def test_shares_run_in_the_order_of_the_lines_not_of_their_amounts() -> None:
    """8 % of 0.19 is 1.52 cents, of 0.26 it is 2.08: the second line comes to nothing."""
    assert shares(lines(19, 7), rules(rule(1))) == [2, 0]


def test_two_rows_of_one_tax_on_one_document_are_two_groups() -> None:
    """A change of the rate, or of nothing but the row, between two lines of a document."""
    old = rule(1, tax_code="T", valid_to=date(2024, 1, 2))
    new = rule(2, tax_code="T", valid_from=date(2024, 1, 2))
    both = pl.concat([lines(106), lines(106, period_from_date=date(2024, 1, 2), line_row=1)])
    found = tax_rows_of_lines(both, rules(old, new))
    assert document_taxes(found).select("base_minor", "tax_minor").rows() == [(106, 8), (106, 8)]
    assert shares(both, rules(old, new)) == [8, 8]


def test_a_negative_amount_mirrors_the_positive_one() -> None:
    """8 % of 1.06 is 8.48, of 1.19 it is 9.52."""
    assert shares(lines(106, 119), rules(rule(1))) == [8, 10]
    assert shares(lines(-106, -119), rules(rule(1))) == [-8, -10]


def test_documents_do_not_mix() -> None:
    two = pl.concat([lines(6), lines(6, line_row=1, draft_index=1)])
    found = tax_rows_of_lines(two, rules(rule(1)))
    assert document_taxes(found).select("draft_index", "tax_number", "tax_minor").rows() == [
        (0, 1, 0),
        (1, 1, 0),
    ]
    assert shares(two, rules(rule(1))) == [0, 0]


def test_an_exempt_line_has_its_base_and_no_tax() -> None:
    found = tax_rows_of_lines(lines(100_00, place_code="DE", line_of_business="health"), TAX_RULES)
    taxes = document_taxes(found).select("tax_code", "category_code", "base_minor", "tax_minor").rows()
    assert taxes == [("DE-EXEMPT", "E", 100_00, 0)]


def test_the_largest_amounts_are_taxed_exactly() -> None:
    biggest = 10**15
    assert shares(lines(biggest, biggest), rules(rule(1, rate_ppm=199_999))) == [199999 * 10**9] * 2


def test_no_lines_have_no_taxes() -> None:
    empty = lines(1).clear()
    assert document_taxes(tax_rows_of_lines(empty, TAX_RULES)).height == 0
    assert line_shares(tax_rows_of_lines(empty, TAX_RULES)).height == 0
