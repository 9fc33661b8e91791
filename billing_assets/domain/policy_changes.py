"""Changes of a policy in the middle of its term: endorsement, cancellation, reinstatement.

Belongs here: the kinds, and one change as a value.
Does not belong here: what changes come to (``frames.policy_changes``), how a cancelled term is earned
(``cancellation``).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ChangeKind(StrEnum):
    """What a change does from its day on.

    ``endorsement``: another premium. ``cancellation``: no cover, by a method. ``reinstatement``: cover again;
    on the day of the cancellation it is one without a lapse.
    """

    ENDORSEMENT = "endorsement"
    CANCELLATION = "cancellation"
    REINSTATEMENT = "reinstatement"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChange:
    """One change of a term; changes count in the order of their effective dates, then of their numbers.

    ``change_number`` is that of the policy system, unique within the term. ``premium_minor`` is the premium
    of the whole term as if the change held from its first day: of an endorsement alone. ``method_code`` is
    of a cancellation alone.
    """

    change_number: int
    kind: ChangeKind
    effective_date: date
    premium_minor: int = 0
    method_code: str = ""
