"""What a step reports when it is done.

Belongs here: the one result type of all steps. Does not belong here: how it is shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from billing_assets.domain.runs import CurrencyTotal


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """Counts, control totals and seconds of one step; never personal data.

    ``facts`` holds counts, ids and dates under stable names; ``totals`` one row per outcome and currency;
    ``problem_count`` the bad rows that were kept beside the good; ``seconds`` the time of each part.

    >>> StepResult(step="deliver_documents", facts={"sent_count": 3}).facts["sent_count"]
    3
    """

    step: str
    facts: Mapping[str, int | str]
    totals: Sequence[CurrencyTotal] = ()
    problem_count: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)
