"""Retries of failed invoices in the store: what stands failed with its attempts, and keeping an attempt.

Belongs here: rows of ``invoice_retry``, and giving away what was given up. Does not belong here: when
something is retried (``domain.retries``), which charges stand (``failures``).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from billing_assets.domain.errors import BillingError
from billing_assets.domain.retries import GIVER, FailedCharge, RetryAttempt
from billing_assets.domain.runs import Outcome
from billing_assets.store.failures import FailureFilter, FailureRow, find_failures, list_failures
from billing_assets.store.worklists import SignedNote, give_charges

_ALL = 2**31 - 1

_KEEP = """
insert into invoice_retry (policy_term_version_id, installment_number, attempt_number, company_id,
    policy_term_id, until_date, run_id, reason_code, attempted_at, next_attempt_at)
select a.version_id, a.number, a.attempt, :company, a.term_id, a.until_date, a.run_id, a.reason_code, :at,
    a.next_at
from unnest(cast(:versions as bigint[]), cast(:numbers as int[]), cast(:attempts as int[]),
    cast(:terms as bigint[]), cast(:until as date[]), cast(:runs as bigint[]), cast(:reasons as text[]),
    cast(:next as timestamptz[])) as a (version_id, number, attempt, term_id, until_date, run_id,
    reason_code, next_at)
on conflict do nothing
"""


def list_failed(connection: Connection, company_id: int) -> list[FailedCharge]:
    """Return every charge that stands failed, each once."""
    wanted = FailureFilter(outcome=Outcome.FAILED.value, limit=_ALL)
    return _charges(list_failures(connection, company_id, wanted))


def find_failed(
    connection: Connection, company_id: int, keys: Sequence[tuple[int, int]]
) -> list[FailedCharge]:
    """Return those of the named charges (term, installment) that stand failed."""
    return _charges(find_failures(connection, company_id, keys)) if keys else []


def failed_charge(row: FailureRow) -> FailedCharge:
    """Return a row of the worklist as what the rule of retries looks at."""
    return FailedCharge(**{name: getattr(row, name) for name in FailedCharge.__dataclass_fields__})


def keep_attempts(
    connection: Connection, company_id: int, attempts: Sequence[RetryAttempt], owner: str, at: datetime
) -> None:
    """Keep what attempts came to; what is given up and nobody has goes to ``owner``.

    Raises:
        BillingError: ``billed_meanwhile`` where another program has made one of these attempts.
    """
    charges = [attempt.charge for attempt in attempts]
    values = {
        "company": company_id,
        "versions": [charge.policy_term_version_id for charge in charges],
        "numbers": [charge.installment_number for charge in charges],
        "terms": [charge.policy_term_id for charge in charges],
        "until": [charge.until_date for charge in charges],
        "attempts": [attempt.attempt_number for attempt in attempts],
        "runs": [attempt.run_id for attempt in attempts],
        "reasons": [attempt.reason_code for attempt in attempts],
        "next": [attempt.next_attempt_at for attempt in attempts],
        "at": at,
    }
    if connection.execute(text(_KEEP), values).rowcount != len(attempts):
        raise BillingError(
            "billed_meanwhile",
            "another program retried one of these charges meanwhile; nothing is doubled",
            "run the same command again: it leaves out what is done",
        )
    left = [attempt.charge.key for attempt in attempts if attempt.is_given_up]
    if left:
        give_charges(connection, company_id, left, SignedNote(by=GIVER, at=at, owner=owner))


def _charges(rows: Iterable[FailureRow]) -> list[FailedCharge]:
    """Return of each failed charge the first row: parts of one may have failed for several reasons."""
    found: dict[tuple[int, int], FailedCharge] = {}
    for row in rows:
        if row.outcome == Outcome.FAILED:
            found.setdefault((row.policy_term_id, row.installment_number), failed_charge(row))
    return list(found.values())
