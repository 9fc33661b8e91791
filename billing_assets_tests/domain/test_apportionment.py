"""Weights share a running total to the last minor unit, and none of them ever gives back."""

from itertools import pairwise

import pytest

from billing_assets.domain.apportionment import apportioned, apportioned_between, in_order
from billing_assets.domain.money import round_half_up


@pytest.mark.parametrize(
    ("weights", "total", "parts"),
    [
        ((300_00, 120_00, 30_00), 0, (0, 0, 0)),
        ((300_00, 120_00, 30_00), 450_00, (300_00, 120_00, 30_00)),
        ((1, 1, 1), 1, (0, 1, 0)),
        ((5,), 3, (3,)),
        ((10**15 - 1, 1), 5 * 10**14, (5 * 10**14, 0)),
    ],
)
def test_a_running_total_is_shared_out_whole(
    weights: tuple[int, ...], total: int, parts: tuple[int, ...]
) -> None:
    assert apportioned(weights, total) == parts


def test_a_total_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="never below 0"):
        apportioned((1, 2), -1)


def test_a_total_may_be_more_than_the_weights() -> None:
    assert apportioned((3, 1), 10**15) == (75 * 10**13, 25 * 10**13)


def test_of_equal_weights_the_first_takes_its_part_first() -> None:
    assert in_order((5, 7, 5)) == (1, 0, 2)


def test_no_line_is_below_zero_where_rounding_at_the_borders_of_the_charges_makes_one() -> None:
    """Of charges of 1, 1 and 2 the borders 1/4, 2/4 and 4/4 give the second unit as 1, -1 and 1."""
    charges = (1, 1, 2)
    borders = [[round_half_up(sum(charges[:place]) * total, 4) for place in range(4)] for total in (1, 2)]
    before, after = ([high - low for low, high in pairwise(each)] for each in borders)
    assert [to - at for at, to in zip(before, after, strict=True)] == [1, -1, 1]
    assert [apportioned_between(charges, total, total + 1) for total in range(4)] == [
        (0, 0, 1),
        (1, 0, 0),
        (0, 0, 1),
        (0, 1, 0),
    ]
