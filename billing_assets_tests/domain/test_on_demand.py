"""Every reason for which a request has no invoice is told in words."""

import pytest

from billing_assets.domain.on_demand import (
    NOTHING_DUE,
    POLICY_UNKNOWN,
    REQUEST_REASONS,
    RUN_HELD,
    RUN_IN_PROGRESS,
    RequestState,
)
from billing_assets.domain.policies import HoldCode
from billing_assets.domain.runs import OUTCOME_REASONS


@pytest.mark.parametrize(
    "code", [NOTHING_DUE, POLICY_UNKNOWN, RUN_HELD, RUN_IN_PROGRESS, *OUTCOME_REASONS, *HoldCode]
)
def test_a_reason_has_words(code: str) -> None:
    assert REQUEST_REASONS[code]


def test_a_request_is_open_or_has_its_answer() -> None:
    assert [state.value for state in RequestState] == ["queued", "waiting", "done", "failed"]
