"""From a policy term to its installments: amounts, early end of cover, dates.

Belongs here: everything up to the day on which an installment is billed.
Does not belong here: invoices and taxes.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction

from billing_assets.domain.payment_plans import DEFAULT_PLANS, PaymentPlan
from billing_assets_tests.reference.arithmetic import half_up
from billing_assets_tests.reference.arrangements import (
    arranged_periods,
    bill_numbers,
    planned_amounts,
    weights_of,
)
from billing_assets_tests.reference.calendars import NO_OWN_DAYS, days_before, roll
from billing_assets_tests.reference.days import CountedTerm
from billing_assets_tests.reference.periods import Period, billing_periods, plan_of
from billing_assets_tests.reference.policy import ReferenceInstallment, ReferencePolicy


def installments(
    policy: ReferencePolicy,
    company_place_code: str,
    *,
    plans: tuple[PaymentPlan, ...] = DEFAULT_PLANS,
    own: Mapping[str, frozenset[date]] = NO_OWN_DAYS,
) -> list[ReferenceInstallment]:
    """Return the installments that are due or recorded as zero, in the order of their numbers.

    Left out are periods that begin on or after the end of cover, and installments whose nominal due date lies
    before the cut-over. `own` are the days that the company has closed itself, by what for.

    Raises:
        LookupError: no plan row is valid on the effective date.
    """
    plan = plan_of(policy, plans)
    grid = billing_periods(policy, plans)
    periods = arranged_periods(policy, plan, grid)
    planned = planned_amounts(policy.premium_minor, plan, weights_of(plan, grid, len(periods)))
    bills = bill_numbers(plan, planned)
    term = counted_term(policy, plan)
    found: list[ReferenceInstallment] = []
    for number, (period, amount) in enumerate(zip(periods, planned, strict=True), start=1):
        nominal = periods[bills[number - 1] - 1].period_from + timedelta(days=plan.due_days)
        if not _is_recorded(policy, number, period) or nominal < policy.cut_over_date:
            continue
        due = roll(nominal, plan.due_roll.value, policy.place_code, own["due"])
        net = covered_amount(amount, period, policy.cover_to_date, term)
        found.append(
            ReferenceInstallment(
                number=number,
                count=len(periods),
                period_from=period.period_from,
                period_to=period.period_to,
                covered_to=_covered_to(period, policy.cover_to_date),
                before_minor=sum(planned[: number - 1]),
                planned_minor=amount,
                net_minor=net,
                nominal_due_date=nominal,
                due_date=due,
                billing_date=_billing_date(due, plan, company_place_code, own["generate"]),
                zero_code=_zero_code(policy, net),
            )
        )
    return found


def _billing_date(due: date, plan: PaymentPlan, company_place_code: str, own: frozenset[date]) -> date:
    """Return the day of the lead itself where the sending is held, else that day rolled to an open one."""
    lead_day = days_before(due, plan.lead_days, plan.lead_unit.value, company_place_code, own)
    if plan.holiday_behaviour.value == "hold_sending":
        return lead_day
    return roll(lead_day, plan.generate_roll.value, company_place_code, own)


def counted_term(policy: ReferencePolicy, plan: PaymentPlan) -> CountedTerm:
    """Return the term of a policy with the day count of its plan."""
    return CountedTerm(
        count=plan.day_count.value,
        effective_date=policy.effective_date,
        expiration_date=policy.expiration_date,
    )


def covered_amount(planned_minor: int, period: Period, cover_to: date | None, term: CountedTerm) -> int:
    """Return the part of the planned amount for the days of the period before cover ends."""
    covered_to = _covered_to(period, cover_to)
    if covered_to == period.period_to:
        return planned_minor
    whole = term.days(period.period_from, period.period_to)
    covered = term.days(period.period_from, covered_to)
    return planned_minor if covered == whole else half_up(Fraction(planned_minor * covered, whole))


def _covered_to(period: Period, cover_to: date | None) -> date:
    if cover_to is None or cover_to >= period.period_to:
        return period.period_to
    return max(cover_to, period.period_from)


def _has_no_cover(policy: ReferencePolicy) -> bool:
    return policy.cover_to_date is not None and policy.cover_to_date <= policy.effective_date


def _is_recorded(policy: ReferencePolicy, number: int, period: Period) -> bool:
    if _has_no_cover(policy):
        return number == 1
    return policy.cover_to_date is None or period.period_from < policy.cover_to_date


def _zero_code(policy: ReferencePolicy, net_minor: int) -> str | None:
    if _has_no_cover(policy):
        return "no_cover"
    if policy.premium_minor == 0:
        return "zero_premium"
    return "rounds_to_zero" if net_minor == 0 else None
