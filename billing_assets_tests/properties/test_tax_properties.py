"""The shares of the lines add up to the tax of the document, and nobody is taxed a cent too much."""

from datetime import date

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.money import MAX_AMOUNT_MINOR, PPM, round_half_up
from billing_assets.frames.taxes import document_taxes, line_shares, tax_rows_of_lines
from billing_assets_tests.properties.strategies import STEADY

NETS = st.lists(
    st.integers(-2_000, 2_000) | st.integers(0, MAX_AMOUNT_MINOR) | st.just(0), min_size=1, max_size=40
)
RATES = st.lists(st.integers(0, PPM), min_size=1, max_size=3)


def line_taxes(nets: list[int], rates: list[int], documents: int) -> pl.DataFrame:
    lines = pl.DataFrame(
        {
            "line_row": list(range(len(nets))),
            "draft_index": [number * documents // len(nets) for number in range(len(nets))],
            "net_minor": nets,
        }
    ).with_columns(
        place_code=pl.lit("XX"), line_of_business=pl.lit("motor"), period_from_date=pl.lit(date(2024, 1, 1))
    )
    rules = pl.DataFrame({"tax_rule_id": list(range(len(rates))), "rate_ppm": rates}).with_columns(
        tax_code=pl.format("T{}", "tax_rule_id"),
        place_code=pl.lit("XX"),
        line_of_business=pl.lit("*"),
        category_code=pl.lit("S"),
        exemption_reason=pl.lit(""),
        valid_from=pl.lit(date(2020, 1, 1)),
        valid_to=pl.lit(None, pl.Date),
    )
    return tax_rows_of_lines(lines, rules)


@STEADY
@given(nets=NETS, rates=RATES, documents=st.integers(1, 4))
def test_shares_of_lines_add_up_to_the_groups_of_their_document(
    nets: list[int], rates: list[int], documents: int
) -> None:
    found = line_taxes(nets, rates, documents)
    owners = found.select("line_row", "draft_index").unique()
    shares = (
        line_shares(found).join(owners, on="line_row").group_by("draft_index").agg(pl.col("tax_minor").sum())
    )
    groups = document_taxes(found).group_by("draft_index").agg(pl.col("tax_minor").sum())
    assert shares.sort("draft_index").equals(groups.sort("draft_index"))
    assert line_shares(found).height == len(nets)


@STEADY
@given(nets=NETS, rates=RATES)
def test_a_group_is_its_base_times_its_rate_rounded_once(nets: list[int], rates: list[int]) -> None:
    groups = document_taxes(line_taxes(nets, rates, 1))
    for rate, base, tax in groups.select("rate_ppm", "base_minor", "tax_minor").iter_rows():
        assert base == sum(nets)
        assert tax == round_half_up(base * rate, PPM)


@STEADY
@given(nets=st.lists(st.integers(0, MAX_AMOUNT_MINOR), min_size=1, max_size=40), rates=RATES)
def test_a_share_is_within_a_cent_per_tax_of_the_tax_on_its_line_and_never_negative(
    nets: list[int], rates: list[int]
) -> None:
    shares = line_shares(line_taxes(nets, rates, 1)).sort("line_row")["tax_minor"].to_list()
    for net, share in zip(nets, shares, strict=True):
        assert share >= 0
        assert abs(share * PPM - net * sum(rates)) <= PPM * len(rates)
