"""Charges share a running total to the last minor unit, and none of them ever gives back."""

import pytest

from billing_assets.domain.charge_lines import apportioned, in_order, split_installment


@pytest.mark.parametrize(
    ("charges", "total", "parts"),
    [
        ((300_00, 120_00, 30_00), 0, (0, 0, 0)),
        ((300_00, 120_00, 30_00), 450_00, (300_00, 120_00, 30_00)),
        ((1, 1, 1), 1, (0, 1, 0)),
        ((5,), 3, (3,)),
        ((10**15 - 1, 1), 5 * 10**14, (5 * 10**14, 0)),
    ],
)
def test_a_running_total_is_shared_out_whole(
    charges: tuple[int, ...], total: int, parts: tuple[int, ...]
) -> None:
    assert apportioned(charges, total) == parts


@pytest.mark.parametrize("total", [-1, 4])
def test_a_total_outside_the_premium_is_refused(total: int) -> None:
    with pytest.raises(ValueError, match="between 0 and the premium"):
        apportioned((1, 2), total)


def test_of_equal_charges_the_first_takes_its_part_first() -> None:
    assert in_order((5, 7, 5)) == (1, 0, 2)


def test_sharing_each_installment_by_itself_would_take_back_what_this_does_not() -> None:
    """Rounding the running total at each border of the charges makes a line of -1; the remainders do not."""
    charges, running = (50, 1, 49), (0, 50, 51)
    lines = [split_installment(charges, *step) for step in ((0, 50), (50, 51), (51, 100))]
    assert [sum(line) for line in lines] == [50, 1, 49]
    assert [sum(line) for line in zip(*lines, strict=True)] == [50, 1, 49]
    assert min(amount for line in lines for amount in line) >= 0
    assert running == (0, 50, 51)
