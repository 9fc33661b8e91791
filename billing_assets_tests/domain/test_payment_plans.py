"""The shipped plans are usable as they stand."""

from collections import Counter

from billing_assets.domain.frequencies import FREQUENCIES
from billing_assets.domain.payment_plans import DEFAULT_PLANS

_LONG = ("half_yearly", "yearly", "one_off")


def test_there_is_one_open_plan_for_each_frequency() -> None:
    assert Counter(plan.frequency_code for plan in DEFAULT_PLANS) == Counter(list(FREQUENCIES))
    assert all(plan.plan_code == plan.frequency_code and plan.valid_to is None for plan in DEFAULT_PLANS)


def test_each_plan_names_its_source_and_stays_in_the_bounds_of_the_store() -> None:
    for plan in DEFAULT_PLANS:
        assert plan.source
        assert 0 <= plan.lead_days <= 400
        assert 0 <= plan.due_days <= 400


def test_an_invoice_that_is_made_in_time_is_never_moved_by_the_time_to_pay() -> None:
    assert all(0 <= plan.minimum_payment_days <= plan.lead_days for plan in DEFAULT_PLANS)
    assert {plan.plan_code for plan in DEFAULT_PLANS if not plan.minimum_payment_days} == {"daily"}


def test_an_invoice_is_never_made_after_its_own_period_has_passed() -> None:
    """The lead of a daily plan must not bill days of cover together with the next."""
    leads = {plan.plan_code: plan.lead_days for plan in DEFAULT_PLANS}
    shortest = {"daily": 1, "weekly": 7, "two_weekly": 14, "first_and_fifteenth": 13}
    assert all(lead < shortest.get(code, 28) for code, lead in leads.items() if code not in _LONG)
    assert all(leads[code] <= 30 for code in _LONG)
