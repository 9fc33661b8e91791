"""Replays: closed periods worked out again, and what comes out otherwise.

Belongs here: the words for a difference. Does not belong here: the comparison (``frames.replays``), reading
what was recorded (``store.replays``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType


class DifferenceKind(StrEnum):
    """What differs: a charge, a line, a tax or the document; or something is there on one side alone."""

    NOT_DUE_NOW = "not_due_now"
    NOT_RECORDED = "not_recorded"
    CHARGE = "charge"
    LINE = "line"
    TAX = "tax"
    DOCUMENT = "document"


DIFFERENCE_WORDS: Mapping[DifferenceKind, str] = MappingProxyType(
    {
        DifferenceKind.NOT_DUE_NOW: "was recorded, and is not due by today's code",
        DifferenceKind.NOT_RECORDED: "is due by today's code, and was not recorded",
        DifferenceKind.CHARGE: "the charge comes out otherwise",
        DifferenceKind.LINE: "the line of the invoice comes out otherwise",
        DifferenceKind.TAX: "a tax of the invoice comes out otherwise",
        DifferenceKind.DOCUMENT: "the head of the invoice comes out otherwise",
    }
)
"""``DifferenceKind`` -> words.

>>> DIFFERENCE_WORDS[DifferenceKind.TAX]
'a tax of the invoice comes out otherwise'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value that comes out otherwise: where it stands, what was recorded, what comes out now.

    ``document_number`` is empty where nothing was invoiced; values are as text, empty where there is none.
    """

    run_id: int
    billing_date: date
    policy_number: str
    installment_number: int
    document_number: str
    kind: DifferenceKind
    field_name: str
    recorded: str
    recomputed: str
