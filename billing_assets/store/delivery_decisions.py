"""Decisions on deliveries in the store: each changes a row of the outbox and is kept for ever.

Belongs here: taking a decision on rows, reading the decisions of one delivery.
Does not belong here: what a state allows (``domain.decisions``), the outbox itself (``deliveries``).
"""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.domain.decisions import (
    DECISIONS,
    GIVEN_UP_REASON,
    DecidedDelivery,
    Decision,
    decision_refused,
)
from billing_assets.domain.errors import BillingError
from billing_assets.steps.delivery_ports import DecisionOrder
from billing_assets.store.audit_log import record_act
from billing_assets.store.companies import CompanyStore
from billing_assets.store.delivery_queue import NEWEST_ADDRESS, OTHER_WAY

# A sender begins a row by an update that wants it queued. Whoever locks the row first has it; the other finds
# the state changed.
_DECIDE = f"""
with held as (
    select v.delivery_id, v.company_id, v.state, v.reason_code, v.attempt_count,
        v.channel = any(newest.ways) as has_address, {OTHER_WAY} is not null as goes_another_way
    from delivery v join document d using (document_id) join invoice i using (invoice_id)
    {NEWEST_ADDRESS}
    where v.company_id = :company and v.delivery_id = any(:ids)
    order by v.delivery_id for update of v
), changed as (
    update delivery v set state = :to_state, reason_code = :reason, owner = '', changed_at = :at,
        next_attempt_at = null
    from held h
    where v.delivery_id = h.delivery_id and h.state = any(:from_states)
        and (h.has_address and not h.goes_another_way or :decision <> 'again')
        and (h.reason_code <> :given_up or :decision <> 'given-up')
    returning v.delivery_id
)
insert into delivery_decision (company_id, delivery_id, decision, note, decided_by, decided_at, state_before,
    reason_before, state_after, attempt_count)
select h.company_id, h.delivery_id, :decision, :note, :decided_by, :at, h.state, h.reason_code, :to_state,
    h.attempt_count
from held h join changed using (delivery_id) order by h.delivery_id
returning *
"""  # noqa: S608 - constants

_STATES = f"""
select v.delivery_id, v.state, v.reason_code, coalesce({OTHER_WAY}, '') as other_way
from delivery v where v.company_id = :company and v.delivery_id = any(:ids)
"""  # noqa: S608 - constants


class SqlDecisionStore(CompanyStore):
    """Decisions in PostgreSQL; the implementation of ``steps.delivery_ports.DecisionStore``."""

    def decide(self, company_id: int, order: DecisionOrder) -> Sequence[DecidedDelivery]:
        """Take the decision on every row of the order, or raise what refuses it with nothing changed."""
        rule = DECISIONS[order.decision]
        values = {
            "company": company_id,
            "ids": list(order.delivery_ids),
            "decision": order.decision.value,
            "note": order.note,
            "decided_by": order.decided_by,
            "at": self.clock(),
            "from_states": [state.value for state in rule.from_states],
            "to_state": rule.to_state.value,
            "reason": rule.reason_code,
            "given_up": GIVEN_UP_REASON,
        }
        with self.database.transaction() as connection:
            decided = [_decided(row) for row in connection.execute(text(_DECIDE), values)]
            done = {row.delivery_id for row in decided}
            refused = [number for number in order.delivery_ids if number not in done]
            if refused:
                raise _refusal(connection, company_id, order.decision, refused, len(order.delivery_ids))
            for row in decided:
                record_act(connection, _act(company_id, row), row.decided_at)
        return decided


def decisions_of(connection: Connection, company_id: int, delivery_id: int) -> list[DecidedDelivery]:
    """Return the decisions on one delivery, oldest first."""
    query = text(
        "select * from delivery_decision where company_id = :company and delivery_id = :delivery "
        "order by delivery_decision_id"
    )
    rows = connection.execute(query, {"company": company_id, "delivery": delivery_id})
    return [_decided(row) for row in rows]


def _act(company_id: int, row: DecidedDelivery) -> AuditAct:
    return AuditAct(
        act=Act.RESOLVE_DELIVERY,
        subject=Subject.DELIVERY,
        subject_id=str(row.delivery_id),
        company_id=company_id,
        reason=row.note,
        signed_by=row.decided_by,
        before={"state": row.state_before, "reason": row.reason_before},
        after={"state": row.state_after, "decision": row.decision},
    )


def _refusal(
    connection: Connection, company_id: int, decision: Decision, refused: Sequence[int], named_count: int
) -> BillingError:
    """Name the first delivery that refuses the decision; its row is locked, so that it is as it was found."""
    found = connection.execute(text(_STATES), {"company": company_id, "ids": list(refused)})
    states = {row.delivery_id: row for row in found}
    row = states.get(refused[0])
    state, reason, other_way = (row.state, row.reason_code, row.other_way) if row else (None, "", "")
    error = decision_refused(refused[0], decision, state, reason, other_way)
    if named_count == 1:
        return error
    more = f", and {len(refused) - 1} more cannot be decided so either" if len(refused) > 1 else ""
    return BillingError(error.code, f"{error.found}{more}; none of the {named_count} was changed", error.todo)


def _decided(row: object) -> DecidedDelivery:
    return DecidedDelivery(**{name: getattr(row, name) for name in DecidedDelivery.__slots__})
