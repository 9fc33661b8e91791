"""A result comes from its inputs alone, exactly, and is rounded where it says so."""

from datetime import date
from fractions import Fraction

import pytest

from billing_assets.domain.explained_documents import Explanation
from billing_assets.domain.explained_words import Formula, Rounding, Subject, Unit
from billing_assets.domain.explanations import (
    FORMULAS,
    Explained,
    Input,
    amount_of,
    minor,
    sum_of,
)


def days(**values: int) -> tuple[Input, ...]:
    return tuple(Input(name=name, value=value, unit=Unit.DAYS) for name, value in values.items())


def share(**values: object) -> Explained:
    shared: dict[str, object] = {
        "subject": Subject.NET,
        "formula": Formula.EQUAL_SHARE,
        "inputs": (minor("premium", 100_00), *days(installment_count=3)),
        "rounding": Rounding.HALF_UP,
    }
    return Explained(**{**shared, **values})  # type: ignore[arg-type]


def test_every_formula_has_its_function() -> None:
    assert set(FORMULAS) == set(Formula)


def test_a_share_is_exact_before_it_is_rounded() -> None:
    found = share(recorded=3333)
    assert (found.exact, found.result, found.factor) == (Fraction(10_000, 3), 3333, Fraction(1, 3))
    assert found.is_match
    assert not share(recorded=3334).is_match


def test_a_half_goes_away_from_zero_and_a_share_may_be_rounded_down() -> None:
    half = share(inputs=(minor("premium", 5), *days(installment_count=2)))
    assert (half.result, Explained.rounded(half, Fraction(-5, 2))) == (3, -3)
    assert share(inputs=half.inputs, rounding=Rounding.DOWN).result == 2


def test_a_tax_is_rounded_to_its_multiple() -> None:
    inputs = (minor("base", 1_249_99), Input(name="rate_ppm", value=50_000, unit=Unit.PPM))
    assert share(formula=Formula.RATE, inputs=inputs, rounding_minor=100).result == 62_00


def test_a_sum_that_is_no_whole_number_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="no whole number"):
        share(rounding=Rounding.NONE).result  # noqa: B018


def test_a_difference_is_named_and_what_was_not_recorded_is_none() -> None:
    wrong, free = sum_of(Subject.TOTAL, [minor("net", 1)], recorded=2), share()
    explanation = Explanation(invoice_number="INV-00000001", currency="EUR", results=(free, wrong))
    assert explanation.differences == (wrong,)
    assert explanation.of_line(1) == ()


def test_a_date_is_no_amount() -> None:
    day = Input(name="period_from_date", value=date(2024, 1, 1), unit=Unit.DATE)
    with pytest.raises(TypeError, match="no amount"):
        amount_of(share(formula=Formula.EARLIEST, inputs=(day,)))


def test_an_input_of_the_wrong_kind_is_a_mistake_of_ours() -> None:
    for name, formula in (("premium", Formula.WHOLE_PREMIUM), ("due_from_date", Formula.DAYS_AFTER)):
        with pytest.raises(TypeError, match=name):
            share(formula=formula, inputs=(Input(name=name, value="x", unit=Unit.CODE),)).result  # noqa: B018
