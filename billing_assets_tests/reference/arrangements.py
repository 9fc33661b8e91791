"""What a plan arranges: how many installments, how heavy each is, the down payment, who takes the rest.

Belongs here: from the periods of a term to its installments and their planned amounts.
Does not belong here: the periods of the grid, early end of cover, dates.
"""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from billing_assets.domain.payment_plans import PaymentPlan
from billing_assets_tests.reference.arithmetic import half_up, round_down
from billing_assets_tests.reference.days import CountedTerm
from billing_assets_tests.reference.periods import Period
from billing_assets_tests.reference.policy import ReferencePolicy


def arranged_periods(policy: ReferencePolicy, plan: PaymentPlan, periods: list[Period]) -> list[Period]:
    """Return the periods that have an installment; the last runs to the end of the term."""
    kept = list(periods)
    if plan.maximum_installment_count:
        kept = kept[: plan.maximum_installment_count]
    blackout = policy.expiration_date - timedelta(days=plan.blackout_days)
    while plan.blackout_days and len(kept) > 1:
        if kept[-1].period_from + timedelta(days=plan.due_days) < blackout:
            break
        kept.pop()
    return [*kept[:-1], replace(kept[-1], period_to=policy.expiration_date)]


def weights_of(plan: PaymentPlan, periods: list[Period], count: int) -> list[Fraction]:
    """Return the weight of each of `count` installments; that of a down payment is not used."""
    if plan.weights:
        named = [Fraction(word) for word in plan.weights.split()]
        return ([Fraction(0), *named] if _has_down_payment(plan) else named)[:count]
    if plan.maximum_installment_count:
        return [Fraction(1)] * count
    count_of_days = plan.day_count.value
    days = [period.weight(count_of_days) for period in periods]
    if count_of_days == "actual_365_fixed":
        first, last = periods[0].period_from, periods[-1].period_to
        term = CountedTerm(count=count_of_days, effective_date=first, expiration_date=last)
        days = [Fraction(term.days(period.period_from, period.period_to)) for period in periods]
    return [*days[: count - 1], sum(days[count - 1 :], Fraction(0))]


def planned_amounts(premium_minor: int, plan: PaymentPlan, weights: list[Fraction]) -> list[int]:
    """Return what each installment is planned to cost; the sum is exactly the premium."""
    if len(weights) == 1:
        return [premium_minor]
    if not _has_down_payment(plan):
        return shares(premium_minor, weights, plan.residual.value)
    exact = Fraction(premium_minor * plan.down_payment_ppm, 1_000_000)
    down = min(premium_minor, plan.down_payment_minor or half_up(exact))
    return [down, *shares(premium_minor - down, weights[1:], plan.residual.value)]


def shares(amount_minor: int, weights: list[Fraction], residual: str) -> list[int]:
    """Return the shares of an amount by their weights; the one that takes the rest makes the sum exact.

    >>> [shares(100, [Fraction(1)] * 3, residual) for residual in ("first", "last", "largest")]
    [[34, 33, 33], [33, 33, 34], [33, 33, 34]]
    """
    taker = {"first": 0, "last": len(weights) - 1}.get(residual)
    if taker is None:
        heaviest = max(weights)
        taker = max(number for number, weight in enumerate(weights) if weight == heaviest)
    of_all = sum(weights) or 1
    exact = [amount_minor * weight / of_all for weight in weights]
    exact[taker] = Fraction(0)
    found = [half_up(each) for each in exact]
    if sum(found) > amount_minor:
        found = [round_down(each) for each in exact]
    found[taker] = amount_minor - sum(found)
    return found


def bill_numbers(plan: PaymentPlan, planned: list[int]) -> list[int]:
    """Return, for each installment, the number of the one with which it is due.

    >>> from billing_assets.domain.payment_plans import DEFAULT_PLANS
    >>> bill_numbers(replace(DEFAULT_PLANS[0], minimum_bill_minor=50, currency="EUR"), [30, 30, 60, 10, 10])
    [2, 2, 3, 5, 5]
    """
    numbers: list[int] = []
    waiting: list[int] = []
    for number, amount in enumerate(planned, start=1):
        waiting.append(amount)
        if sum(waiting) >= plan.minimum_bill_minor or number == len(planned):
            numbers += [number] * len(waiting)
            waiting = []
    return numbers


def _has_down_payment(plan: PaymentPlan) -> bool:
    return plan.down_payment_ppm > 0 or plan.down_payment_minor > 0
