"""Resolve: a person decides what becomes of deliveries that did not simply arrive.

Belongs here: what an order of decisions must hold before the store takes it.
Does not belong here: which decision a state allows (``domain.decisions``), the rows
(``store.delivery_decisions``), sending again (``deliver_documents``).
"""

import time
from dataclasses import replace

from billing_assets.domain.decisions import signed
from billing_assets.domain.errors import BillingError
from billing_assets.steps.delivery_ports import DecisionOrder, DecisionStore
from billing_assets.steps.result import StepResult


def resolve_deliveries(company_code: str, order: DecisionOrder, *, store: DecisionStore) -> StepResult:
    """Take one decision on every delivery of ``order``, or on none.

    ``decided_count`` is the number of deliveries; a delivery named twice is decided once.

    Raises:
        BillingError: ``nothing_to_decide``; ``note_missing``, ``name_missing``; what
            ``domain.decisions.decision_refused`` returns, with nothing changed.
    """
    started = time.perf_counter()
    note, decided_by = signed(order.note, order.decided_by)
    delivery_ids = tuple(sorted(set(order.delivery_ids)))
    if not delivery_ids:
        raise BillingError(
            "nothing_to_decide", "no delivery is named", "'billing deliveries' shows the numbers"
        )
    issuer = store.issuer(company_code)
    decided = store.decide(
        issuer.company_id, replace(order, delivery_ids=delivery_ids, note=note, decided_by=decided_by)
    )
    return StepResult(
        step="resolve_deliveries",
        facts={"decision": order.decision.value, "decided_count": len(decided)},
        seconds={"resolve": time.perf_counter() - started},
    )
