"""The inputs of a part of a running total: what those before it have taken, and the weights that are left."""

import pytest

from billing_assets.domain.apportionment import apportioned_between
from billing_assets.domain.explained_shares import running_inputs
from billing_assets.domain.explained_words import Formula, Rounding, Subject, Unit
from billing_assets.domain.explanations import Explained

WEIGHTS = (200_000, 500_000, 300_000)


@pytest.mark.parametrize("formula", [Formula.CHARGE_SHARE, Formula.PAYER_SHARE])
@pytest.mark.parametrize("place", range(3))
def test_the_parts_are_those_of_the_rule(formula: Formula, place: int) -> None:
    inputs = running_inputs(formula, WEIGHTS, place, 33_33, 33_34)
    result = Explained(subject=Subject.NET, formula=formula, inputs=inputs, rounding=Rounding.HALF_UP)
    assert result.result == apportioned_between(WEIGHTS, 33_33, 66_67)[place]


def test_shares_are_parts_per_million_and_charges_amounts() -> None:
    units = {
        formula: {each.unit for each in running_inputs(formula, WEIGHTS, 0, 0, 10_00)[2:4]}
        for formula in (Formula.CHARGE_SHARE, Formula.PAYER_SHARE)
    }
    assert units == {Formula.CHARGE_SHARE: {Unit.MINOR}, Formula.PAYER_SHARE: {Unit.PPM}}


def test_the_largest_weight_comes_first_and_nothing_was_taken_before_it() -> None:
    first, last = (running_inputs(Formula.PAYER_SHARE, WEIGHTS, place, 0, 10_00) for place in (1, 0))
    assert [each.value for each in first][3:] == [1_000_000, 0, 0]
    assert [each.value for each in last][3:] == [200_000, 8_00, 0]
