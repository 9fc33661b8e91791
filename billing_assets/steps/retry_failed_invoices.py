"""Retry: what failed and is due to be tried again is billed as if somebody asked for it, each thing once.

Belongs here: taking what is due in batches, trying it, keeping what came of it. Does not belong here: when
something is due (``domain.retries``), how a policy is billed (``invoice_on_demand``).

A batch is one transaction: the attempts are kept in the one that issues the invoices, so that whoever dies
leaves both or neither. In it is looked once more which charges stand failed: what was billed, corrected or
taken over meanwhile is left alone. Retries and drains of the inbox take turns.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from billing_assets.domain.on_demand import OnDemandOrder, Request
from billing_assets.domain.retries import PolicyRetry, RetryAttempt, RetryRule, attempts_of, due_retries
from billing_assets.steps.invoice_on_demand import answer_requests, in_transaction
from billing_assets.steps.issue_ports import Templates
from billing_assets.steps.on_demand_ports import OnDemandStore, OnDemandWork
from billing_assets.steps.result import StepResult, Stopwatch
from billing_assets.steps.run_ports import Progress, silent

BATCH_POLICIES = 10_000
"""Policies that are retried in one transaction."""


def retry_failed_invoices(
    order: OnDemandOrder,
    rule: RetryRule,
    at: datetime,
    *,
    store: OnDemandStore,
    templates: Templates,
    batch_policies: int = BATCH_POLICIES,
    progress: Progress = silent,
) -> StepResult:
    """Try everything once that is due at ``at``; what a run under way bills is left to it, and not counted.

    Facts, in charges: ``retried_count``, of these ``cleared_count`` that stand failed no more,
    ``failed_count`` that failed again and ``given_up_count`` that did so for the last time;
    ``waiting_count`` left to a run, and ``run_count``.
    """
    timer, counts = Stopwatch(), Counter[str]()
    with store.hold_inbox(order.company_code):
        with timer("find"):
            planned = due_retries(store.list_failed(order.company_code), rule, at)
        numbers = sorted(planned)
        for first in range(0, len(numbers), batch_policies):
            batch = {number: planned[number] for number in numbers[first : first + batch_policies]}
            with timer("retry"):
                act = partial(_retry_batch, order, rule, at, templates, batch)
                done = in_transaction(order.company_code, act, store=store)
            counts.update(_counts(done))
            progress("retrying", first + len(batch), len(numbers))
    names = (
        *("retried_count", "cleared_count", "failed_count", "given_up_count"),
        *("waiting_count", "run_count"),
    )
    facts = {name: counts[name] for name in names}
    return StepResult(step="retry_failed_invoices", facts=facts, seconds=timer.seconds)


def _retry_batch(
    order: OnDemandOrder,
    rule: RetryRule,
    at: datetime,
    templates: Templates,
    batch: Mapping[str, PolicyRetry],
    work: OnDemandWork,
) -> tuple[Sequence[RetryAttempt], int]:
    """Bill the policies of a batch; return the attempts, and how many charges are left to a run."""
    named = [charge.key for retry in batch.values() for charge in retry.charges]
    planned = due_retries(work.find_failed(named), rule, at)
    if not planned:
        return (), 0
    requests = [
        Request(policy_number=number, until=retry.until_date) for number, retry in sorted(planned.items())
    ]
    answers = answer_requests(order, requests, work, templates)
    runs = {answer.request.policy_number: answer.run_id for answer in answers if not answer.is_waiting}
    tried = [charge for number in runs for charge in planned[number].charges]
    standing = {charge.key: charge for charge in work.find_failed([charge.key for charge in tried])}
    attempts = attempts_of(tried, standing, rule, at=at, runs=runs)
    if attempts:
        work.keep_attempts(attempts, rule.owner, at)
    waiting = sum(len(retry.charges) for number, retry in planned.items() if number not in runs)
    return attempts, waiting


def _counts(done: tuple[Sequence[RetryAttempt], int]) -> Counter[str]:
    attempts, waiting_count = done
    again = [attempt for attempt in attempts if attempt.reason_code is not None]
    return Counter(
        retried_count=len(attempts),
        cleared_count=len(attempts) - len(again),
        failed_count=len(again),
        given_up_count=sum(attempt.is_given_up for attempt in again),
        waiting_count=waiting_count,
        run_count=len({attempt.run_id for attempt in attempts} - {None}),
    )
