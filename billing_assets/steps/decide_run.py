"""Decide: a person approves or rejects a run that has not begun.

Belongs here: what a decision must hold before the store takes it.
Does not belong here: issuing what was approved (``raise_invoices``), which state allows what
(``domain.run_decisions``).
"""

import time
from dataclasses import replace

from billing_assets.domain.decisions import signed
from billing_assets.domain.run_decisions import RunDecision, RunDecisionOrder
from billing_assets.steps.result import StepResult
from billing_assets.steps.run_ports import Progress, RunDecisionStore, silent

_NAME_OPTIONS = {RunDecision.APPROVE: "--approved-by", RunDecision.REJECT: "--rejected-by"}


def decide_run(
    company_code: str, order: RunDecisionOrder, *, store: RunDecisionStore, progress: Progress = silent
) -> StepResult:
    """Take a decision on a run; the same decision again changes nothing (``is_repeat`` is 1).

    An approval is of the figures that the run shows now, and of no others: issuing compares their hash.

    Raises:
        BillingError: ``note_missing``, ``name_missing``; ``run_unknown``; ``run_not_open``;
            ``run_changed_since`` where the run does not show ``shown_sha256``.
    """
    started = time.perf_counter()
    reason, decided_by = signed(order.reason, order.decided_by, "--reason", _NAME_OPTIONS[order.decision])
    issuer = store.issuer(company_code)
    with store.lock_runs(issuer.company_id, progress):
        is_new = store.decide(issuer.company_id, replace(order, reason=reason, decided_by=decided_by))
    return StepResult(
        step="decide_run",
        facts={"run_id": order.run_id, "decision": order.decision.value, "is_repeat": int(not is_new)},
        seconds={"decide": time.perf_counter() - started},
    )
