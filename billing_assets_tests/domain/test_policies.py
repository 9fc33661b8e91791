"""The words of the policy book."""

from billing_assets.domain.policies import HOLD_REASONS, HoldCode, LineOfBusiness


def test_each_hold_has_its_reason_in_words() -> None:
    assert set(HOLD_REASONS) == {hold.value for hold in HoldCode}
    assert all(HOLD_REASONS.values())


def test_lines_of_business_are_stored_by_their_words() -> None:
    assert [line.value for line in LineOfBusiness] == [
        "motor",
        "motor_liability",
        "motor_damage",
        "home",
        "home_building",
        "home_contents",
        "fire",
        "liability",
        "legal_expenses",
        "travel",
        "health",
        "accident",
        "life",
        "surplus_lines",
        "other",
    ]
