"""Retries of failed invoices: when what failed is tried again by itself, and when a person takes it over.

Belongs here: the waits, what may be retried and what comes of an attempt. Does not belong here: which charges
stand failed (``store.failures``), the order of work (``steps.retry_failed_invoices``), messages that are sent
again (``deliveries``, ``notifications``).

A failed charge waits for something outside of it: a tax row, a row of a plan, a rate. A held one waits for a
person's decision, so that trying again by itself would not help.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from billing_assets.domain.attempts import is_last_attempt

RETRY_WAIT_HOURS = "1,4,24,48,96"
"""Hours before each attempt. What a night failed on is often put right in the same morning, or on the same
day; what is not by then takes days. After a good week the due date is near, and a person has to know."""

GIVER = "automatic retries"
"""By whom a charge that was given up is given to its owner, as the worklist keeps it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRule:
    """How long to wait before each attempt, counted from the failure before it, and who owns what is left."""

    waits: tuple[timedelta, ...]
    owner: str

    def next_after(self, failed_at: datetime, attempt_count: int) -> datetime | None:
        """Return when is tried again what failed, and so many attempts after it; None after the last one.

        >>> at = datetime(2025, 1, 31, 6, 0)
        >>> rule = retry_rule("1,4", "ana")
        >>> [str(rule.next_after(at, count)) for count in (0, 1, 2)]
        ['2025-01-31 07:00:00', '2025-01-31 10:00:00', 'None']
        """
        if is_last_attempt(attempt_count - 1, len(self.waits)):
            return None
        return failed_at + self.waits[attempt_count]


def retry_rule(wait_hours: str, owner: str) -> RetryRule:
    """Return the rule that a text says: whole hours before each attempt, apart by commas.

    >>> len(retry_rule(RETRY_WAIT_HOURS, "billing operations").waits)
    5
    """
    return RetryRule(waits=tuple(timedelta(hours=int(hours)) for hours in wait_hours.split(",")), owner=owner)


class RetryState(StrEnum):
    """What the program does with a failed charge by itself.

    ``due``: tries it now; ``later``: at its time; ``requested``: nothing, its policy is asked for in the
    inbox; ``owned``: nothing, a person has it; ``given_up``: nothing any more, and a person has it.
    """

    DUE = "due"
    LATER = "later"
    REQUESTED = "requested"
    OWNED = "owned"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCharge:
    """An installment of a term that stands failed, with what was done about it.

    ``until_date`` is the billing date up to which its policy has to be billed for it; ``failed_at`` when a
    run said so last. ``attempt_count`` counts the retries of this version of the term; ``next_attempt_at`` is
    what the last of them left, None where there was none or where it was the last one (``is_given_up``).
    """

    policy_term_id: int
    policy_term_version_id: int
    installment_number: int
    policy_number: str
    reason_code: str
    until_date: date
    failed_at: datetime
    attempt_count: int
    next_attempt_at: datetime | None
    is_given_up: bool
    is_requested: bool
    owner: str

    @property
    def key(self) -> tuple[int, int]:
        """What names it: term and installment."""
        return self.policy_term_id, self.installment_number

    def due_at(self, rule: RetryRule) -> datetime | None:
        """Return from when on it is tried again; None where a person has it."""
        if self.is_given_up or self.owner:
            return None
        if self.next_attempt_at is not None:
            return self.next_attempt_at
        # It stood failed no more after its last attempt, and does again: it has at least one more.
        count = min(self.attempt_count, len(rule.waits) - 1)
        return self.failed_at + rule.waits[count]

    def state(self, rule: RetryRule, at: datetime) -> RetryState:
        """Return what is done with it at an instant."""
        due_at = self.due_at(rule)
        if due_at is None:
            return RetryState.GIVEN_UP if self.is_given_up else RetryState.OWNED
        if self.is_requested:
            return RetryState.REQUESTED
        return RetryState.DUE if due_at <= at else RetryState.LATER


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRetry:
    """A policy that is billed up to a date, for the sake of these failed charges."""

    until_date: date
    charges: tuple[FailedCharge, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryAttempt:
    """What an attempt came to: the reason why the charge failed again, None where it stands failed no more.

    ``next_attempt_at`` is None then too, and where it was given up.
    """

    charge: FailedCharge
    attempt_number: int
    run_id: int | None
    reason_code: str | None
    next_attempt_at: datetime | None

    @property
    def is_given_up(self) -> bool:
        """Whether a person has it from now on."""
        return self.reason_code is not None and self.next_attempt_at is None


def due_retries(charges: Iterable[FailedCharge], rule: RetryRule, at: datetime) -> dict[str, PolicyRetry]:
    """Return policy -> what is retried of it: up to the billing date of what is due, and nothing beyond.

    A policy is billed as a whole up to a date, so that what failed up to that date and would be due later is
    tried, and counted, with it. What a person has is neither looked for nor counted.

    >>> at = datetime(2025, 1, 31, 9, 0)
    >>> row = dict.fromkeys(FailedCharge.__slots__)
    >>> row |= {"policy_number": "P-7", "until_date": at.date(), "next_attempt_at": at}
    >>> due_retries([FailedCharge(**row)], retry_rule("1,4", "ana"), at)["P-7"].until_date
    datetime.date(2025, 1, 31)
    """
    open_states = {RetryState.DUE, RetryState.LATER}
    by_policy: dict[str, list[FailedCharge]] = {}
    for charge in charges:
        if charge.state(rule, at) in open_states:
            by_policy.setdefault(charge.policy_number, []).append(charge)
    found = {}
    for number, rows in by_policy.items():
        due = [row.until_date for row in rows if row.state(rule, at) is RetryState.DUE]
        if due:
            until = max(due)
            tried = tuple(row for row in rows if row.until_date <= until)
            found[number] = PolicyRetry(until_date=until, charges=tried)
    return found


def attempts_of(
    tried: Sequence[FailedCharge],
    standing: Mapping[tuple[int, int], FailedCharge],
    rule: RetryRule,
    *,
    at: datetime,
    runs: Mapping[str, int | None],
) -> list[RetryAttempt]:
    """Return what the attempt at each of these came to.

    ``standing`` is what stands failed after it, by key; ``runs`` policy -> the run that tried.

    >>> at = datetime(2025, 1, 31, 9, 0)
    >>> row = dict.fromkeys(FailedCharge.__slots__)
    >>> charge = FailedCharge(**row | {"policy_number": "P-7", "attempt_count": 1})
    >>> (billed,) = attempts_of([charge], {}, retry_rule("1,4", "ana"), at=at, runs={"P-7": 3})
    >>> billed.attempt_number, billed.reason_code, billed.is_given_up
    (2, None, False)
    """
    found = []
    for charge in tried:
        still, number = standing.get(charge.key), charge.attempt_count + 1
        found.append(
            RetryAttempt(
                charge=charge,
                attempt_number=number,
                run_id=runs[charge.policy_number],
                reason_code=still.reason_code if still else None,
                next_attempt_at=rule.next_after(at, number) if still else None,
            )
        )
    return found
