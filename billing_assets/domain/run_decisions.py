"""What a person decides on a run that is planned or held.

Belongs here: the decisions and which states allow them. Does not belong here: what holds a run
(``safety_bounds``), the rows (``store``).
"""

from dataclasses import dataclass
from enum import StrEnum

from billing_assets.domain.errors import BillingError
from billing_assets.domain.runs import RunState


class RunDecision(StrEnum):
    """``approve``: the run may issue exactly what was shown; ``reject``: its plan is dropped."""

    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDecisionOrder:
    """A decision on one run, with why and who; ``shown_sha256`` is the plan that was looked at, or empty."""

    run_id: int
    decision: RunDecision
    reason: str
    decided_by: str
    shown_sha256: str = ""


def is_decided(decision: RunDecision, state: RunState, *, is_approved: bool) -> bool:
    """Tell whether a run is decided on in this way already, so that nothing is left to do.

    >>> is_decided(RunDecision.APPROVE, RunState.FINALISED, is_approved=True)
    True
    """
    if decision is RunDecision.REJECT:
        return state is RunState.REJECTED
    return is_approved and state is not RunState.REJECTED


def undecidable(run_id: int, decision: RunDecision, state: RunState) -> BillingError | None:
    """Return the error for a decision that comes too late; None while the run has not begun.

    >>> undecidable(7, RunDecision.REJECT, RunState.RUNNING).code
    'run_not_open'
    >>> undecidable(7, RunDecision.REJECT, RunState.HELD)
    """
    if state in {RunState.PLANNED, RunState.HELD}:
        return None
    return run_not_open(run_id, state, "approved" if decision is RunDecision.APPROVE else "rejected")


def run_not_open(run_id: int, state: RunState, done: str) -> BillingError:
    """Return the error for a run that has begun, or gave way to another one of its date.

    >>> run_not_open(7, RunState.FINALISED, "billed").code
    'run_not_open'
    """
    return BillingError(
        "run_not_open",
        f"run {run_id} is {state.value} and cannot be {done} any more",
        "'billing runs' shows which runs are planned or held",
    )
