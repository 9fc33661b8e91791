"""The kinds of change are stored by their words."""

from billing_assets.domain.policy_changes import ChangeKind


def test_kinds_are_stored_by_their_words() -> None:
    assert [kind.value for kind in ChangeKind] == ["endorsement", "cancellation", "reinstatement"]
