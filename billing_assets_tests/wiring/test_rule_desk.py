"""Rule rows at the desk: listed by the day on which they hold, added with who and why."""

from datetime import date

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database
from billing_assets.wiring.rule_desk import RuleDesk

PLAN = {
    "plan_code": "ten_pay",
    "frequency_code": "monthly",
    "lead_days": "14",
    "source": "board",
    "valid_from": "2025-01-01",
}


def test_rows_are_listed_by_the_day_on_which_they_hold(database: Database) -> None:
    rules = RuleDesk(database)
    assert {row.place_code for row in rules.tax_rules("GB")} == {"GB"}
    assert "SEK" not in {row.currency for row in rules.cash_units(date(2010, 9, 30))}
    assert "SEK" in {row.currency for row in rules.cash_units(date(2010, 10, 1))}


def test_a_place_that_is_none_is_refused(database: Database) -> None:
    with pytest.raises(BillingError, match="place_unknown"):
        RuleDesk(database).tax_rules("XX")


def test_a_plan_is_added_and_ended_once(database: Database) -> None:
    rules = RuleDesk(database)
    assert rules.add_plan(PLAN, "for the fleet", "ana").new_count == 1
    assert rules.end_plan("ten_pay", date(2026, 1, 1), "no longer sold", "ana")
    assert not rules.end_plan("ten_pay", date(2026, 1, 1), "no longer sold", "ana")
    assert [row.plan.valid_to for row in rules.plans("ten_pay")] == [date(2026, 1, 1)]


def test_a_plan_with_a_field_that_is_wrong_is_refused_and_the_field_named(database: Database) -> None:
    with pytest.raises(BillingError, match="lead_days"):
        RuleDesk(database).add_plan({**PLAN, "lead_days": "x"}, "for the fleet", "ana")
