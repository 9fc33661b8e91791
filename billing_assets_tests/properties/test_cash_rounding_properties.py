"""Whatever the totals: a sum payable is a multiple of its unit, at most half a unit away from the total."""

from datetime import date

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.cash_rounding import CASH_UNITS
from billing_assets.domain.money import MAX_AMOUNT_MINOR
from billing_assets.frames.cash_rounding import not_rounded, with_cash_units
from billing_assets.frames.columns import CASH_UNIT_SCHEMA
from billing_assets_tests.properties.strategies import STEADY
from billing_assets_tests.reference.cash_rounding import payable

DAY = date(2024, 1, 1)
UNITS = {row.currency: row.cash_unit_minor for row in CASH_UNITS}
ROWS = pl.DataFrame(
    [
        {
            "cash_unit_id": number,
            "currency": row.currency,
            "cash_unit_minor": row.cash_unit_minor,
            "valid_from": row.valid_from,
        }
        for number, row in enumerate(CASH_UNITS, start=1)
    ],
    schema=CASH_UNIT_SCHEMA,
)
TOTALS = st.integers(-40 * MAX_AMOUNT_MINOR, 40 * MAX_AMOUNT_MINOR) | st.integers(-1_000, 1_000)
DOCUMENTS = st.lists(
    st.tuples(st.sampled_from(["EUR", *UNITS]), TOTALS, TOTALS), min_size=1, max_size=30
).map(
    lambda rows: pl.DataFrame(
        [(currency, net, tax, net + tax) for currency, net, tax in rows],
        schema=["currency", "net_minor", "tax_minor", "total_minor"],
        orient="row",
    )
)


@STEADY
@given(documents=DOCUMENTS)
def test_a_sum_payable_is_the_nearest_multiple_and_net_tax_and_total_stay(documents: pl.DataFrame) -> None:
    found = with_cash_units(not_rounded(documents), ROWS, DAY)
    assert found.select(documents.columns).equals(documents)
    for row in found.iter_rows(named=True):
        unit, rounding = UNITS.get(row["currency"], 1), row["cash_rounding_minor"]
        assert (row["total_minor"] + rounding) % unit == 0
        assert 2 * abs(rounding) <= unit
        assert row["total_minor"] + rounding == payable(row["currency"], row["total_minor"], DAY, CASH_UNITS)
        assert (row["cash_unit_id"] is None) == (row["currency"] == "EUR")


@STEADY
@given(documents=DOCUMENTS)
def test_what_is_payable_is_not_rounded_again(documents: pl.DataFrame) -> None:
    once = with_cash_units(not_rounded(documents), ROWS, DAY)
    total = pl.col("total_minor") + pl.col("cash_rounding_minor")
    again = with_cash_units(not_rounded(once.with_columns(total_minor=total)), ROWS, DAY)
    assert again["cash_rounding_minor"].to_list() == [0] * again.height
