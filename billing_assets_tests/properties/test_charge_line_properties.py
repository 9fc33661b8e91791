"""Whatever the charges and the plan: rounded both ways, never below zero, and each installment by itself."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.apportionment import apportioned
from billing_assets.domain.charge_lines import MAX_CHARGE_LINES
from billing_assets.domain.frequencies import FREQUENCIES
from billing_assets.frames.due_charges import due_charges
from billing_assets_tests.frames.rows import LONG_AFTER, NOTHING_SETTLED, plan, plans, terms
from billing_assets_tests.frames.test_charge_lines import lines
from billing_assets_tests.properties.strategies import STEADY, plan_rows, term_rows
from billing_assets_tests.reference.charge_lines import parts_of
from billing_assets_tests.reference.policy import ReferenceCharge

AMOUNTS = st.integers(1, 12) | st.integers(1, 5_000_00) | st.just(10**13)
PLAN_ROWS = [plan(code) for code in FREQUENCIES]
CHARGES = st.lists(AMOUNTS, min_size=1, max_size=MAX_CHARGE_LINES)
HARMONIC = sum(1 / number for number in range(1, MAX_CHARGE_LINES))


@STEADY
@given(charges=CHARGES, data=st.data())
def test_parts_add_up_never_fall_and_stay_near_their_share(charges: list[int], data: st.DataObject) -> None:
    premium = sum(charges)
    earlier, later = sorted(data.draw(st.tuples(st.integers(0, premium), st.integers(0, premium))))
    before, after = apportioned(charges, earlier), apportioned(charges, later)
    assert (sum(before), sum(after)) == (earlier, later)
    assert all(0 <= low <= high <= charge for low, high, charge in zip(before, after, charges, strict=True))
    assert apportioned(charges, premium) == tuple(charges)
    # Half a unit by its own rounding, and less than half of 1 + 1/2 + 1/3 ... by those before it.
    for part, charge in zip(after, charges, strict=True):
        assert abs(part * premium - charge * later) <= (1 + HARMONIC) / 2 * premium


@STEADY
@given(charges=CHARGES, share=st.fractions(0, 1))
def test_the_slow_reference_comes_to_the_same_parts(charges: list[int], share: Any) -> None:
    total = int(sum(charges) * share)
    numbered = tuple(
        ReferenceCharge(number=number, line_of_business="motor", amount_minor=amount)
        for number, amount in enumerate(charges)
    )
    parts = parts_of(numbered, total)
    assert apportioned(charges, total) == tuple(parts[number] for number in range(len(charges)))


@pytest.mark.long
@STEADY
@given(row=term_rows(), rows=plan_rows(), charges=CHARGES)
def test_over_any_plan_each_line_comes_to_its_charge_and_each_installment_to_its_total(
    row: dict[str, Any], rows: list[dict[str, Any]], charges: list[int]
) -> None:
    row["premium_minor"] = sum(charges)
    book, found_plans = terms(row), plans(*rows)
    whole = due_charges(book, found_plans, NOTHING_SETTLED, LONG_AFTER, "ES")
    split = due_charges(book, found_plans, NOTHING_SETTLED, LONG_AFTER, "ES", charge_lines=lines(*charges))
    billed = split.filter(pl.col("outcome") == "invoiced")
    by_charge = billed.group_by("charge_number").agg(pl.col("net_minor").sum()).sort("charge_number")
    assert by_charge["net_minor"].to_list() == charges
    sums = split.group_by("installment_number").agg(pl.col("net_minor").sum()).sort("installment_number")
    assert sums.rows() == whole.sort("installment_number").select("installment_number", "net_minor").rows()
    assert (billed["net_minor"] > 0).all()
    first = billed.group_by("installment_number").agg(pl.col("split_number").sort())
    assert all(numbers == list(range(len(numbers))) for numbers in first["split_number"].to_list())


@pytest.mark.long
@STEADY
@given(row=term_rows(), charges=CHARGES, number=st.integers(1, 400))
def test_an_installment_alone_has_the_lines_that_it_has_among_all(
    row: dict[str, Any], charges: list[int], number: int
) -> None:
    row["premium_minor"] = sum(charges)
    every = due_charges(
        terms(row), plans(*PLAN_ROWS), NOTHING_SETTLED, LONG_AFTER, "ES", charge_lines=lines(*charges)
    )
    others = every.filter(pl.col("installment_number") != number)
    alone = due_charges(
        terms(row),
        plans(*PLAN_ROWS),
        others.select(*NOTHING_SETTLED.schema).unique(),
        LONG_AFTER,
        "ES",
        charge_lines=lines(*charges),
    )
    wanted = every.filter(pl.col("installment_number") == number)
    assert (
        alone.select("charge_number", "net_minor").rows()
        == wanted.select("charge_number", "net_minor").rows()
    )
