"""The kinds of change, and that a change is a value."""

from datetime import date

from billing_assets.domain.policy_changes import ChangeKind, PolicyChange


def test_two_changes_that_say_the_same_are_the_same() -> None:
    change = PolicyChange(change_number=1, kind=ChangeKind.ENDORSEMENT, effective_date=date(2024, 1, 1))
    again = PolicyChange(change_number=1, kind=ChangeKind("endorsement"), effective_date=date(2024, 1, 1))
    assert change == again
