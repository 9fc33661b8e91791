"""A run can be decided on until it begins, and the same decision twice is one."""

import pytest

from billing_assets.domain.run_decisions import RunDecision, is_decided, undecidable
from billing_assets.domain.runs import RunState


@pytest.mark.parametrize("state", list(RunState))
@pytest.mark.parametrize("decision", list(RunDecision))
def test_only_a_planned_or_held_run_can_be_decided_on(decision: RunDecision, state: RunState) -> None:
    refused = undecidable(1, decision, state)
    assert (refused is None) == (state in {RunState.PLANNED, RunState.HELD})


def test_an_approved_run_stays_approved_whatever_it_has_done_since() -> None:
    for state in (RunState.HELD, RunState.RUNNING, RunState.FINALISED):
        assert is_decided(RunDecision.APPROVE, state, is_approved=True)
        assert not is_decided(RunDecision.APPROVE, state, is_approved=False)


def test_a_rejected_run_was_not_approved() -> None:
    assert is_decided(RunDecision.REJECT, RunState.REJECTED, is_approved=True)
    assert not is_decided(RunDecision.APPROVE, RunState.REJECTED, is_approved=True)
