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
    """Bill a policy: what it has due up to the billing date ``until``, or the next installment of it (None).

    ``request_id`` is 0 for a request that is not of the inbox.
    """

    policy_number: str
    until: date | None = None
    request_id: int = 0


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
class OnDemandOrder:
    """By what requests are answered: the business date, the date of the documents, its approval."""

    company_code: str
    billing_date: date
    issuing_date: date
    backdating: Backdating = UNASKED
