"""What becomes of a charge has a reason in words unless it is invoiced."""

from billing_assets.domain.policies import HoldCode
from billing_assets.domain.runs import OUTCOME_REASONS, Outcome, RunState


def test_each_hold_can_be_told_as_a_reason() -> None:
    assert {hold.value for hold in HoldCode} <= set(OUTCOME_REASONS)


def test_each_reason_of_the_calculation_is_explained() -> None:
    codes = {
        "no_cover",
        "zero_premium",
        "rounds_to_zero",
        "no_tax_rule",
        "no_plan_row",
        "amount_out_of_range",
    }
    assert codes <= set(OUTCOME_REASONS)
    assert all(OUTCOME_REASONS.values())


def test_states_and_outcomes_are_stored_by_their_words() -> None:
    assert [state.value for state in RunState] == ["planned", "held", "running", "finalised", "rejected"]
    assert [outcome.value for outcome in Outcome] == ["invoiced", "zero", "held", "failed", "credited"]
