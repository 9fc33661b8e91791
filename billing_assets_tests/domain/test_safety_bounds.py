"""A bound is exceeded above its limit, never at it, and never by a handful of bills."""

from dataclasses import replace

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.safety_bounds import (
    DEFAULT_BOUNDS,
    Bound,
    Comparison,
    CreditSum,
    RunFindings,
    SafetyBounds,
    bounds_from,
    bounds_record,
    exceeded_bounds,
)

SAME = Comparison(
    currency="EUR",
    charge_count=1_000,
    total_minor=100_000,
    before_count=1_000,
    before_minor=100_000,
    ended_count=0,
    ended_minor=0,
)


def bounds_of(row: Comparison, bounds: SafetyBounds = DEFAULT_BOUNDS) -> list[Bound]:
    return [each.bound for each in exceeded_bounds(bounds, RunFindings(comparisons=(row,)))]


@pytest.mark.parametrize("count", [800, 1_200])
def test_a_count_that_is_off_by_exactly_20_percent_holds_nothing(count: int) -> None:
    assert bounds_of(replace(SAME, charge_count=count)) == []


@pytest.mark.parametrize("count", [799, 1_201])
def test_a_count_that_is_off_by_more_than_20_percent_holds_the_run(count: int) -> None:
    assert bounds_of(replace(SAME, charge_count=count)) == [Bound.INVOICE_COUNT]


@pytest.mark.parametrize("total", [80_000, 120_000])
def test_a_total_that_is_off_by_exactly_20_percent_holds_nothing(total: int) -> None:
    assert bounds_of(replace(SAME, total_minor=total)) == []


@pytest.mark.parametrize("total", [79_999, 120_001])
def test_a_total_that_is_off_by_more_than_20_percent_holds_the_run(total: int) -> None:
    assert bounds_of(replace(SAME, total_minor=total)) == [Bound.INVOICE_TOTAL]


def test_a_run_may_come_to_less_by_what_closed_its_term() -> None:
    row = replace(SAME, charge_count=640, total_minor=64_000, ended_count=200, ended_minor=20_000)
    assert bounds_of(row) == []
    assert bounds_of(replace(row, charge_count=639)) == [Bound.INVOICE_COUNT]


def test_few_bills_before_are_no_measure() -> None:
    few = replace(SAME, before_count=199, charge_count=1)
    assert bounds_of(few) == []
    assert bounds_of(few, SafetyBounds(minimum_invoices=199)) == [Bound.INVOICE_COUNT]


def test_a_bound_of_0_is_switched_off() -> None:
    off = SafetyBounds(count_percent=0, total_percent=0, bill_times=0, problem_per_mille=0)
    found = RunFindings(
        comparisons=(replace(SAME, charge_count=1, total_minor=1),),
        outlier_count=5,
        problem_count=900,
        due_count=1_000,
    )
    assert exceeded_bounds(off, found) == ()
    assert len(exceeded_bounds(DEFAULT_BOUNDS, found)) == 4


def test_one_policy_that_stands_out_holds_the_run() -> None:
    (found,) = exceeded_bounds(DEFAULT_BOUNDS, RunFindings(outlier_count=1))
    assert (found.bound, found.found) == (
        Bound.BILL,
        "1 policy has a bill of more than 3 times the last one",
    )


@pytest.mark.parametrize(("problems", "due"), [(10, 2_000), (9, 10)])
def test_half_a_percent_of_problems_or_fewer_than_ten_hold_nothing(problems: int, due: int) -> None:
    assert exceeded_bounds(DEFAULT_BOUNDS, RunFindings(problem_count=problems, due_count=due)) == ()


def test_more_than_half_a_percent_of_problems_holds_the_run() -> None:
    (found,) = exceeded_bounds(DEFAULT_BOUNDS, RunFindings(problem_count=10, due_count=1_999))
    assert found.bound is Bound.PROBLEMS


def test_bounds_come_back_as_they_were_given_and_say_only_what_is_not_usual() -> None:
    assert bounds_record(DEFAULT_BOUNDS) == {}
    assert bounds_from(bounds_record(SafetyBounds(count_percent=35))) == SafetyBounds(count_percent=35)


@pytest.mark.parametrize(
    "record", [["count_percent"], {"count": 5}, {"bill_times": -1}, {"bill_times": True}, {"bill_times": "3"}]
)
def test_what_is_no_bound_is_named(record: object) -> None:
    with pytest.raises(BillingError, match="safety_bounds"):
        bounds_from(record)


GIVEN = CreditSum(
    currency="EUR", credit_count=20, credited_minor=20_00, term_count=1_000, premium_minor=1_000_00
)


def credits_of(row: CreditSum, bounds: SafetyBounds = DEFAULT_BOUNDS) -> list[str]:
    return [each.found for each in exceeded_bounds(bounds, RunFindings(credits=(row,)))]


def test_credit_notes_of_more_than_two_percent_of_the_terms_or_of_their_premium_hold_the_run() -> None:
    assert credits_of(GIVEN) == []
    (found,) = credits_of(replace(GIVEN, credit_count=21))
    assert found == "21 credit notes of 1,000 terms in force, more than 20 of a thousand"
    (found,) = credits_of(replace(GIVEN, credited_minor=20_01))
    assert found == "20.01 EUR given back of 1,000.00 EUR of premium in force, more than 20 of a thousand"


def test_a_handful_of_credit_notes_holds_nothing_and_the_bound_can_be_switched_off() -> None:
    assert credits_of(replace(GIVEN, credit_count=9, credited_minor=900_00, term_count=10)) == []
    whole = replace(GIVEN, credit_count=900, credited_minor=900_00)
    assert credits_of(whole, SafetyBounds(credit_per_mille=0)) == []
