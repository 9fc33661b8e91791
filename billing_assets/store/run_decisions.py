"""Decisions on runs in the store.

Belongs here: the store's side of ``steps.decide_run``. Does not belong here: what a decision asks for
(``domain.run_decisions``).
"""

from sqlalchemy import text

from billing_assets.domain.access import own_run
from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.domain.errors import BillingError
from billing_assets.domain.run_decisions import RunDecision, RunDecisionOrder, is_decided, undecidable
from billing_assets.domain.runs import RunState
from billing_assets.store.audit_log import record_act
from billing_assets.store.runs import SqlRunStore

_FOUND = """
select state, plan_sha256, decided_at, asked_by from billing_run
where company_id = :company and run_id = :run for update
"""
_DECIDE = """
update billing_run set decision_reason = :reason, decided_by = :decided_by, decided_at = :at,
    state = case when :is_rejected then 'rejected' else state end
where run_id = :run
"""


class SqlRunDecisionStore(SqlRunStore):
    """Decisions in PostgreSQL; the implementation of ``steps.run_ports.RunDecisionStore``."""

    def decide(self, company_id: int, order: RunDecisionOrder) -> bool:
        """Take the decision, or raise what refuses it; False where it was taken before."""
        with self.database.transaction() as connection:
            row = connection.execute(text(_FOUND), {"company": company_id, "run": order.run_id}).first()
            if row is None:
                raise _unknown(order.run_id)
            state = RunState(row.state)
            unseen = _unseen(order, row.plan_sha256)
            if is_decided(order.decision, state, is_approved=row.decided_at is not None):
                if order.shown_sha256 and unseen:
                    raise unseen
                return False
            refusal = undecidable(order.run_id, order.decision, state) or unseen
            if order.decision is RunDecision.APPROVE:
                refusal = refusal or own_run(order.run_id, row.asked_by, order.decided_by)
            if refusal:
                raise refusal
            at = self.clock()
            values = {
                "run": order.run_id,
                "reason": order.reason,
                "decided_by": order.decided_by,
                "at": at,
                "is_rejected": order.decision is RunDecision.REJECT,
            }
            connection.execute(text(_DECIDE), values)
            record_act(connection, _act(company_id, order, row.state, row.plan_sha256), at)
        return True


def _act(company_id: int, order: RunDecisionOrder, state: str, plan_sha256: str) -> AuditAct:
    is_approved = order.decision is RunDecision.APPROVE
    return AuditAct(
        act=Act.APPROVE_RUN if is_approved else Act.REJECT_RUN,
        subject=Subject.RUN,
        subject_id=str(order.run_id),
        company_id=company_id,
        reason=order.reason,
        signed_by=order.decided_by,
        before={"state": state},
        after={"plan_sha256": plan_sha256} if is_approved else {"state": RunState.REJECTED.value},
    )


def _unknown(run_id: int) -> BillingError:
    return BillingError("run_unknown", f"there is no run {run_id}", "'billing runs' shows what there is")


def _unseen(order: RunDecisionOrder, plan_sha256: str) -> BillingError | None:
    """Return the error where the run shows other figures than those that were looked at, or none."""
    if plan_sha256 and plan_sha256.startswith(order.shown_sha256):
        return None
    if plan_sha256 and order.shown_sha256:
        return BillingError(
            "run_changed_since",
            f"run {order.run_id} has the hash {plan_sha256[:12]}, not {order.shown_sha256[:12]}: "
            "nothing was done",
            f"look at its figures and give the hash below them: 'billing runs show {order.run_id}'",
        )
    shown = f"shows the figures {plan_sha256[:12]}" if plan_sha256 else "was planned without figures"
    return BillingError(
        "run_changed_since",
        f"run {order.run_id} {shown} by now",
        f"look at them: 'billing runs show {order.run_id}'; 'billing run DATE --rehearse' plans anew",
    )
