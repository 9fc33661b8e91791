"""Pace: how many messages a minute go to one domain.

Belongs here: counting them, and letting the rest wait. Does not belong here: sending (``deliver_documents``),
what a server says that wants fewer (``channels``).

Mail systems of many mailboxes slow down, or shut out, whoever sends them too much at once. What is over the
limit is not even printed before its minute has come.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from billing_assets.steps.delivery_ports import QueuedDelivery

WINDOW_SECONDS = 60.0


@dataclass(kw_only=True)
class DomainPace:
    """Admits ``per_minute`` messages to each domain; 0 admits all.

    >>> DomainPace(per_minute=0).admitted([])
    []
    """

    per_minute: int = 0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    was_short: bool = False
    _begun_at: float = 0.0
    _counts: Counter[str] = field(default_factory=Counter)

    def admitted(self, rows: Sequence[QueuedDelivery]) -> list[QueuedDelivery]:
        """Return the rows that may go now, in order; the others wait for the next minute."""
        if not self.per_minute:
            return list(rows)
        self._turn_over()
        return [row for row in rows if self._admits(row)]

    def full_domains(self) -> list[str]:
        """Return the domains to which nothing more may go in this minute, in small letters."""
        if not self.per_minute:
            return []
        self._turn_over()
        return [domain for domain, count in self._counts.items() if count >= self.per_minute]

    def wait(self, tell: Callable[[], None]) -> None:
        """Let the minute end; ``tell`` is called each second, and may raise where somebody wants to stop."""
        self.was_short = False
        while (rest := self._begun_at + WINDOW_SECONDS - self.clock()) > 0:
            tell()
            self.sleep(min(rest, 1.0))
        self._counts.clear()

    def _turn_over(self) -> None:
        if self.clock() - self._begun_at >= WINDOW_SECONDS:
            self._begun_at = self.clock()
            # A full domain was left out where rows were read: the next look has to begin anew.
            self.was_short = self.was_short or any(
                count >= self.per_minute for count in self._counts.values()
            )
            self._counts.clear()

    def _admits(self, row: QueuedDelivery) -> bool:
        domain = row.to_email.rpartition("@")[2].lower() if row.channel == "email" else ""
        if domain and self._counts[domain] >= self.per_minute:
            self.was_short = True
            return False
        self._counts[domain] += bool(domain)
        return True
