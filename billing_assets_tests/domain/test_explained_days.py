"""An explanation names the count of a plan and the days that it comes to."""

from dataclasses import replace
from datetime import date

import pytest

from billing_assets.domain.explained_days import counted_by
from billing_assets.domain.explained_installments import explain_installment, planned_of_term
from billing_assets.domain.explained_words import Formula
from billing_assets.domain.invoice_sources import LineSource
from billing_assets.domain.sample_invoice import ALWAYS_OPEN, SAMPLE
from billing_assets.domain.term_days import TermDayCount

FIRST = SAMPLE.lines[0]  # 480.00 over the leap year 2024, monthly


def counted(count: TermDayCount, **term: object) -> LineSource:
    plan = replace(FIRST.plan, day_count=count)
    return replace(FIRST, plan=plan, term=replace(FIRST.term, **term))  # type: ignore[arg-type]


def test_calendar_days_are_not_named() -> None:
    assert counted_by(FIRST.plan) == ()
    assert [each.value for each in counted_by(counted(TermDayCount.THIRTY_360).plan)] == ["thirty_360"]


def test_by_actual_365_the_weights_are_days_and_december_has_30() -> None:
    source = counted(TermDayCount.ACTUAL_365_FIXED)
    share = explain_installment(source, ALWAYS_OPEN, price_contains_tax=False)[-1]
    values = share.values
    assert (share.formula, values["weight"], values["weights"]) == (Formula.PLAN_SHARE, 31, 365)
    assert (values["day_count"], share.result) == ("actual_365_fixed", 40_77)
    planned = planned_of_term(source, ALWAYS_OPEN)
    assert (sum(planned), planned[1], planned[-1]) == (480_00, 38_14, 39_44)


@pytest.mark.parametrize(
    ("count", "days", "net"),
    [(TermDayCount.THIRTY_360, (20, 30), 26_67), (TermDayCount.ACTUAL_365_FIXED, (20, 31), 26_30)],
)
def test_cover_that_ends_early_is_told_in_the_days_of_the_count(
    count: TermDayCount, days: tuple[int, int], net: int
) -> None:
    source = counted(count, cover_to_date=date(2024, 1, 21))
    part = explain_installment(source, ALWAYS_OPEN, price_contains_tax=False)[-1]
    assert (part.formula, part.result) == (Formula.COVERED_PART, net)
    assert (part.values["covered_days"], part.values["period_days"]) == days


def test_a_partial_period_is_told_in_days_out_of_30() -> None:
    source = counted(TermDayCount.THIRTY_360, effective_date=date(2024, 1, 16))
    share = explain_installment(source, ALWAYS_OPEN, price_contains_tax=False)[-1]
    assert share.formula is Formula.WEIGHTED_SHARE
    assert (share.values["first_days"], share.values["first_full_days"]) == (15, 30)
    # Half a month out of eleven and a half.
    assert share.result == 20_87
