"""Drain: the requests of the inbox are answered in batches, oldest first.

Belongs here: taking batches until nothing is left. Does not belong here: what a request is answered
(``invoice_on_demand``).

A batch is one transaction and one run, whatever the number of its requests: they are marked in the
transaction that issues their invoices, so that whoever dies leaves both or neither.
"""

from collections import Counter
from functools import partial

from billing_assets.domain.on_demand import Answer, OnDemandOrder
from billing_assets.steps.invoice_on_demand import answer_requests, in_transaction
from billing_assets.steps.issue_ports import Templates
from billing_assets.steps.on_demand_ports import OnDemandStore, OnDemandWork
from billing_assets.steps.result import StepResult, Stopwatch
from billing_assets.steps.run_ports import Progress, silent

BATCH_REQUESTS = 10_000
"""Requests that are answered in one transaction."""


def drain_inbox(
    order: OnDemandOrder,
    *,
    store: OnDemandStore,
    templates: Templates,
    batch_requests: int = BATCH_REQUESTS,
    progress: Progress = silent,
) -> StepResult:
    """Answer every open request once; those that still wait stay in the inbox.

    Facts: ``request_count``, ``done_count``, ``failed_count``, ``waiting_count`` and ``run_count``.
    """
    timer, counts = Stopwatch(), Counter[str]()
    with store.hold_inbox(order.company_code):
        last_id = 0
        while True:
            with timer("drain"):
                act = partial(_answer_batch, order, templates, last_id, batch_requests)
                answers = in_transaction(order.company_code, act, store=store)
            if not answers:
                break
            last_id = answers[-1].request.request_id
            counts.update(f"{answer.state.value}_count" for answer in answers)
            counts["request_count"] += len(answers)
            counts["run_count"] += len(
                {answer.run_id for answer in answers if not answer.is_waiting} - {None}
            )
            progress("draining", counts["request_count"], 0)
    names = ("request_count", "done_count", "failed_count", "waiting_count", "run_count")
    return StepResult(step="drain_inbox", facts={name: counts[name] for name in names}, seconds=timer.seconds)


def _answer_batch(
    order: OnDemandOrder, templates: Templates, after_id: int, count: int, work: OnDemandWork
) -> tuple[Answer, ...]:
    """Take the oldest open requests beyond ``after_id``, answer and mark them."""
    requests = work.next_requests(after_id, count)
    if not requests:
        return ()
    answers = answer_requests(order, requests, work, templates)
    work.keep_answers(answers)
    return answers
