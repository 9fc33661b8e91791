"""Allocation: what a payment pays, and in which order.

Belongs here: the rule rows, the parts of a bill in their order, reasons. Does not belong here: the same over
the whole open book (``frames.allocation``), rows (``store.allocations``).

A payment pays the documents that its payer names, and then the oldest due. Within a document tax is paid
first, then premium, then fees, so that a fee never cancels a policy. A payment that comes back is taken off
what it paid last, first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from billing_assets.domain.errors import BillingError

PARTS = ("tax", "premium", "fee")
"""The parts of a bill in the order in which they are paid, where no row says otherwise."""


class AllocationReason(StrEnum):
    """Why a row of an allocation was written."""

    INSTRUCTION = "instruction"
    OLDEST_DUE = "oldest_due"
    PERSON = "person"
    TOLERANCE = "tolerance"
    RETURN = "return"
    CREDITED = "credited"
    APPROVED = "approved"


class SuspenseReason(StrEnum):
    """Why nobody owns a payment."""

    NO_REFERENCE = "no_reference"
    WRONG_REFERENCE = "wrong_reference"
    UNKNOWN_DOCUMENT = "unknown_document"
    DOCUMENT_PAID = "document_paid"
    CURRENCY_DIFFERS = "currency_differs"
    SEVERAL_PAYERS = "several_payers"


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationRule:
    """A dated row of a company and a currency; the newest that is valid counts.

    What is left of a document that was paid in part is written off up to ``tolerance_minor``; a person writes
    off more, and above ``approval_above_minor`` needs an approver.
    """

    currency: str
    tolerance_minor: int
    approval_above_minor: int
    valid_from: date
    source: str
    part_order: tuple[str, ...] = PARTS
    allocation_rule_id: int = 0

    def __post_init__(self) -> None:
        """Refuse a row that cannot be; raise ``allocation_rule_invalid``."""
        is_sound = 0 <= self.tolerance_minor <= self.approval_above_minor and self.source.strip()
        if not is_sound or sorted(self.part_order) != sorted(PARTS):
            raise BillingError(
                "allocation_rule_invalid",
                "a rule needs a source, every part of a bill once, and a tolerance from 0 up to the amount "
                "above which an approver is needed",
                "say for example: --tolerance 0.05 --approval-above 5.00 --source 'board decision'",
            )


def split_paid(
    paid_minor: int, parts: Mapping[str, int], part_order: tuple[str, ...] = PARTS
) -> dict[str, int]:
    """Return how much of each part of a document is paid; what a part takes off is paid with the others.

    >>> split_paid(50, {"tax": 8, "premium": 100, "fee": 5})
    {'tax': 8, 'premium': 42, 'fee': 0}
    """
    left, paid = paid_minor, {}
    for part in part_order:
        paid[part] = min(left, max(parts.get(part, 0), 0))
        left -= paid[part]
    return paid
