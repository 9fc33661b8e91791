"""An installment of an arranged plan is worked out from its term and its plan row."""

from dataclasses import replace
from datetime import date
from typing import Any

from billing_assets.domain.billing_grids import grid_of
from billing_assets.domain.explained_arrangements import (
    arrangement_of,
    bill_number,
    explain_count,
    explain_share,
    planned_amounts,
)
from billing_assets.domain.explained_dates import explain_dates
from billing_assets.domain.explained_installments import explain_installment
from billing_assets.domain.explained_words import Formula, Rounding, Subject
from billing_assets.domain.invoice_sources import LineSource
from billing_assets.domain.payment_plans import Residual
from billing_assets_tests.domain.sources import PLANS, line
from billing_assets_tests.domain.test_explained_installments import CALENDARS, by_subject

MARCH = (date(2024, 3, 1), date(2025, 1, 1))


def of_plan(source: LineSource, **values: Any) -> LineSource:
    return replace(source, plan=replace(PLANS["monthly"], **values))


def test_the_last_of_three_runs_to_the_end_and_takes_the_rest() -> None:
    source = of_plan(
        line(count=3, installment=3, net_minor=160_00, period=MARCH), maximum_installment_count=3
    )
    count, period, net = explain_installment(source, CALENDARS, price_contains_tax=False)
    assert (count.formula, count.result) == (Formula.ARRANGED_COUNT, 3)
    assert (period.result, period.is_match) == (MARCH, True)
    assert (net.formula, net.result, net.is_match) == (Formula.PLAN_REST, 160_00, True)
    assert net.values["other_count"] == 2


def test_a_share_stands_beside_the_down_payment_that_it_is_left_of() -> None:
    source = of_plan(
        line(count=4, installment=2, net_minor=180_00, period=(date(2024, 2, 1), date(2024, 3, 1))),
        maximum_installment_count=4,
        down_payment_ppm=250_000,
        weights="50 25 25",
    )
    results = explain_installment(source, CALENDARS, price_contains_tax=False)
    found = by_subject(results)
    assert (found[Subject.DOWN_PAYMENT].formula, found[Subject.DOWN_PAYMENT].result) == (
        Formula.DOWN_PAYMENT_PART,
        120_00,
    )
    assert (found[Subject.NET].formula, found[Subject.NET].result) == (Formula.PLAN_SHARE, 180_00)
    assert all(each.is_match for each in results)


def test_the_first_installment_is_the_down_payment() -> None:
    fixed = {"maximum_installment_count": 4, "down_payment_minor": 500_00, "currency": "EUR"}
    source = of_plan(line(count=4, net_minor=480_00), **fixed)
    net = explain_installment(source, CALENDARS, price_contains_tax=False)[-1]
    assert (net.formula, net.result, net.is_match) == (Formula.DOWN_PAYMENT_AMOUNT, 480_00, True)


def test_a_blackout_counts_the_periods_before_it() -> None:
    source = of_plan(line(count=10), blackout_days=90)
    arrangement = arrangement_of(source, grid_of(source, CALENDARS), CALENDARS)
    assert (arrangement.period_count, arrangement.in_time_count) == (12, 10)
    assert arrangement.weights[-1] == 3
    assert explain_count(source, arrangement, (), ()).is_match


def test_the_rest_may_be_taken_by_the_first_or_by_the_last_of_the_largest() -> None:
    weights = {"maximum_installment_count": 3, "weights": "3 3 1"}
    for residual, number in ((Residual.FIRST, 1), (Residual.LARGEST, 2), (Residual.LAST, 3)):
        source = of_plan(line(count=3, installment=number), residual=residual, **weights)
        arrangement = arrangement_of(source, grid_of(source, CALENDARS), CALENDARS)
        assert explain_share(source, arrangement, Subject.NET, None)[-1].formula is Formula.PLAN_REST


def test_shares_that_would_exceed_the_premium_are_rounded_down() -> None:
    usual = line(count=12, installment=2)
    tiny = replace(usual, term=replace(usual.term, premium_minor=6))
    source = of_plan(tiny, maximum_installment_count=12)
    arrangement = arrangement_of(source, grid_of(source, CALENDARS), CALENDARS)
    (share,) = explain_share(source, arrangement, Subject.NET, None)
    assert (share.rounding, share.result) == (Rounding.DOWN, 0)


def test_an_installment_that_waits_is_due_with_another() -> None:
    """40.00 a month: three reach 120.00; the last two of eleven never do and wait for the last."""
    minimum = {"minimum_bill_minor": 120_00, "currency": "EUR", "blackout_days": 31}
    numbers = [
        bill_number(of_plan(line(installment=number), **minimum), CALENDARS) for number in range(1, 12)
    ]
    assert numbers == [3, 3, 3, 6, 6, 6, 9, 9, 9, 11, 11]
    source = of_plan(line(), **minimum)
    nominal, planned, _ = explain_dates(source, CALENDARS, "ES", bill_number(source, CALENDARS))
    assert (nominal.formula, nominal.result) == (Formula.DAYS_AFTER_WAITING, date(2024, 3, 1))
    assert planned.result == date(2024, 3, 1)


def test_all_planned_amounts_are_the_premium() -> None:
    source = of_plan(
        line(),
        maximum_installment_count=4,
        down_payment_ppm=100_000,
        residual=Residual.FIRST,
        weights="1 1 5",
    )
    arrangement = arrangement_of(source, grid_of(source, CALENDARS), CALENDARS)
    assert planned_amounts(source, arrangement) == (48_00, 61_72, 61_71, 308_57)


def test_a_fee_is_what_the_plan_says() -> None:
    usual = line(count=12, net_minor=3_50)
    fee = replace(usual, line=replace(usual.line, charge_kind="installment_fee"))
    source = of_plan(fee, installment_fee_minor=3_50, currency="EUR")
    *_, net = explain_installment(source, CALENDARS, price_contains_tax=False)
    assert (net.formula, net.result, net.is_match) == (Formula.INSTALLMENT_FEE, 3_50, True)


def test_one_installment_is_the_premium_whatever_the_down_payment() -> None:
    source = of_plan(line(count=1), maximum_installment_count=1, down_payment_ppm=10)
    arrangement = arrangement_of(source, grid_of(source, CALENDARS), CALENDARS)
    assert arrangement.installment_count == 1
    (whole,) = explain_share(source, arrangement, Subject.NET, None)
    assert (whole.formula, whole.result) == (Formula.WHOLE_PREMIUM, 480_00)
