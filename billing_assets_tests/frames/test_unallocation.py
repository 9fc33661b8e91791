"""What is taken back: returns that fit, and the newest allocations first."""

from datetime import date

import polars as pl
import pytest

from billing_assets.frames.unallocation import last_in_first_out, matched_returns


def returns(*rows: tuple[int, int, int]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "payment_return_id": number,
                "payment_id": 1,
                "currency": "EUR",
                "amount_minor": amount,
                "value_date": date(2024, 3, day),
                "external_key": str(number),
                "left_minor": 100,
            }
            for number, amount, day in rows
        ]
    )


def test_returns_fit_in_the_order_of_their_days_whatever_order_they_came_in() -> None:
    rows = returns((1, 70, 2), (2, 40, 1), (3, 50, 1))
    assert matched_returns(rows)["payment_return_id"].to_list() == [2, 3]
    assert matched_returns(rows.reverse())["payment_return_id"].to_list() == [2, 3]


@pytest.mark.parametrize(
    ("excess", "gone"), [(1, [3]), (30, [3]), (31, [3, 2]), (61, [3, 2, 1]), (999, [3, 2, 1])]
)
def test_the_newest_go_first_until_enough_is_free(excess: int, gone: list[int]) -> None:
    live = pl.DataFrame({"allocation_id": [1, 2, 3], "payment_id": [9] * 3, "amount_minor": [40, 30, 30]})
    wanted = pl.DataFrame({"payment_id": [9], "excess_minor": [excess]})
    assert last_in_first_out(live, wanted, "payment_id")["allocation_id"].to_list() == gone
