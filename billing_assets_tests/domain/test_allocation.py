"""Rule rows of allocation, and the parts of a bill."""

from datetime import date

import pytest

from billing_assets.domain.allocation import PARTS, AllocationRule, split_paid
from billing_assets.domain.errors import BillingError


@pytest.mark.parametrize(
    ("paid", "split"), [(0, (0, 0, 0)), (9, (8, 1, 0)), (110, (8, 100, 2)), (999, (8, 100, 5))]
)
def test_tax_is_paid_first_then_premium_then_fees(paid: int, split: tuple[int, int, int]) -> None:
    parts = {"tax": 8, "premium": 100, "fee": 5}
    assert tuple(split_paid(paid, parts).values()) == split


def test_a_rule_may_name_another_order() -> None:
    assert split_paid(6, {"tax": 8, "premium": 100, "fee": 5}, ("fee", "premium", "tax")) == {
        "fee": 5,
        "premium": 1,
        "tax": 0,
    }


def test_a_part_that_takes_off_is_not_paid() -> None:
    assert split_paid(10, {"tax": -3, "premium": 20}) == {"tax": 0, "premium": 10, "fee": 0}


@pytest.mark.parametrize(
    "changed",
    [
        {"tolerance_minor": -1},
        {"tolerance_minor": 11},
        {"source": " "},
        {"part_order": ("tax", "premium")},
        {"part_order": ("tax", "premium", "premium")},
    ],
)
def test_a_rule_that_cannot_be_is_refused(changed: dict[str, object]) -> None:
    values: dict[str, object] = {
        "currency": "EUR",
        "tolerance_minor": 5,
        "approval_above_minor": 10,
        "valid_from": date(2024, 1, 1),
        "source": "board",
    }
    assert AllocationRule(**values).part_order == PARTS  # type: ignore[arg-type]
    with pytest.raises(BillingError, match="allocation_rule_invalid"):
        AllocationRule(**{**values, **changed})  # type: ignore[arg-type]
