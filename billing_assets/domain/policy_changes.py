"""Changes of a policy in the middle of its term: endorsement, cancellation, reinstatement.

Belongs here: the kinds.
Does not belong here: what changes come to (``frames.policy_changes``), how a cancelled term is earned
(``cancellation``).
"""

from enum import StrEnum


class ChangeKind(StrEnum):
    """What a change does from its day on.

    ``endorsement``: another premium. ``cancellation``: no cover, by a method. ``reinstatement``: cover again;
    on the day of the cancellation it is one without a lapse.
    """

    ENDORSEMENT = "endorsement"
    CANCELLATION = "cancellation"
    REINSTATEMENT = "reinstatement"
