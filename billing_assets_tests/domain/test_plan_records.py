"""A plan row in texts: every field is read, and every fault is named with its field."""

from dataclasses import fields, replace
from datetime import date

import pytest

from billing_assets.domain.business_days import HolidayBehaviour, LeadUnit, Roll
from billing_assets.domain.payment_plans import DEFAULT_PLANS, PaymentPlan, Residual
from billing_assets.domain.plan_records import (
    PLAN_FIELDS,
    differing_fields,
    own_words,
    plan_faults,
    plan_from,
    plan_record,
)
from billing_assets.domain.term_days import TermDayCount
from billing_assets_tests.reference.generate import random_plans

TEXTS = {
    "plan_code": "ten_days",
    "frequency_code": "monthly",
    "lead_days": "10",
    "valid_from": "2025-01-01",
    "source": "board",
}


def test_the_fields_are_those_of_a_plan() -> None:
    assert set(PLAN_FIELDS) == {each.name for each in fields(PaymentPlan)}


def test_every_field_is_read() -> None:
    texts = {
        **TEXTS,
        "lead_unit": "business",
        "due_days": " 5 ",
        "due_roll": "none",
        "generate_roll": "following",
        "holiday_behaviour": "hold_sending",
        "minimum_payment_days": "7",
        "maximum_installment_count": "4",
        "weights": " 40 030  30",
        "residual": "first",
        "down_payment_minor": "5000",
        "installment_fee_minor": "350",
        "minimum_bill_minor": "2000",
        "currency": "EUR",
        "blackout_days": "30",
        "day_count": "thirty_e_360",
        "valid_to": "2026-01-01",
    }
    plan, faults = plan_from(texts)
    assert faults == []
    assert plan == PaymentPlan(
        plan_code="ten_days",
        frequency_code="monthly",
        lead_days=10,
        lead_unit=LeadUnit.BUSINESS,
        due_days=5,
        due_roll=Roll.NONE,
        generate_roll=Roll.FOLLOWING,
        holiday_behaviour=HolidayBehaviour.HOLD_SENDING,
        minimum_payment_days=7,
        maximum_installment_count=4,
        weights="40 30 30",
        residual=Residual.FIRST,
        down_payment_minor=50_00,
        installment_fee_minor=3_50,
        minimum_bill_minor=20_00,
        currency="EUR",
        blackout_days=30,
        day_count=TermDayCount.THIRTY_E_360,
        valid_from=date(2025, 1, 1),
        valid_to=date(2026, 1, 1),
        source="board",
    )


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("plan_code", "Ten days"),
        ("plan_code", "x" * 41),
        ("frequency_code", "fortnightly"),
        ("lead_days", "401"),
        ("lead_days", "-1"),
        ("lead_days", "1.0"),
        ("lead_days", "²"),
        ("lead_unit", "weeks"),
        ("due_days", "9999999999999999999999"),
        ("due_roll", "Following"),
        ("generate_roll", "up"),
        ("holiday_behaviour", "wait"),
        ("minimum_payment_days", "401"),
        ("maximum_installment_count", "401"),
        ("weights", "1 2"),
        ("weights", "0"),
        ("weights", "1.5"),
        ("weights", "100000"),
        ("residual", "middle"),
        ("day_count", "actual_actual_isda"),
        ("down_payment_ppm", "1000000"),
        ("currency", "EUR"),
        ("currency", "euro"),
        ("blackout_days", "401"),
        ("valid_from", "2025-02-30"),
        ("valid_from", "20250101"),
        ("valid_to", "2025-01-01"),
        ("source", "x" * 501),
        ("source", "a\x1fb"),
        ("colour", "red"),
    ],
)
def test_a_value_that_a_field_cannot_hold_is_named(field: str, text: str) -> None:
    plan, faults = plan_from({**TEXTS, field: text})
    assert plan is None
    assert [fault.field for fault in faults] == [field]


def test_all_faults_are_named_at_once() -> None:
    _, faults = plan_from({"lead_days": "x", "due_days": "y"})
    assert {fault.field for fault in faults} == {
        *("lead_days", "due_days", "plan_code", "frequency_code", "source", "valid_from")
    }


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"maximum_installment_count": "3", "weights": "1 2"}, "weights"),
        ({"maximum_installment_count": "3", "weights": "1 2 3", "down_payment_ppm": "5"}, "weights"),
        ({"down_payment_minor": "5"}, "currency"),
        ({"frequency_code": "own_rule"}, "pattern"),
        ({"pattern": "FREQ=MONTHLY;BYMONTHDAY=10"}, "pattern"),
        ({"installment_fee_minor": "5"}, "currency"),
        ({"minimum_bill_minor": "5"}, "currency"),
        (
            {"down_payment_minor": "5", "currency": "EUR", "down_payment_ppm": "5"},
            "down_payment_minor",
        ),
    ],
)
def test_fields_that_do_not_go_together_are_named(values: dict[str, str], field: str) -> None:
    _, faults = plan_from({**TEXTS, **values})
    assert [fault.field for fault in faults] == [field]


def test_a_lead_of_open_days_is_shorter() -> None:
    _, faults = plan_from({**TEXTS, "lead_unit": "business", "lead_days": "121"})
    assert [fault.field for fault in faults] == ["lead_days"]


@pytest.mark.parametrize("seed", range(5))
def test_a_row_written_down_is_read_as_the_same_row(seed: int) -> None:
    for plan in (*DEFAULT_PLANS, *random_plans(seed)):
        assert plan_faults(plan) == []
        assert plan_from(plan_record(plan)) == (plan, [])


def test_two_rows_differ_in_all_but_their_end() -> None:
    plan = DEFAULT_PLANS[0]
    assert differing_fields(plan, replace(plan, valid_to=date(2030, 1, 1))) == []
    assert differing_fields(plan, replace(plan, source="x", due_days=9)) == ["due_days", "source"]


def test_what_is_not_the_default_is_told() -> None:
    assert own_words(DEFAULT_PLANS[1]) == ""
    assert own_words(replace(DEFAULT_PLANS[1], due_roll=Roll.NONE)) == "due_roll=none"
