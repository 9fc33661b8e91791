"""Whatever the term, the plan and the anchor: the sum is the premium, and the periods tile the term."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.money import round_half_up
from billing_assets.frames.schedules import grid_date
from billing_assets_tests.frames.rows import due, nets, plans, term
from billing_assets_tests.properties.strategies import STEADY, plan_rows, term_rows
from billing_assets_tests.reference.months import add_months


@pytest.mark.long
@STEADY
@given(row=term_rows(), rows=plan_rows())
def test_installments_add_up_to_the_premium_and_none_is_negative(
    row: dict[str, Any], rows: list[dict[str, Any]]
) -> None:
    found = nets(due(row, plan_rows=plans(*rows)))
    assert sum(found) == row["premium_minor"]
    assert min(found) >= 0


@pytest.mark.long
@STEADY
@given(row=term_rows(), rows=plan_rows())
def test_periods_tile_the_term_without_gap_or_overlap(
    row: dict[str, Any], rows: list[dict[str, Any]]
) -> None:
    found = due(row, plan_rows=plans(*rows)).sort("installment_number")
    starts, ends = found["period_from_date"].to_list(), found["period_to_date"].to_list()
    assert found["installment_number"].to_list() == list(range(1, found["installment_count"][0] + 1))
    assert [*starts, row["expiration_date"]] == [row["effective_date"], *ends]
    assert all(start < end for start, end in zip(starts, ends, strict=True))


@pytest.mark.long
@STEADY
@given(row=term_rows(), cuts=st.tuples(st.integers(-5, 805), st.integers(-5, 805)))
def test_cover_cut_short_costs_what_was_due_until_then_and_never_more_for_less(
    row: dict[str, Any], cuts: tuple[int, int]
) -> None:
    earlier, later = (row["effective_date"] + timedelta(days=days) for days in sorted(cuts))
    whole, short = due(row), due({**row, "cover_to_date": earlier})
    earned = 0
    for start, end, planned in whole.select("period_from_date", "period_to_date", "net_minor").iter_rows():
        days = (min(end, earlier) - start).days
        earned += round_half_up(planned * max(days, 0), (end - start).days)
    assert sum(nets(short)) == earned
    assert earned <= sum(nets(due({**row, "cover_to_date": later}))) <= row["premium_minor"]
    assert all(end <= max(earlier, row["effective_date"]) or not net for end, net in _ends_and_nets(short))


def _ends_and_nets(charges: pl.DataFrame) -> list[tuple[date, int]]:
    return charges.select("period_to_date", "net_minor").rows()


@pytest.mark.parametrize("anchor_day", [28, 29, 30, 31])
@pytest.mark.parametrize("step", [1, 3, 6, 12])
def test_the_grid_does_not_drift_over_40_years_in_either_direction(anchor_day: int, step: int) -> None:
    anchors = [date(2024, month, anchor_day) for month in (1, 3, 5, 7, 8, 10, 12)]
    anchors += [date(2024, 2, min(anchor_day, 29))]
    count = 480 // step
    pairs = [(anchor, number) for anchor in anchors for number in range(-count, count + 1)]
    frame = pl.DataFrame(pairs, schema={"a": pl.Date, "k": pl.Int64}, orient="row")
    frame = frame.with_columns(unit=pl.lit("month"), step=pl.lit(step))
    found = frame.select(day=grid_date(pl.col("a"), pl.col("k")))["day"].to_list()
    assert found == [add_months(anchor, number * step) for anchor, number in pairs]


@pytest.mark.parametrize("anchor_day", [28, 29, 30, 31])
def test_a_term_of_40_years_keeps_its_anchor_day_to_the_end(anchor_day: int) -> None:
    row = term(f"1999-12-{anchor_day}", f"2039-12-{anchor_day}", 40_000_00)
    found = due(row).sort("installment_number")
    expected = [add_months(row["anchor_date"], number) for number in range(480)]
    assert found["period_from_date"].to_list() == expected


@STEADY
@given(
    anchor=st.dates(date(1950, 1, 1), date(2199, 12, 31)),
    number=st.integers(-20_000, 20_000),
    step=st.sampled_from([1, 7, 14]),
)
def test_a_grid_of_days_counts_days(anchor: date, number: int, step: int) -> None:
    row = pl.DataFrame({"a": [anchor], "k": [number], "unit": ["day"], "step": [step]})
    assert row.select(grid_date(pl.col("a"), pl.col("k"))).item() == anchor + timedelta(days=number * step)
