"""Whatever the shares, the charges and the plan: rounded both ways, never below zero, each line by itself."""

from itertools import accumulate, pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.apportionment import apportioned
from billing_assets.domain.money import PPM
from billing_assets.domain.payer_shares import MAX_PAYERS
from billing_assets.frames.due_charges import due_charges
from billing_assets_tests.frames.rows import LONG_AFTER, NOTHING_SETTLED, plans, terms
from billing_assets_tests.frames.test_charge_lines import lines
from billing_assets_tests.frames.test_payer_shares import shares
from billing_assets_tests.properties.strategies import STEADY, plan_rows, term_rows
from billing_assets_tests.reference.payer_shares import shared
from billing_assets_tests.reference.policy import ReferencePayer

CUTS = st.sets(st.integers(1, PPM - 1) | st.integers(1, 20), min_size=1, max_size=MAX_PAYERS - 1)
CHARGES = st.lists(st.integers(1, 12) | st.integers(1, 5_000_00), min_size=1, max_size=5)


def parts_of(cuts: set[int]) -> list[int]:
    """Return the shares between the cuts, which make up the whole."""
    borders = [0, *sorted(cuts), PPM]
    return [high - low for low, high in pairwise(borders)]


@STEADY
@given(cuts=CUTS, amounts=st.lists(st.integers(0, 10**13), min_size=1, max_size=8))
def test_each_installment_is_preserved_and_each_payer_comes_to_their_share(
    cuts: set[int], amounts: list[int]
) -> None:
    weights = parts_of(cuts)
    totals = [apportioned(weights, total) for total in accumulate(amounts, initial=0)]
    for amount, before, after in zip(amounts, totals, totals[1:], strict=False):
        parts = [to - at for at, to in zip(before, after, strict=True)]
        assert sum(parts) == amount
        assert min(parts) >= 0
    for weight, part in zip(weights, totals[-1], strict=True):
        assert abs(part * PPM - weight * sum(amounts)) <= len(weights) * PPM / 2


@STEADY
@given(cuts=CUTS, before=st.integers(0, 10**13), amount=st.integers(0, 10**13))
def test_the_slow_reference_comes_to_the_same_parts(cuts: set[int], before: int, amount: int) -> None:
    weights = parts_of(cuts)
    payers = tuple(
        ReferencePayer(number=number, share_ppm=weight) for number, weight in enumerate(weights, start=1)
    )
    ends, begins = apportioned(weights, before + amount), apportioned(weights, before)
    expected = [to - at for at, to in zip(begins, ends, strict=True)]
    assert list(shared(payers, before, amount).values()) == expected


@pytest.mark.long
@STEADY
@given(row=term_rows(), rows=plan_rows(), charges=CHARGES, cuts=CUTS)
def test_over_any_plan_the_payers_of_a_line_come_to_what_one_payer_would(
    row: dict[str, Any], rows: list[dict[str, Any]], charges: list[int], cuts: set[int]
) -> None:
    row["premium_minor"] = sum(charges)
    book, found_plans = terms(row), plans(*rows)
    given_charges = lines(*charges)
    whole = due_charges(book, found_plans, NOTHING_SETTLED, LONG_AFTER, "ES", charge_lines=given_charges)
    split = due_charges(
        book,
        found_plans,
        NOTHING_SETTLED,
        LONG_AFTER,
        "ES",
        charge_lines=given_charges,
        payer_shares=shares(*parts_of(cuts)),
    )
    key = ["installment_number", "charge_kind", "charge_number"]
    sums = split.group_by(key).agg(pl.col("net_minor").sum()).sort(key)
    assert sums.rows() == whole.sort(key).select(*key, "net_minor").rows()
    billed = split.filter(pl.col("outcome") == "invoiced")
    assert (billed["net_minor"] > 0).all()
    of_premium = billed.filter(pl.col("charge_kind") == "premium")
    places = of_premium.group_by("installment_number", "payer_id").agg(pl.col("split_number").sort())
    assert all(numbers == list(range(len(numbers))) for numbers in places["split_number"].to_list())
