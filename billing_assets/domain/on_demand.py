"""Invoices on demand: what is asked for, and what the answer is.

Belongs here: requests, their states and the words of their reasons.
Does not belong here: what a policy has due (``frames``), the order of work (``steps``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from billing_assets.domain.backdating import UNASKED, Backdating
from billing_assets.domain.policies import HOLD_REASONS
from billing_assets.domain.runs import OUTCOME_REASONS


class RequestState(StrEnum):
    """``queued``: not looked at yet; ``waiting``: a run has to end first; the others are final."""

    QUEUED = "queued"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class RequestKind(StrEnum):
    """What a request without a date asks for; the last two come from events of policies.

    ``invoice``: the next installment. ``first_invoice``: what is due today, and of a policy of which nothing
    is billed its first installment, whatever its date. ``due_now``: what is due today.
    """

    INVOICE = "invoice"
    FIRST_INVOICE = "first_invoice"
    DUE_NOW = "due_now"


NOTHING_DUE = "nothing_due"
POLICY_UNKNOWN = "policy_unknown"
RUN_IN_PROGRESS = "run_in_progress"
RUN_HELD = "run_held"

REQUEST_REASONS: Mapping[str, str] = MappingProxyType(
    {
        **HOLD_REASONS,
        **OUTCOME_REASONS,
        NOTHING_DUE: "everything up to that date is billed already, or there is nothing to bill",
        POLICY_UNKNOWN: "the book has no such policy",
        RUN_IN_PROGRESS: "a run or an import of the company is under way: it comes with the run, or after it",
        RUN_HELD: "a held run bills it: approve or reject that run",
    }
)
"""Why a request has no invoice, or not yet.

>>> REQUEST_REASONS["policy_unknown"]
'the book has no such policy'
"""


def reason_words(reason_code: str, run_id: int | None = None) -> str:
    """Return why a request has no invoice, naming the run that tells more of it, if there is one.

    >>> reason_words(RUN_HELD, 7)
    "run 7 is held and bills it: approve or reject that run ('billing runs show 7')"
    """
    words = REQUEST_REASONS.get(reason_code, reason_code)
    if run_id is None:
        return words
    if reason_code == RUN_HELD:
        return f"run {run_id} is held and bills it: approve or reject that run ('billing runs show {run_id}')"
    return words.replace("'billing runs charges'", f"'billing runs charges {run_id}'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Bill a policy: what it has due up to the billing date ``until``, or what its kind says (None).

    ``request_id`` is 0 for a request that is not of the inbox.
    """

    policy_number: str
    until: date | None = None
    request_id: int = 0
    request_kind: RequestKind = RequestKind.INVOICE

    def day(self, first: date | None, today: date, *, is_billed: bool) -> date | None:
        """Return the billing date up to which it asks; None for an installment where none is left.

        ``first`` is the billing date of the next installment; ``is_billed``: something of the policy is.

        >>> request = Request(policy_number="P-1", request_kind=RequestKind.FIRST_INVOICE)
        >>> february, today = date(2024, 2, 1), date(2024, 1, 10)
        >>> request.day(february, today, is_billed=False), request.day(february, today, is_billed=True)
        (datetime.date(2024, 2, 1), datetime.date(2024, 1, 10))
        """
        if self.until is not None:
            return self.until
        if self.request_kind is RequestKind.INVOICE:
            return first
        is_first = self.request_kind is RequestKind.FIRST_INVOICE and not is_billed
        return max(first, today) if is_first and first else today


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxEntry:
    """A request as somebody hands it in; ``request_key`` is theirs, and of one key one request is kept."""

    request_key: str
    policy_number: str
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of a request: the run that billed it or tried to, or the reason why none did.

    Of a request that waits for a held run ``run_id`` is that run. ``until`` is the billing date up to which
    it was, or is to be, billed.
    """

    request: Request
    state: RequestState
    reason_code: str = ""
    run_id: int | None = None
    until: date | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether it is to be asked again, once a run has ended or is decided on."""
        return self.state is RequestState.WAITING


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencySum:
    """Documents in a currency and what they come to, in minor units; below zero where more is given back."""

    currency: str
    document_count: int
    net_minor: int
    tax_minor: int

    @property
    def total_minor(self) -> int:
        """Net and tax.

        >>> CurrencySum(currency="EUR", document_count=1, net_minor=100, tax_minor=8).total_minor
        108
        """
        return self.net_minor + self.tax_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would become of a request, and what its policy would be billed; nothing was written."""

    answer: Answer
    sums: tuple[CurrencySum, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDemandOrder:
    """By what requests are answered: the business date, the date of the documents, its approval.

    ``is_signed``: a person asks for exactly these policies, and the audit log keeps it.
    """

    company_code: str
    billing_date: date
    issuing_date: date
    backdating: Backdating = UNASKED
    is_signed: bool = False
