"""The random policies: repeatable, nasty, and sound under the reference."""

from dataclasses import replace
from datetime import date, timedelta

from billing_assets.domain.payment_plans import DEFAULT_PLANS
from billing_assets.domain.places import PLACES
from billing_assets.domain.policies import LineOfBusiness
from billing_assets_tests.reference.calendars import is_closed
from billing_assets_tests.reference.cases import day, days
from billing_assets_tests.reference.generate import FIRST_DATE, LAST_DATE, random_policies
from billing_assets_tests.reference.installments import installments
from billing_assets_tests.reference.invoices import invoices


def test_the_generator_repeats_itself_and_differs_by_seed() -> None:
    assert random_policies(3, 50) == random_policies(3, 50)
    assert random_policies(3, 50) != random_policies(4, 50)


def test_the_generator_reaches_every_nasty_corner() -> None:
    policies = random_policies(1, 1500)
    assert {policy.plan_code for policy in policies} == {plan.plan_code for plan in DEFAULT_PLANS}
    # The rows of these two states begin after the first policies.
    assert {policy.place_code for policy in policies} == set(PLACES) - {"US-IL", "US-NY"}
    assert {policy.line_of_business for policy in policies} == set(LineOfBusiness)
    assert {0, 1, 10**15} <= {policy.premium_minor for policy in policies}
    assert {28, 29, 30, 31} <= {policy.anchor_date.day for policy in policies}
    ends = {(p.cover_to_date - p.expiration_date).days for p in policies if p.cover_to_date}
    starts = {(p.cover_to_date - p.effective_date).days for p in policies if p.cover_to_date}
    assert {-1, 0, 1, 45} <= ends
    assert {-40, -1, 0, 1} <= starts
    assert {1, 2, 10, 366} <= {(p.expiration_date - p.effective_date).days for p in policies}
    assert any(p.place_code == "KW" and p.currency == "EUR" for p in policies)
    assert any(p.effective_date < p.cut_over_date < p.expiration_date for p in policies)
    assert any(p.anchor_date > p.effective_date + timedelta(days=31) for p in policies)


def test_periods_tile_the_term_and_planned_amounts_sum_to_the_premium() -> None:
    for policy in random_policies(2, 300):
        whole = replace(policy, cover_to_date=None, cut_over_date=day("1990-01-01"))
        items = installments(whole, "GB")
        borders = [items[0].period_from, *[item.period_to for item in items]]
        assert borders[0] == policy.effective_date
        assert borders[-1] == policy.expiration_date
        assert borders[1:-1] == [item.period_from for item in items[1:]]
        assert sum(item.planned_minor for item in items) == policy.premium_minor
        assert min(item.planned_minor for item in items) >= 0


def test_every_installment_that_is_due_in_time_is_invoiced_once_and_lines_sum_to_totals() -> None:
    run_dates = list(days(FIRST_DATE.isoformat(), LAST_DATE.isoformat()))
    for policy in random_policies(5, 200):
        made = invoices(policy, "DE", run_dates)
        wanted = [
            (item.number, item.net_minor)
            for item in installments(policy, "DE")
            if item.zero_code is None and item.billing_date <= day("2025-12-31")
        ]
        assert sorted((line.installment_number, line.net_minor) for i in made for line in i.lines) == wanted
        for invoice in made:
            assert not is_closed("DE", invoice.run_date)
            assert sum(line.tax_minor for line in invoice.lines) == invoice.tax_minor
            assert min(line.tax_minor for line in invoice.lines) >= 0
            assert invoice.total_minor == invoice.net_minor + invoice.tax_minor
            assert invoice.due_date >= invoice.issue_date


def test_the_catching_run_is_the_one_that_a_day_by_day_simulation_finds() -> None:
    """Runs with gaps: every third day of two years, closed days of the company among them."""
    run_dates = list(days("2023-02-01", "2024-12-31"))[::3]
    for policy in random_policies(11, 40):
        waiting = [item for item in installments(policy, "KW") if item.zero_code is None]
        caught: dict[int, date] = {}
        for run_date in run_dates:
            for item in waiting:
                is_due = item.billing_date <= run_date and not is_closed("KW", run_date)
                if is_due and item.number not in caught:
                    caught[item.number] = run_date
        made = invoices(policy, "KW", run_dates)
        assert {line.installment_number: i.run_date for i in made for line in i.lines} == caught
