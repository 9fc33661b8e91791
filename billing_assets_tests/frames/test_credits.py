"""Credits as a billing office would work them out by hand."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.frames.columns import CHARGED_TAX_SCHEMA, CREDITABLE_LINE_SCHEMA
from billing_assets.frames.credits import draft_credits, with_wanted
from billing_assets.frames.invoices import Drafts
from billing_assets_tests.frames.rows import charged_by, tax_rule, tax_rules

IPS, LEVY = tax_rule(1), tax_rule(2, rate_ppm=1_500)
STAMP = tax_rule(3, basis="term", amount_minor=1_00, currency="EUR", rate_ppm=0)


def line(number: int, net: int, tax: int, **values: Any) -> dict[str, Any]:
    return {
        "original_invoice_id": 41,
        "original_number": "INV-00000041",
        "original_issue_date": date(2024, 1, 1),
        "line_number": number,
        "policy_term_id": 7,
        "installment_number": 1,
        "charge_kind": "premium",
        "place_code": "ES",
        "line_of_business": "motor",
        "currency": "EUR",
        "effective_date": date(2024, 1, 1),
        "period_from_date": date(2024, 1, 1),
        "net_minor": net,
        "tax_minor": tax,
        "contained_tax_minor": 0,
        "credited_net_minor": 0,
        "credited_tax_minor": 0,
        "cash_unit_minor": 0,
        **values,
    }


def priced(*lines: dict[str, Any], rules: tuple[dict[str, Any], ...] = (IPS,)) -> Drafts:
    frame = pl.DataFrame(list(lines), schema=CREDITABLE_LINE_SCHEMA)
    keys = [
        (number, rule["tax_rule_id"])
        for number in {row["original_invoice_id"] for row in lines}
        for rule in rules
    ]
    charged = pl.DataFrame(
        keys, schema={"original_invoice_id": pl.Int64, "tax_rule_id": pl.Int64}, orient="row"
    )
    return draft_credits(frame, charged_by(charged, tax_rules(*rules)), tax_rules(*rules))


def amounts(drafts: Drafts) -> list[tuple[int, int]]:
    return drafts.lines.select("net_minor", "tax_minor").rows()


def test_a_part_is_taxed_at_the_rate_of_the_row_and_rounded_half_up() -> None:
    """8 % of 0.56 is 0.0448, of 1.07 it was 0.09: the part gives back 0.04."""
    assert amounts(priced(line(1, 107, 9, wanted_net_minor=56))) == [(56, 4)]


def test_the_last_part_brings_the_tax_to_the_whole() -> None:
    rest = line(1, 107, 9, credited_net_minor=56, credited_tax_minor=4, wanted_net_minor=51)
    assert amounts(priced(rest)) == [(51, 5)]


def test_the_share_of_a_line_that_was_rounded_with_others_is_given_back_as_it_was_charged() -> None:
    """Three lines of 1.07 at 8 % are 0.2568: 0.09, 0.08 and 0.09."""
    lines = [line(n, 107, tax, wanted_net_minor=107) for n, tax in ((1, 9), (2, 8), (3, 9))]
    assert amounts(priced(*lines)) == [(107, 9), (107, 8), (107, 9)]
    assert priced(*lines).taxes.select("base_minor", "tax_minor").rows() == [(321, 26)]


def test_a_line_that_nobody_asks_for_is_left_out_and_the_others_are_numbered_anew() -> None:
    drafts = priced(line(1, 100, 8), line(2, 100, 8, wanted_net_minor=100))
    assert drafts.lines.select("line_number", "credited_line_number").rows() == [(1, 2)]


def test_a_fixed_amount_comes_back_with_the_last_line_of_the_document() -> None:
    """It stood on line 1, which was given back before: line 1 stands again, without net."""
    both = (IPS, STAMP)
    first = [line(1, 100, 108, wanted_net_minor=100), line(2, 50, 4)]
    assert amounts(priced(*first, rules=both)) == [(100, 8)]
    last = [
        line(1, 100, 108, credited_net_minor=100, credited_tax_minor=8),
        line(2, 50, 4, wanted_net_minor=50),
    ]
    assert amounts(priced(*last, rules=both)) == [(0, 100), (50, 4)]
    assert priced(*last, rules=both).taxes.select("base_minor", "tax_minor").rows() == [(50, 4), (100, 100)]


def test_an_exempt_line_gives_back_its_base() -> None:
    exempt = tax_rule(1, category_code="E", rate_ppm=0, exemption_reason="Act 2")
    drafts = priced(line(1, 100, 0, wanted_net_minor=40), rules=(exempt,))
    assert drafts.taxes.select("base_minor", "tax_minor", "exemption_reason").rows() == [(40, 0, "Act 2")]


def test_a_price_that_contained_its_tax_gives_back_net_and_contained_tax() -> None:
    inside = tax_rule(1, is_inclusive=True)
    drafts = priced(line(1, 99, 8, contained_tax_minor=8, wanted_net_minor=50), rules=(inside,))
    assert drafts.lines.select("net_minor", "tax_minor", "contained_tax_minor").rows() == [(50, 4, 4)]


def test_each_invoice_has_its_own_credit_note_in_the_order_of_the_invoices() -> None:
    other = {"original_invoice_id": 40, "original_number": "INV-00000040"}
    drafts = priced(line(1, 100, 8, wanted_net_minor=100), line(1, 200, 16, wanted_net_minor=50, **other))
    assert drafts.invoices.select("draft_index", "original_number", "total_minor").rows() == [
        (0, "INV-00000040", 54),
        (1, "INV-00000041", 108),
    ]


def test_where_nothing_is_left_there_is_no_credit_note() -> None:
    done = line(1, 100, 8, credited_net_minor=100, credited_tax_minor=8, wanted_net_minor=0)
    assert [part.height for part in (priced(done).invoices, priced(done).lines, priced(done).taxes)] == [
        0,
        0,
        0,
    ]


@pytest.mark.parametrize("wanted", [-1, 61])
def test_more_than_is_left_or_less_than_nothing_is_refused(wanted: int) -> None:
    part = line(1, 100, 8, credited_net_minor=40, credited_tax_minor=3, wanted_net_minor=wanted)
    with pytest.raises(BillingError, match=r"line 1 of INV-00000041 has 0\.60 EUR net left"):
        priced(part)


@pytest.mark.parametrize("wrong", [{"tax_minor": 9}, {"credited_net_minor": 40, "credited_tax_minor": 7}])
def test_an_invoice_whose_taxes_are_not_those_of_its_rows_is_not_credited(wrong: dict[str, int]) -> None:
    with pytest.raises(BillingError, match="credit_differs"):
        priced({**line(1, 100, 8, wanted_net_minor=10), **wrong})


def test_an_invoice_without_its_tax_rows_is_not_credited() -> None:
    lines = pl.DataFrame([line(1, 100, 8, wanted_net_minor=10)], schema=CREDITABLE_LINE_SCHEMA)
    none = pl.DataFrame(schema=CHARGED_TAX_SCHEMA)
    with pytest.raises(BillingError, match="credit_differs"):
        draft_credits(lines, none, tax_rules(IPS))


def wanted(*rows: tuple[str, int | None, int | None]) -> pl.DataFrame:
    schema = {"original_number": pl.String, "line_number": pl.Int64, "wanted_net_minor": pl.Int64}
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def test_a_document_a_line_and_an_amount_can_be_asked_for() -> None:
    lines = pl.DataFrame(
        [line(1, 100, 8), line(2, 50, 4, credited_net_minor=20, credited_tax_minor=2)],
        schema=CREDITABLE_LINE_SCHEMA,
    )
    number = "INV-00000041"
    asked = [wanted((number, None, None)), wanted((number, 2, None)), wanted((number, 1, 30), (number, 2, 5))]
    assert [with_wanted(lines, each)["wanted_net_minor"].to_list() for each in asked] == [
        [100, 30],
        [None, 30],
        [30, 5],
    ]
    assert with_wanted(lines, asked[0]).columns == lines.columns


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([("INV-00000041", 9, None)], "credit_line_unknown"),
        ([("INV-00000041", 1, 0)], "credit_exceeds_invoice"),
        ([("INV-00000041", 1, 5), ("INV-00000041", 1, None)], "credit_doubled"),
        ([("INV-00000041", 1, 5), ("INV-00000041", None, None)], "credit_doubled"),
        ([("INV-00000041", None, None)] * 2, "credit_doubled"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(
    rows: list[tuple[str, int | None, int | None]], code: str
) -> None:
    lines = pl.DataFrame([line(1, 100, 8)], schema=CREDITABLE_LINE_SCHEMA)
    with pytest.raises(BillingError, match=code):
        with_wanted(lines, wanted(*rows))
