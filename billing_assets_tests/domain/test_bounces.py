"""A report of failure returns what was accepted, and nothing else."""

import pytest

from billing_assets.domain.bounces import Bounce, BounceAction, returns
from billing_assets.domain.deliveries import DeliveryState


@pytest.mark.parametrize("action", list(BounceAction))
@pytest.mark.parametrize("state", list(DeliveryState))
def test_only_a_failure_of_what_was_accepted_returns_it(action: BounceAction, state: DeliveryState) -> None:
    bounce = Bounce(message_id="a@b.example", action=action, status="", reason_code="", diagnostic="")
    is_accepted = state in {DeliveryState.SENT, DeliveryState.UNKNOWN}
    assert returns(bounce, state) == (action is BounceAction.FAILED and is_accepted)
