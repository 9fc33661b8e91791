"""The tax of a document, and each line's share of it, for every kind of tax row."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from billing_assets.frames.tax_rows import tax_rows_of_lines, tax_rows_of_originals
from billing_assets.frames.taxes import document_taxes, line_shares, tax_amounts
from billing_assets_tests.domain.taxes.cases import CASES, Case
from billing_assets_tests.frames.rows import TAX_RULES, charged_by, tax_lines, tax_rule, tax_rules


def amounts(lines: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    return tax_amounts(tax_rows_of_lines(lines, rules), rules)


def shares(lines: pl.DataFrame, rules: pl.DataFrame) -> list[int]:
    return line_shares(amounts(lines, rules)).sort("line_row")["tax_minor"].to_list()


def taxes(lines: pl.DataFrame, rules: pl.DataFrame) -> list[tuple[str, int, int]]:
    """Code, base and amount of each tax of the documents."""
    found = document_taxes(amounts(lines, rules), rules)
    return found.select("tax_code", "base_minor", "tax_minor").rows()


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.place_code}-{case.line_of_business}-{case.day}"
)
def test_the_engine_comes_to_every_amount_that_was_worked_out_by_hand(case: Case) -> None:
    line = tax_lines(
        case.net_minor,
        place_code=case.place_code,
        line_of_business=case.line_of_business,
        charge_kind=case.charge_kind,
        currency=case.currency,
        effective_date=case.day,
        period_from_date=case.day,
    )
    assert {code: tax for code, _, tax in taxes(line, TAX_RULES)} == case.taxes


def test_a_document_is_rounded_once_per_tax_row_and_its_lines_add_up_to_it() -> None:
    """8 % of 3.21 is 25.68 cents; of each 1.07 it would be 9 three times."""
    assert taxes(tax_lines(107, 107, 107), TAX_RULES) == [("ES-CCS", 321, 0), ("ES-IPS", 321, 26)]
    assert shares(tax_lines(107, 107, 107), TAX_RULES) == [9, 8, 9]


def test_taxes_are_numbered_within_their_document() -> None:
    two = pl.concat([tax_lines(107), tax_lines(107, line_row=1, draft_index=1)])
    found = document_taxes(amounts(two, TAX_RULES), TAX_RULES)
    assert found.select("draft_index", "tax_number", "tax_code").rows() == [
        (0, 1, "ES-CCS"),
        (0, 2, "ES-IPS"),
        (1, 1, "ES-CCS"),
        (1, 2, "ES-IPS"),
    ]


def test_shares_run_in_the_order_of_the_lines_not_of_their_amounts() -> None:
    """8 % of 0.19 is 1.52 cents, of 0.26 it is 2.08: the second line comes to nothing."""
    assert shares(tax_lines(19, 7), tax_rules(tax_rule(1))) == [2, 0]


def test_rounding_by_line_rounds_each_line_by_itself() -> None:
    """8 % of 1.07 is 8.56 cents: 9 three times."""
    rules = tax_rules(tax_rule(1, rounding_scope="line"))
    assert shares(tax_lines(107, 107, 107), rules) == [9, 9, 9]
    assert taxes(tax_lines(107, 107, 107), rules) == [("T1", 321, 27)]


def test_rounding_by_policy_rounds_the_lines_of_one_term_together() -> None:
    """Term 7: 8 % of 2.14 is 17.12 cents. Term 8: 8.56. Together 3.21 it would be 25.68, 26."""
    lines = pl.concat([tax_lines(107, 107), tax_lines(107, line_row=2, policy_term_id=8)])
    rules = tax_rules(tax_rule(1, rounding_scope="policy"))
    assert shares(lines, rules) == [9, 8, 9]
    assert taxes(lines, rules) == [("T1", 321, 26)]
    lines = lines.with_columns(net_minor=pl.Series([6, 6, 6]))
    assert shares(lines, rules) == [0, 1, 0]
    assert shares(lines, tax_rules(tax_rule(1))) == [0, 1, 0]
    assert shares(lines.with_columns(policy_term_id=pl.Series([7, 8, 9])), rules) == [0, 0, 0]


def test_rounding_to_a_multiple_rounds_halves_away_from_zero() -> None:
    """8 % of 18.75 is 1.50: two dollars; of 18.74 it is 1.4992: one."""
    rules = tax_rules(tax_rule(1, rounding_minor=100))
    assert [shares(tax_lines(net), rules) for net in (18_75, 18_74, -18_75)] == [[200], [100], [-200]]


def of_two_days(net: int) -> pl.DataFrame:
    return pl.concat([tax_lines(net), tax_lines(net, period_from_date=date(2024, 1, 2), line_row=1)])


def test_two_rates_of_one_tax_on_one_document_are_two_groups() -> None:
    """8 % of 1.06 is 8.48 cents, 7 % is 7.42."""
    rules = tax_rules(
        tax_rule(1, tax_code="T", valid_to=date(2024, 1, 2)),
        tax_rule(2, tax_code="T", rate_ppm=70_000, valid_from=date(2024, 1, 2)),
    )
    assert taxes(of_two_days(106), rules) == [("T", 106, 8), ("T", 106, 7)]
    assert shares(of_two_days(106), rules) == [8, 7]


def test_rows_that_say_the_same_of_a_tax_are_one_group_whatever_their_days_and_lines() -> None:
    """8 % of 1.06 is 8.48 cents, of 2.12 it is 16.96: 17 rounded once, 16 rounded twice."""
    by_day = tax_rules(
        tax_rule(1, tax_code="T", valid_to=date(2024, 1, 2)),
        tax_rule(2, tax_code="T", valid_from=date(2024, 1, 2), charge_kinds="premium policy_fee"),
    )
    assert taxes(of_two_days(106), by_day) == [("T", 212, 17)]
    assert shares(of_two_days(106), by_day) == [8, 9]
    by_line = tax_rules(
        tax_rule(1, tax_code="T", line_of_business="home"), tax_rule(2, tax_code="T", line_of_business="*")
    )
    both = pl.concat([tax_lines(106), tax_lines(106, line_of_business="home", line_row=1)])
    assert taxes(both, by_line) == [("T", 212, 17)]
    assert shares(both, by_line) == [8, 9]


@pytest.mark.parametrize(
    "other",
    [
        {"tax_code": "U"},
        {"category_code": "E", "rate_ppm": 0, "exemption_reason": "Act 2"},
        {"rounding_scope": "line"},
        {"rounding_minor": 5},
        {"tax_point": "term"},
    ],
)
def test_rows_that_do_not_say_the_same_of_a_tax_are_two_groups(other: dict[str, Any]) -> None:
    named = tax_rule(2, **{"tax_code": "T", "line_of_business": "home", **other})
    both = pl.concat([tax_lines(106), tax_lines(106, line_of_business="home", line_row=1)])
    assert len(taxes(both, tax_rules(tax_rule(1, tax_code="T"), named))) == 2


def test_a_group_is_the_first_of_its_rows_that_falls_on_the_document() -> None:
    """Row 1 is of a line that is not on it; of the other two, home has the later row."""
    rules = tax_rules(
        *(
            tax_rule(number, tax_code="T", line_of_business=line)
            for number, line in enumerate(("travel", "motor", "home"), start=1)
        )
    )
    lines = pl.concat(
        [
            tax_lines(100, line_row=number, draft_index=number // 2, line_of_business=line)
            for number, line in enumerate(("home", "motor", "home"))
        ]
    )
    found = amounts(lines, rules).sort("line_row")
    assert found.select("line_row", "tax_rule_id").rows() == [(0, 2), (1, 2), (2, 3)]


def test_a_fixed_amount_per_document_is_charged_once_for_rows_of_one_group() -> None:
    fixed = {"tax_code": "F", "basis": "document", "amount_minor": 100, "currency": "EUR", "rate_ppm": 0}
    rows = [tax_rule(1, tax_code="T"), tax_rule(2, tax_code="T", line_of_business="home")]
    rows += [tax_rule(3, **fixed), tax_rule(4, line_of_business="home", **fixed)]
    both = pl.concat([tax_lines(106), tax_lines(106, line_of_business="home", line_row=1)])
    assert taxes(both, tax_rules(*rows)) == [("F", 106, 100), ("T", 212, 17)]


def test_a_tax_on_taxes_of_several_lines_of_business_falls_on_the_rounded_tax_of_the_group() -> None:
    """10 % of 2.10 is 21; shares 11 and 10. 20 % of 1.16 is 23.2, of 2.31 it is 46.2."""
    rows = [
        tax_rule(number, tax_code=code, line_of_business=line, **values)
        for number, (line, code, values) in enumerate(
            (line, code, values)
            for line in ("home", "motor")
            for code, values in (
                ("A", {"rate_ppm": 100_000}),
                ("B", {"rate_ppm": 200_000, "basis": "net_and_taxes", "basis_tax_codes": "A"}),
            )
        )
    ]
    both = pl.concat([tax_lines(105), tax_lines(105, line_of_business="home", line_row=1)])
    assert taxes(both, tax_rules(*rows)) == [("A", 210, 21), ("B", 231, 46)]
    assert shares(both, tax_rules(*rows)) == [11 + 23, 10 + 23]


def test_before_taxes_had_groups_each_row_was_one() -> None:
    rules = tax_rules(
        tax_rule(1, tax_code="T", line_of_business="home"), tax_rule(2, tax_code="T", line_of_business="*")
    )
    both = pl.concat([tax_lines(106), tax_lines(106, line_of_business="home", line_row=1)])
    found = tax_amounts(tax_rows_of_lines(both, rules, by_group=False), rules)
    assert document_taxes(found, rules)["tax_minor"].to_list() == [8, 8]


def test_a_negative_amount_mirrors_the_positive_one() -> None:
    """8 % of 1.06 is 8.48, of 1.19 it is 9.52."""
    assert shares(tax_lines(106, 119), tax_rules(tax_rule(1))) == [8, 10]
    assert shares(tax_lines(-106, -119), tax_rules(tax_rule(1))) == [-8, -10]


def test_documents_do_not_mix() -> None:
    two = pl.concat([tax_lines(6), tax_lines(6, line_row=1, draft_index=1)])
    assert taxes(two, tax_rules(tax_rule(1))) == [("T1", 6, 0), ("T1", 6, 0)]
    assert shares(two, tax_rules(tax_rule(1))) == [0, 0]


def test_an_exempt_line_has_its_base_and_no_tax() -> None:
    line = tax_lines(100_00, place_code="DE", line_of_business="health")
    assert taxes(line, TAX_RULES) == [("DE-EXEMPT", 100_00, 0)]


def test_a_tax_on_taxes_falls_on_the_net_amount_and_the_rounded_taxes_it_names() -> None:
    """10 % of 1.05 is 10.5 cents, rounded 11; 20 % of 1.05 + 0.11 is 23.2. T3 is not named."""
    rules = tax_rules(
        tax_rule(1, rate_ppm=100_000),
        tax_rule(2, basis="net_and_taxes", basis_tax_codes="T1", rate_ppm=200_000),
        tax_rule(3, rate_ppm=500_000),
    )
    assert taxes(tax_lines(105), rules) == [("T1", 105, 11), ("T2", 116, 23), ("T3", 105, 53)]
    assert shares(tax_lines(105), rules) == [87]


def test_a_tax_on_two_taxes_falls_on_both() -> None:
    """10 % and 5 % of 100.00; 1 % of 115.00."""
    rules = tax_rules(
        tax_rule(1, rate_ppm=100_000),
        tax_rule(2, rate_ppm=50_000),
        tax_rule(3, basis="net_and_taxes", basis_tax_codes="T1 T2", rate_ppm=10_000),
    )
    assert taxes(tax_lines(60_00, 40_00), rules)[2] == ("T3", 115_00, 1_15)


def test_a_price_that_contains_its_tax_is_split_without_a_rest() -> None:
    """10.00 with 8 % in it: 10.00 * 8 / 108 is 0.7407, so 0.74, and the net is 9.26."""
    rules = tax_rules(tax_rule(1, is_inclusive=True))
    assert taxes(tax_lines(10_00), rules) == [("T1", 9_26, 74)]
    assert line_shares(amounts(tax_lines(10_00), rules)).rows() == [(0, 74, 74)]


def test_a_price_that_contains_a_tax_on_a_tax_is_split_by_both() -> None:
    """100.00 with 10 % on the net and 20 % on that: 1 + 0.1 + 0.2 * 1.1 = 1.32; 7.58, 16.67, net 75.75."""
    rules = tax_rules(
        tax_rule(1, rate_ppm=100_000, is_inclusive=True),
        tax_rule(2, basis="net_and_taxes", basis_tax_codes="T1", rate_ppm=200_000, is_inclusive=True),
    )
    assert taxes(tax_lines(100_00), rules) == [("T1", 75_75, 7_58), ("T2", 83_33, 16_67)]


def test_prices_in_one_document_are_rounded_together() -> None:
    """8/108 of 0.10 is 0.74 cents, of 0.20 it is 1.48, of 0.30 it is 2.22: 1, 0 and 1."""
    rules = tax_rules(tax_rule(1, is_inclusive=True))
    assert shares(tax_lines(10, 10, 10), rules) == [1, 0, 1]
    assert taxes(tax_lines(10, 10, 10), rules) == [("T1", 28, 2)]


def test_a_fixed_amount_comes_on_top_of_a_price_that_contains_the_rest() -> None:
    rules = tax_rules(
        tax_rule(1, is_inclusive=True),
        tax_rule(2, basis="term", amount_minor=5_90, currency="EUR", rate_ppm=0),
    )
    assert taxes(tax_lines(10_00), rules) == [("T1", 9_26, 74), ("T2", 9_26, 5_90)]
    assert line_shares(amounts(tax_lines(10_00), rules)).rows() == [(0, 6_64, 74)]


def test_the_largest_amounts_are_taxed_exactly_on_top_and_inside() -> None:
    biggest = 10**15
    assert (
        shares(tax_lines(biggest, biggest), tax_rules(tax_rule(1, rate_ppm=199_999))) == [199999 * 10**9] * 2
    )
    inside = tax_rules(
        tax_rule(1, rate_ppm=1_000_000, is_inclusive=True),
        tax_rule(2, rate_ppm=1_000_000, is_inclusive=True),
    )
    assert taxes(tax_lines(*[3 * 10**14] * 100), inside) == [("T1", 10**16, 10**16), ("T2", 10**16, 10**16)]


def test_no_lines_have_no_taxes() -> None:
    empty = amounts(tax_lines(1).clear(), TAX_RULES)
    assert document_taxes(empty, TAX_RULES).height == 0
    assert line_shares(empty).height == 0


def test_what_was_charged_is_worked_out_at_the_rate_of_its_day() -> None:
    """100.00 at 6 % in 2020 was 6.00; 8 % of today would be 8.00."""
    rules = tax_rules(
        tax_rule(1, tax_code="T", rate_ppm=60_000, valid_to=date(2021, 1, 1)),
        tax_rule(2, tax_code="T", valid_from=date(2021, 1, 1)),
    )
    day = date(2020, 12, 1)
    line = tax_lines(100_00, effective_date=day, period_from_date=day).with_columns(
        original_invoice_id=pl.lit(41)
    )
    originals = charged_by(pl.DataFrame({"original_invoice_id": [41], "tax_rule_id": [1]}), rules)
    found = tax_amounts(tax_rows_of_originals(line, originals, rules), rules)
    assert found.select("base_minor", "tax_minor").rows() == [(100_00, 6_00)]
