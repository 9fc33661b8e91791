"""What a step reports when it is done.

Belongs here: the one result type of all steps. Does not belong here: how it is shown.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

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


Report: TypeAlias = Callable[[StepResult], None]
"""Is given what a step has done, also where an error ends it."""


def untold(_result: StepResult) -> None:
    """Report to nobody."""


class Stopwatch:
    """Adds up the seconds of named parts of the work.

    >>> watch = Stopwatch()
    >>> with watch("read"):
    ...     pass
    >>> list(watch.seconds)
    ['read']
    """

    def __init__(self) -> None:
        """Begin with no parts."""
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        """Add the time of the block to ``part``."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.add({part: time.perf_counter() - started})

    def add(self, seconds: Mapping[str, float]) -> None:
        """Add times that another stopwatch took."""
        for part, spent in seconds.items():
            self.seconds[part] = self.seconds.get(part, 0) + spent
