"""The share of a payer is explained by two running totals, and comes to what was recorded."""

from dataclasses import replace

import pytest

from billing_assets.domain.apportionment import apportioned_between
from billing_assets.domain.explained_payers import explain_payer
from billing_assets.domain.explained_words import Formula, Subject
from billing_assets.domain.invoice_sources import LineSource
from billing_assets.domain.payer_shares import PayerShare
from billing_assets.domain.sample_invoice import SAMPLE

SHARES = (250_000, 500_000, 250_000)


def of_payer(number: int) -> LineSource:
    payers = tuple(
        PayerShare(payer_number=place, payer_id=place, share_ppm=share)
        for place, share in enumerate(SHARES, start=1)
    )
    source = SAMPLE.lines[0]
    return replace(source, payer_number=number, term=replace(source.term, payers=payers))


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_result_is_the_split_of_the_line(number: int) -> None:
    expected = apportioned_between(SHARES, 38_21, 76_41)[number - 1]
    result = explain_payer(of_payer(number), Subject.NET, 38_21, 38_20, expected)
    assert (result.formula, result.result, result.is_match) == (Formula.PAYER_SHARE, expected, True)


def test_the_inputs_say_what_larger_shares_have_of_both_running_totals() -> None:
    """Of shares that are alike the first is rounded first."""
    assert explain_payer(of_payer(3), Subject.NET, 38_21, 38_20, 0).values == {
        "planned_to": 76_41,
        "planned_before": 38_21,
        "share": 250_000,
        "shares_left": 250_000,
        "larger_to": 38_21 + 19_10,
        "larger_before": 19_11 + 9_55,
    }


def test_another_amount_than_the_recorded_one_is_a_difference() -> None:
    assert not explain_payer(of_payer(1), Subject.NET, 38_20, 38_20, 9_56).is_match
