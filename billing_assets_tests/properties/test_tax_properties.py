"""Tax rows of every kind come to what the reference comes to, to the minor unit, and nothing is lost."""

from dataclasses import asdict, replace
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_assets.domain.money import MAX_AMOUNT_MINOR, PPM, round_half_up
from billing_assets.domain.tax_rule import (
    ANY_LINE,
    Basis,
    Category,
    RoundingScope,
    TaxPoint,
    TaxRule,
    rule_faults,
)
from billing_assets.frames.tax_rows import tax_rows_of_lines
from billing_assets.frames.taxes import document_taxes, line_shares, tax_amounts
from billing_assets_tests.frames.rows import tax_lines, tax_rule, tax_rules
from billing_assets_tests.properties.strategies import STEADY
from billing_assets_tests.reference.taxes import NoTaxRuleError, TaxedLine, tax_document

NETS = st.lists(
    st.integers(-2_000, 2_000) | st.integers(0, MAX_AMOUNT_MINOR) | st.just(0), min_size=1, max_size=40
)
RATES = st.lists(st.integers(0, PPM), min_size=1, max_size=3)
OLD, CHANGE, NEW = date(2023, 6, 1), date(2024, 1, 1), date(2024, 6, 1)


def rates_on_net(rates: list[int]) -> pl.DataFrame:
    return tax_rules(*(tax_rule(number, rate_ppm=rate) for number, rate in enumerate(rates, start=1)))


def documents_of(nets: list[int], count: int) -> pl.DataFrame:
    draft_index = [number * count // len(nets) for number in range(len(nets))]
    return tax_lines(*nets).with_columns(draft_index=pl.Series(draft_index))


@STEADY
@given(nets=NETS, rates=RATES, documents=st.integers(1, 4))
def test_shares_of_lines_add_up_to_the_groups_of_their_document(
    nets: list[int], rates: list[int], documents: int
) -> None:
    rules = rates_on_net(rates)
    found = tax_amounts(tax_rows_of_lines(documents_of(nets, documents), rules), rules)
    owners = found.select("line_row", "draft_index").unique()
    shares = (
        line_shares(found).join(owners, on="line_row").group_by("draft_index").agg(pl.col("tax_minor").sum())
    )
    groups = document_taxes(found, rules).group_by("draft_index").agg(pl.col("tax_minor").sum())
    assert shares.sort("draft_index").equals(groups.sort("draft_index"))
    assert line_shares(found).height == len(nets)


@STEADY
@given(nets=NETS, rates=RATES)
def test_a_group_is_its_base_times_its_rate_rounded_once(nets: list[int], rates: list[int]) -> None:
    rules = rates_on_net(rates)
    groups = document_taxes(tax_amounts(tax_rows_of_lines(documents_of(nets, 1), rules), rules), rules)
    for rate, base, tax in groups.select("rate_ppm", "base_minor", "tax_minor").iter_rows():
        assert base == sum(nets)
        assert tax == round_half_up(base * rate, PPM)


@STEADY
@given(nets=st.lists(st.integers(0, MAX_AMOUNT_MINOR), min_size=1, max_size=40), rates=RATES)
def test_a_share_is_within_a_cent_per_tax_of_the_tax_on_its_line_and_never_negative(
    nets: list[int], rates: list[int]
) -> None:
    rules = rates_on_net(rates)
    amounts = tax_amounts(tax_rows_of_lines(documents_of(nets, 1), rules), rules)
    shares = line_shares(amounts).sort("line_row")["tax_minor"].to_list()
    for net, share in zip(nets, shares, strict=True):
        assert share >= 0
        assert abs(share * PPM - net * sum(rates)) <= PPM * len(rates)


@STEADY
@given(nets=NETS, rates=RATES)
def test_net_and_the_taxes_it_contained_are_the_price(nets: list[int], rates: list[int]) -> None:
    rules = rates_on_net(rates).with_columns(is_inclusive=pl.lit(value=True))
    amounts = tax_amounts(tax_rows_of_lines(documents_of(nets, 1), rules), rules)
    shares = line_shares(amounts).sort("line_row")
    assert shares["tax_minor"].equals(shares["contained_tax_minor"], check_names=False)
    for net, (line_row, contained) in zip(
        nets, shares.select("line_row", "contained_tax_minor").iter_rows(), strict=True
    ):
        bases = amounts.filter(pl.col("line_row") == line_row)["base_minor"].to_list()
        assert {base + contained for base in bases} == {net}


@st.composite
def rules_of_every_kind(draw: st.DrawFn) -> list[TaxRule]:
    """Rows of one place that fit together: rates that change, taxes on taxes, amounts, exemptions."""
    is_inclusive = draw(st.booleans())

    def row(tax_code: str, **values: Any) -> TaxRule:
        return TaxRule(
            tax_code=tax_code,
            place_code="XX",
            line_of_business=draw(st.sampled_from([ANY_LINE, ANY_LINE, "motor"])),
            charge_kinds=draw(st.sampled_from(["premium", "premium policy_fee", "policy_fee"])),
            rounding_scope=draw(st.sampled_from(list(RoundingScope))),
            rounding_minor=draw(st.sampled_from([1, 1, 5, 100])),
            tax_point=draw(st.sampled_from(list(TaxPoint))),
            valid_from=date(2020, 1, 1),
            source="a test",
            **values,
        )

    rate = st.integers(1, 300_000) | st.sampled_from([PPM, 500_000, 1])
    codes = [f"N{number}" for number in range(draw(st.integers(1, 3)))]
    rules: list[TaxRule] = []
    for code in codes:
        first = row(code, rate_ppm=draw(rate), is_inclusive=is_inclusive)
        if draw(st.booleans()):
            rules.append(replace(first, valid_to=CHANGE))
            first = replace(first, valid_from=CHANGE, rate_ppm=draw(rate | st.just(first.rate_ppm)))
        rules.append(first)
    for number in range(draw(st.integers(0, 2))):
        names = " ".join(draw(st.lists(st.sampled_from(codes), min_size=1, max_size=3, unique=True)))
        on_taxes = {"basis": Basis.NET_AND_TAXES, "basis_tax_codes": names, "is_inclusive": is_inclusive}
        rules.append(row(f"C{number}", rate_ppm=draw(rate), **on_taxes))
    for basis in draw(st.sets(st.sampled_from([Basis.TERM, Basis.DOCUMENT]))):
        currency = draw(st.sampled_from(["EUR"] * 9 + ["USD"]))
        rules.append(
            row(f"F-{basis}", basis=basis, amount_minor=draw(st.integers(1, 2_000)), currency=currency)
        )
    if draw(st.integers(0, 3)) == 0:
        rules.append(row("E", category_code=Category.EXEMPT, exemption_reason="Act 2"))
    if draw(st.integers(0, 9)) == 0:
        rules.append(row("X", category_code=Category.LEFT_OUT))
    return [*rules, *draw(_rows_of_other_lines(rules))]


@st.composite
def _rows_of_other_lines(draw: st.DrawFn, rules: list[TaxRule]) -> list[TaxRule]:
    """Rows of some of the taxes for a line of business that they had none for, most of them one group."""
    found = []
    for code in sorted({rule.tax_code for rule in rules}):
        own = [rule for rule in rules if rule.tax_code == code]
        others = sorted({ANY_LINE, "motor", "home"} - {rule.line_of_business for rule in own})
        for line in draw(st.lists(st.sampled_from(others), max_size=2, unique=True)):
            kinds = draw(st.sampled_from(["premium", "premium policy_fee"]))
            found += [replace(rule, line_of_business=line, charge_kinds=kinds) for rule in own]
    return found


@st.composite
def documents(draw: st.DrawFn) -> list[list[TaxedLine]]:
    line = st.builds(
        TaxedLine,
        place_code=st.just("XX"),
        line_of_business=st.sampled_from(["motor", "motor", "home"]),
        currency=st.just("EUR"),
        charge_kind=st.sampled_from(["premium", "premium", "policy_fee"]),
        term=st.sampled_from(["7", "8"]),
        term_begins=st.sampled_from([OLD, NEW]),
        period_begins=st.sampled_from([OLD, NEW]),
        installment_number=st.integers(1, 2),
        price_minor=st.integers(-400, 400) | st.integers(-(10**15), 10**15),
    )
    drawn = draw(st.lists(st.lists(line, min_size=1, max_size=6), min_size=1, max_size=3))
    # No two documents bill the first installment of a term to one payer.
    return [[replace(line, term=f"{number}{line.term}") for line in own] for number, own in enumerate(drawn)]


def frame_of(lines: list[tuple[int, TaxedLine]]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "line_row": number,
                "draft_index": draft,
                "policy_term_id": int(line.term),
                "installment_number": line.installment_number,
                "charge_kind": line.charge_kind,
                "place_code": line.place_code,
                "line_of_business": line.line_of_business,
                "currency": line.currency,
                "effective_date": line.term_begins,
                "period_from_date": line.period_begins,
                "net_minor": line.price_minor,
            }
            for number, (draft, line) in enumerate(lines)
        ]
    )


@pytest.mark.long
@settings(STEADY, max_examples=100)
@given(rules=rules_of_every_kind(), drafts=documents())
def test_rows_of_every_kind_come_to_what_the_reference_comes_to(
    rules: list[TaxRule], drafts: list[list[TaxedLine]]
) -> None:
    assert [rule_faults(rule) for rule in rules if rule_faults(rule)] == []
    frame = pl.DataFrame([asdict(rule) for rule in rules], schema_overrides={"valid_to": pl.Date})
    frame = frame.with_row_index("tax_rule_id")
    lines = frame_of([(draft, line) for draft, own in enumerate(drafts) for line in own])
    amounts = tax_amounts(tax_rows_of_lines(lines, frame), frame)
    shares = lines.select("line_row", "draft_index").join(line_shares(amounts), on="line_row", how="left")
    found = document_taxes(amounts, frame).join(frame.select("tax_rule_id", "valid_from"), on="tax_rule_id")
    for draft, own in enumerate(drafts):
        mine = shares.filter(pl.col("draft_index") == draft).sort("line_row")
        try:
            taxes, of_lines = tax_document(own, rules)
        except NoTaxRuleError:
            assert mine["tax_minor"].null_count() > 0
            continue
        assert mine.select("tax_minor", "contained_tax_minor").rows() == [
            (line.tax_minor, line.contained_minor) for line in of_lines
        ]
        ours = found.filter(pl.col("draft_index") == draft).select(
            "tax_code", "valid_from", "base_minor", "tax_minor"
        )
        assert sorted(ours.rows()) == sorted(
            (tax.tax_code, tax.valid_from, tax.base_minor, tax.tax_minor) for tax in taxes
        )
