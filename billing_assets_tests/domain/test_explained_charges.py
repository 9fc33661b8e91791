"""The line of a charge is explained by what larger charges have, and by both running totals."""

from dataclasses import replace

import pytest

from billing_assets.domain.apportionment import apportioned_between
from billing_assets.domain.charge_lines import ChargeLine
from billing_assets.domain.explained_charges import explain_charge
from billing_assets.domain.explained_words import Formula, Subject
from billing_assets.domain.invoice_sources import LineSource
from billing_assets_tests.domain.sources import line, term

AMOUNTS = (307_40, 121_15, 29_90)


def of_charge(number: int, installment: int = 2) -> LineSource:
    charges = tuple(
        ChargeLine(
            charge_number=place,
            charge_code=f"c{place}",
            charge_name=f"C{place}",
            line_of_business="fire",
            premium_minor=amount,
        )
        for place, amount in enumerate(AMOUNTS, start=1)
    )
    source = line(installment=installment, term=term(premium_minor=sum(AMOUNTS), charges=charges))
    return replace(source, line=replace(source.line, charge_number=number))


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_result_is_the_split_of_the_installment(number: int) -> None:
    expected = apportioned_between(AMOUNTS, 38_20, 76_40)[number - 1]
    result = explain_charge(of_charge(number), Subject.NET, 38_20, 38_20, expected)
    assert (result.formula, result.result, result.is_match) == (Formula.CHARGE_SHARE, expected, True)


def test_the_inputs_say_what_larger_charges_have_of_both_running_totals() -> None:
    values = explain_charge(of_charge(2), Subject.NET, 38_20, 38_20, 0).values
    assert values == {
        "planned_to": 76_40,
        "planned_before": 38_20,
        "charge": 121_15,
        "charges_left": 121_15 + 29_90,
        "larger_to": 51_23,
        "larger_before": 25_61,
    }


def test_another_amount_than_the_recorded_one_is_a_difference() -> None:
    assert not explain_charge(of_charge(3), Subject.NET, 38_20, 38_20, 2_50).is_match


def test_a_line_is_taxed_by_its_charge_and_a_fee_by_its_term() -> None:
    assert of_charge(1).line_of_business == "fire"
    assert of_charge(0).line_of_business == "motor"
