"""A tax row is a value: equal rows are the same row."""

from dataclasses import replace
from datetime import date

from billing_assets.domain.tax_rule import ANY_LINE, TaxRule

RULE = TaxRule(
    tax_code="XX-TAX",
    place_code="XX",
    line_of_business=ANY_LINE,
    category_code="S",
    rate_ppm=80_000,
    valid_from=date(2021, 1, 1),
    source="Act 1",
)


def test_a_row_is_open_and_taxed_unless_it_says_otherwise() -> None:
    assert RULE.valid_to is None
    assert RULE.exemption_reason == ""


def test_rows_with_the_same_content_are_one() -> None:
    assert len({RULE, replace(RULE), replace(RULE, rate_ppm=60_000)}) == 2
