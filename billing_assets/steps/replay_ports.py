"""What a replay needs from the world.

Belongs here: the store's side of replaying, as a protocol and the values that cross it.
Does not belong here: any implementation (``store``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from billing_assets.domain.calendar_rule import ClosedDays
from billing_assets.domain.runs import CatchUp
from billing_assets.frames.replays import Recorded
from billing_assets.steps.run_ports import RuleRows, Shard, ShardBook


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayShard:
    """One committed shard of a finalised run, with what its calculation went by.

    ``rule_set_id`` is None where the shard was committed before rule sets were kept. ``place_code`` is the
    place of the company; what was to be billed up to ``held_until`` was left to a run that was held.
    ``until`` are the numbers of the policies of a shard on demand, each with its date.
    """

    run_id: int
    shard: Shard
    committed_at: datetime
    book_batch_id: int
    company_id: int
    billing_date: date
    rule_set_id: int | None
    closed_day_id: int
    place_code: str
    catch_up: CatchUp
    held_until: date | None
    until: tuple[tuple[str, date], ...] = ()


class ReplayStore(Protocol):
    """The store's side of replaying; it only reads."""

    def replay_shards(self, company_code: str, from_date: date, to_date: date) -> Sequence[ReplayShard]:
        """Return the committed shards of the finalised runs of these billing dates, both included."""
        ...

    def read_book_as_then(self, shard: ReplayShard) -> ShardBook:
        """Return the book that the shard read, and what was settled before it was committed."""
        ...

    def recorded(self, shard: ReplayShard) -> Recorded:
        """Return what the shard recorded."""
        ...

    def rules_as_then(self, rule_set_id: int | None) -> RuleRows:
        """Return the rows of a set as they were then; today's where there is no set."""
        ...

    def closed_days(self, company_id: int, closed_day_id: int) -> ClosedDays:
        """Return what the company had closed itself, by the word up to that one."""
        ...
