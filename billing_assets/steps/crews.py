"""Who works on the shards of a run: several at a time, each ending in its turn.

Belongs here: what a crew does, what a member has at hand, and the crew of threads of this program.
Does not belong here: what is done with a shard (``price_plan``, ``raise_invoices``); a crew of processes
(``wiring.worker_processes``).
"""

import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle
from typing import Protocol, TypeAlias, TypeVar

from billing_assets.frames.invoices import Drafts
from billing_assets.steps.run_ports import RunStore, Shard
from billing_assets.steps.turns import Turns

SHARDS_AT_ONCE = 2
"""Shards in work at the same time: while one waits for the store, the other is calculated."""

KEPT_CHARGES = 120_000
"""Due charges whose drafts threads keep in memory from planning to issuing; the rest is priced again."""

WaitForTurn: TypeAlias = Callable[[], None]
"""Returns once all shards before are done; raises :class:`turns.TurnsAbandonedError` where one has failed."""


class KeptDrafts(Protocol):
    """What pricing keeps of a shard for issuing; it may keep nothing, and then the shard is priced again."""

    def keep(self, shard_number: int, drafts: Drafts) -> None:
        """Keep the drafts of a shard, if there is room."""
        ...

    def take(self, shard_number: int) -> Drafts | None:
        """Return the drafts of a shard and forget them; None where they were not kept."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """What a member of a crew has at hand."""

    store: RunStore
    kept: KeptDrafts


Result = TypeVar("Result")
ShardJob: TypeAlias = Callable[[Shard, Workplace, WaitForTurn], Result]
"""What is done with a shard. A job may cross to another process: it and its result can be pickled."""


class Crew(Protocol):
    """Members who share the work on shards."""

    def work(self, job: ShardJob[Result], shards: Sequence[Shard]) -> Generator[Result]:
        """Do a job with each shard and yield what comes of it, in the order of the shards.

        Whatever ends the work early ends it soon: a shard whose turn has come is finished, no other is. Close
        the generator to end it early.
        """
        ...


class DraftsInMemory:
    """The first drafts of a plan, up to a number of due charges.

    >>> from billing_assets.frames.plan_hashes import NO_DRAFTS
    >>> kept = DraftsInMemory()
    >>> kept.keep(3, NO_DRAFTS)
    >>> kept.take(3) is NO_DRAFTS, kept.take(3)
    (True, None)
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._drafts: dict[int, Drafts] = {}
        self._count = 0
        self._lock = threading.Lock()

    def keep(self, shard_number: int, drafts: Drafts) -> None:
        """Keep the drafts of a shard while all that is kept has at most ``KEPT_CHARGES`` due charges."""
        with self._lock:
            if self._count + drafts.charges.height <= KEPT_CHARGES:
                self._count += drafts.charges.height
                self._drafts[shard_number] = drafts

    def take(self, shard_number: int) -> Drafts | None:
        """Return the drafts of a shard and forget them; None where they were not kept."""
        with self._lock:
            return self._drafts.pop(shard_number, None)


class NothingKept:
    """Keeps no drafts, where pricing is all that is wanted."""

    def keep(self, shard_number: int, drafts: Drafts) -> None:
        """Forget the drafts."""

    def take(self, _shard_number: int) -> None:
        """Return None: the shard is to be priced again."""


class ThreadCrew:
    """Threads of this program, ``SHARDS_AT_ONCE``; they share one store."""

    def __init__(self, store: RunStore, kept: KeptDrafts | None = None) -> None:
        """Work over ``store``; what is priced is kept in memory, or as ``kept`` says."""
        self._place = Workplace(store=store, kept=kept or DraftsInMemory())

    def work(self, job: ShardJob[Result], shards: Sequence[Shard]) -> Generator[Result]:
        """Do a job with each shard and yield what comes of it, in the order of the shards."""

        def do(shard: Shard, wait_for_turn: WaitForTurn) -> Result:
            return job(shard, self._place, wait_for_turn)

        return in_turns([do], shards, threads=SHARDS_AT_ONCE)


def in_turns(
    members: Sequence[Callable[[Shard, WaitForTurn], Result]], shards: Sequence[Shard], *, threads: int = 1
) -> Generator[Result]:
    """Let members do the shards, dealt out one by one in a circle; yield what comes of them, in order.

    Each member has so many threads of this program to do its shards in.

    >>> shards = [Shard(shard_number=number, from_policy_id=1, to_policy_id=1) for number in (3, 5, 8)]
    >>> members = [
    ...     lambda shard, _wait: ("a", shard.shard_number),
    ...     lambda shard, _wait: ("b", shard.shard_number),
    ... ]
    >>> list(in_turns(members, shards))
    [('a', 3), ('b', 5), ('a', 8)]
    """
    turns = Turns([shard.shard_number for shard in shards])

    def do(member: Callable[[Shard, WaitForTurn], Result], shard: Shard) -> Result:
        with turns.member(shard.shard_number) as wait_for_turn:
            return member(shard, wait_for_turn)

    lanes = [ThreadPoolExecutor(max_workers=threads, thread_name_prefix="shards") for _ in members]
    try:
        dealt = zip(cycle(zip(lanes, members, strict=True)), shards, strict=False)
        results: deque[Future[Result]] = deque(
            lane.submit(do, member, shard) for (lane, member), shard in dealt
        )
        while results:
            yield results.popleft().result()
    finally:
        turns.abandon()
        for lane in lanes:
            lane.shutdown(wait=False, cancel_futures=True)
        for lane in lanes:
            lane.shutdown()
