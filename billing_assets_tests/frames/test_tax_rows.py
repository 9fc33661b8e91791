"""Which tax rows fall on a line, by today's rules and by those of the invoice that is given back."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.taxes import shipped_tax_rules
from billing_assets.frames.tax_rows import tax_rows_of_lines, tax_rows_of_originals
from billing_assets_tests.frames.rows import TAX_RULES, charged_by, tax_lines, tax_rule, tax_rules


def codes(lines: pl.DataFrame, rules: pl.DataFrame) -> list[tuple[int, str]]:
    """Line and tax code of each row that falls on a line."""
    return named(tax_rows_of_lines(lines, rules), rules)


def named(found: pl.DataFrame, rules: pl.DataFrame) -> list[tuple[int, str]]:
    words = rules.select("tax_rule_id", "tax_code")
    return found.join(words, on="tax_rule_id", maintain_order="left").select("line_row", "tax_code").rows()


def test_rows_for_any_line_fall_on_every_line_of_the_place() -> None:
    rules = tax_rules(tax_rule(1), tax_rule(2), tax_rule(3, place_code="GB"))
    assert codes(tax_lines(100), rules) == [(0, "T1"), (0, "T2")]


def test_a_row_that_names_the_line_replaces_all_rows_for_any_line() -> None:
    rules = tax_rules(tax_rule(1), tax_rule(2), tax_rule(3, line_of_business="motor"))
    assert codes(tax_lines(100), rules) == [(0, "T3")]
    assert codes(tax_lines(100, line_of_business="home"), rules) == [(0, "T1"), (0, "T2")]


def test_a_row_that_names_the_line_replaces_the_others_only_while_it_is_valid() -> None:
    rules = tax_rules(tax_rule(1), tax_rule(2, line_of_business="motor", valid_from=date(2024, 1, 2)))
    both = pl.concat([tax_lines(100), tax_lines(100, period_from_date=date(2024, 1, 2), line_row=1)])
    assert codes(both, rules) == [(0, "T1"), (1, "T2")]


def test_a_row_falls_on_the_charge_kinds_that_it_names() -> None:
    rules = tax_rules(tax_rule(1), tax_rule(2, charge_kinds="premium policy_fee"))
    assert codes(tax_lines(100), rules) == [(0, "T1"), (0, "T2")]
    assert codes(tax_lines(100, charge_kind="policy_fee"), rules) == [(0, "T2")]
    assert codes(tax_lines(100, charge_kind="fee"), rules) == []


def test_a_row_of_the_term_goes_by_the_day_on_which_the_term_began() -> None:
    """A new rate from 2024-01-01; the term began before, its second period after."""
    old = {"tax_code": "T", "valid_to": date(2024, 1, 1)}
    new = {"tax_code": "T", "valid_from": date(2024, 1, 1)}
    line = tax_lines(100, effective_date=date(2023, 7, 1), period_from_date=date(2024, 1, 1))
    for tax_point, expected in (("period", 2), ("term", 1)):
        rules = tax_rules(tax_rule(1, tax_point=tax_point, **old), tax_rule(2, tax_point=tax_point, **new))
        assert tax_rows_of_lines(line, rules)["tax_rule_id"].to_list() == [expected]


@pytest.mark.parametrize(
    "row",
    [
        tax_rule(1, place_code="GB"),
        tax_rule(1, line_of_business="home"),
        tax_rule(1, charge_kinds="policy_fee"),
        tax_rule(1, valid_from=date(2024, 1, 2)),
        tax_rule(1, valid_to=date(2024, 1, 1)),
        tax_rule(1, basis="term", amount_minor=100, currency="EUR", rate_ppm=0),
    ],
)
def test_a_line_that_no_rate_and_no_exemption_falls_on_is_missing(row: dict[str, Any]) -> None:
    assert codes(tax_lines(100), tax_rules(row)) == []


def test_a_line_that_is_left_out_is_missing_whatever_else_falls_on_it() -> None:
    left_out = tax_rule(2, category_code="X", rate_ppm=0)
    assert codes(tax_lines(100), tax_rules(tax_rule(1), left_out)) == []
    motor = tax_rule(2, category_code="X", rate_ppm=0, line_of_business="motor")
    both = pl.concat([tax_lines(100), tax_lines(100, line_of_business="home", line_row=1)])
    assert codes(both, tax_rules(tax_rule(1), motor)) == [(1, "T1")]


def test_a_fixed_amount_of_another_currency_leaves_the_line_without_a_rule() -> None:
    fixed = tax_rule(2, basis="term", amount_minor=100, currency="USD", rate_ppm=0)
    assert codes(tax_lines(100), tax_rules(tax_rule(1), fixed)) == []


def test_a_fixed_amount_per_term_falls_on_the_first_installment_of_each_term() -> None:
    fixed = tax_rule(2, basis="term", amount_minor=100, currency="EUR", rate_ppm=0)
    lines = pl.concat(
        [
            tax_lines(100, line_row=row, policy_term_id=term, installment_number=number)
            for row, (term, number) in enumerate([(7, 1), (7, 2), (8, 1), (8, 1)])
        ]
    )
    found = codes(lines, tax_rules(tax_rule(1), fixed))
    assert [row for row, code in found if code == "T2"] == [0, 2]
    assert [row for row, code in found if code == "T1"] == [0, 1, 2, 3]


def test_a_fixed_amount_per_term_falls_once_on_a_term_that_meets_rows_of_several_lines() -> None:
    fixed = {"tax_code": "F", "basis": "term", "amount_minor": 100, "currency": "EUR", "rate_ppm": 0}
    rules = tax_rules(
        *(tax_rule(number, line_of_business=line) for number, line in enumerate(("fire", "home"), start=1)),
        *(
            tax_rule(number, line_of_business=line, **fixed)
            for number, line in enumerate(("home", "fire"), start=3)
        ),
    )
    lines = pl.concat(
        [
            tax_lines(100, line_row=row, policy_term_id=term, line_of_business=line)
            for row, (term, line) in enumerate([(7, "fire"), (7, "home"), (8, "home"), (8, "home")])
        ]
    )
    found = codes(lines, rules)
    assert [row for row, code in found if code == "F"] == [0, 2]
    assert [row for row, code in found if code != "F"] == [0, 1, 2, 3]


def test_a_fixed_amount_per_document_falls_on_its_first_line() -> None:
    fixed = tax_rule(2, basis="document", amount_minor=100, currency="EUR", rate_ppm=0)
    lines = pl.concat(
        [tax_lines(100, line_row=row, draft_index=row // 2, installment_number=5) for row in range(4)]
    )
    found = codes(lines, tax_rules(tax_rule(1), fixed))
    assert [row for row, code in found if code == "T2"] == [0, 2]


def test_an_open_row_beside_its_successor_is_refused_and_taxes_nothing_twice() -> None:
    both = tax_rules(tax_rule(1, tax_code="T"), tax_rule(2, tax_code="T", valid_from=date(2024, 1, 1)))
    with pytest.raises(BillingError, match="two rows of 'T ES \\*' are valid on 2024-01-01"):
        tax_rows_of_lines(tax_lines(100), both)


@pytest.mark.parametrize(
    "other",
    [
        tax_rule(2, tax_code="A", place_code="GB"),
        tax_rule(2, tax_code="A", is_inclusive=True),
        tax_rule(2, tax_code="A", basis="net_and_taxes", basis_tax_codes="B"),
        tax_rule(2, tax_code="A", basis="term", amount_minor=1, currency="EUR", rate_ppm=0),
    ],
)
def test_a_tax_on_a_tax_that_it_cannot_fall_on_is_refused(other: dict[str, Any]) -> None:
    compound = tax_rule(1, tax_code="B", basis="net_and_taxes", basis_tax_codes="A")
    with pytest.raises(BillingError, match="tax_rule_unfit"):
        tax_rows_of_lines(tax_lines(100), tax_rules(compound, other))


def test_rates_inside_and_on_top_of_one_price_are_refused_and_an_exemption_beside_is_not() -> None:
    inside, on_top = tax_rule(1, is_inclusive=True), tax_rule(2)
    with pytest.raises(BillingError, match="of the rates on 'motor' in ES some are part of the price"):
        tax_rows_of_lines(tax_lines(100), tax_rules(inside, on_top))
    exempt = tax_rule(2, category_code="E", rate_ppm=0, exemption_reason="Act 2")
    fixed = tax_rule(3, basis="document", amount_minor=1, currency="EUR", rate_ppm=0)
    assert len(codes(tax_lines(100), tax_rules(inside, exempt, fixed))) == 3


def test_no_lines_have_no_rows() -> None:
    assert tax_rows_of_lines(tax_lines(1).clear(), TAX_RULES).height == 0


def rule_id(tax_code: str, rate_ppm: int) -> int:
    return next(
        number
        for number, row in enumerate(shipped_tax_rules())
        if (row.tax_code, row.rate_ppm) == (tax_code, rate_ppm)
    )


def charged(*nets: int, **values: Any) -> pl.DataFrame:
    line = {"effective_date": date(2020, 12, 1), "period_from_date": date(2020, 12, 1), **values}
    return tax_lines(*nets, **line).with_columns(original_invoice_id=pl.lit(41))


def originals(rules: pl.DataFrame, *tax_rule_ids: int) -> pl.DataFrame:
    rows = {"original_invoice_id": [41] * len(tax_rule_ids), "tax_rule_id": list(tax_rule_ids)}
    return charged_by(pl.DataFrame(rows), rules)


def test_what_was_charged_has_the_rows_of_its_invoice() -> None:
    """Charged in December 2020 at 6 %, asked for in 2024, when the rate is 8 %."""
    old = [rule_id("ES-IPS", 60_000), rule_id("ES-CCS", 1_500)]
    found = tax_rows_of_originals(charged(100_00), originals(TAX_RULES, *old), TAX_RULES)
    assert sorted(found["rate_ppm"]) == [1_500, 60_000]
    assert set(found["net_minor"]) == {100_00}


def test_a_row_that_was_ended_after_the_invoice_is_still_the_one_that_fell_on_it() -> None:
    ended = tax_rules(tax_rule(1, valid_to=date(2020, 6, 1)))
    assert named(tax_rows_of_originals(charged(100), originals(ended, 1), ended), ended) == [(0, "T1")]
    assert codes(charged(100), ended) == []


def test_of_two_rows_of_one_tax_on_the_invoice_each_line_takes_its_own() -> None:
    rules = tax_rules(
        tax_rule(1, tax_code="T", valid_to=date(2020, 12, 15)),
        tax_rule(2, tax_code="T", valid_from=date(2020, 12, 15)),
    )
    both = pl.concat([charged(100), charged(100, period_from_date=date(2020, 12, 20), line_row=1)])
    found = tax_rows_of_originals(both, originals(rules, 1, 2), rules)
    assert found.select("line_row", "tax_rule_id").rows() == [(0, 1), (1, 2)]


def test_a_row_that_names_the_line_replaces_the_others_on_an_invoice_too() -> None:
    rules = tax_rules(tax_rule(1), tax_rule(2, line_of_business="motor"))
    both = pl.concat([charged(100), charged(100, line_of_business="home", line_row=1)])
    assert named(tax_rows_of_originals(both, originals(rules, 1, 2), rules), rules) == [(0, "T2"), (1, "T1")]
