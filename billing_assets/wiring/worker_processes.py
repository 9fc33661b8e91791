"""A crew of worker processes: the shards of a large book on all cores.

Belongs here: starting workers, who works on which shard, whose turn it is, a worker that dies.
Does not belong here: what is done with a shard (``steps``).

Workers are spawned, each with one thread for Polars, a connection pool and a pipe of its own, so that
whichever side ends, however it does, the other notices at once: a worker without a program rolls back. A
shard is issued by the worker that has priced it, which has kept it on its disk.
"""

import multiprocessing
import os
import pickle
import signal
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from operator import itemgetter
from pathlib import Path
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

from billing_assets.domain.errors import BillingError
from billing_assets.steps.crews import NothingKept, ShardJob, ThreadCrew, Workplace
from billing_assets.steps.run_ports import Clock, Shard
from billing_assets.steps.turns import TurnsAbandonedError
from billing_assets.store.connection import Database
from billing_assets.store.runs import SqlRunStore
from billing_assets.wiring.crash_log import ElsewhereError, crash_text
from billing_assets.wiring.kept_drafts import DraftsOnDisk

Result = TypeVar("Result")
_TURN, _DONE, _FAILED = "turn", "done", "failed"
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


LARGE_BOOK_SHARDS = 12
"""From so many shards on it pays to start processes; each takes two seconds of a core to start."""


@dataclass(frozen=True, slots=True)
class _Task:
    """What a worker is to do with the shards that follow; it keeps drafts for one crew at a time."""

    crew_id: UUID | None
    job: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerHome:
    """Where a worker finds the store, what it takes the time from, and the folder of its files."""

    url: str
    connect_args: Mapping[str, str] | None
    clock: Clock
    folder: Path


def worker_home(database: Database, clock: Clock, folder: Path) -> WorkerHome:
    """Return the home of workers over the same store."""
    return WorkerHome(url=database.url, connect_args=database.connect_args, clock=clock, folder=folder)


class _Worker:
    """A process, and the end of its pipe on this side."""

    def __init__(self, home: WorkerHome) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, far_end = context.Pipe()
        self.process: BaseProcess = context.Process(target=_serve, args=(far_end, home), daemon=True)
        # Started by the first process otherwise, and it lets the signals through when it has started.
        resource_tracker.ensure_running()
        with _environment("POLARS_MAX_THREADS", "1"), _signals_held():
            self.process.start()
        far_end.close()

    def give(self, message: object) -> None:
        """Send a message; that its worker has ended is noticed where an answer is waited for."""
        with suppress(OSError):
            self.pipe.send(message)

    def hear(self) -> tuple[str, Any]:
        try:
            answer: tuple[str, Any] = self.pipe.recv()
        except (EOFError, OSError):
            # Its pipe ends a moment before the system says that it has ended.
            self.pipe.close()
            return _FAILED, (_worker_ended(), None)
        return answer

    @property
    def is_fit(self) -> bool:
        """Whether it can be given work."""
        return self.process.is_alive() and not self.pipe.closed

    def end(self) -> None:
        """Wait until it has ended; what it has not committed is rolled back."""
        self.pipe.close()
        self.process.join()


class WorkerPool:
    """Worker processes of one program, started when they are first needed."""

    def __init__(self, home: WorkerHome, worker_count: int) -> None:
        """Start nothing yet; at most ``worker_count`` processes."""
        self._home = home
        self._worker_count = worker_count
        self._workers: list[_Worker] = []

    def workers(self, shard_count: int) -> Sequence[_Worker]:
        """Return the workers, all alive: no more are started than there are shards."""
        self._workers = [worker for worker in self._workers if worker.is_fit]
        self._home.folder.mkdir(parents=True, exist_ok=True)
        while len(self._workers) < min(self._worker_count, shard_count):
            self._workers.append(_Worker(self._home))
        return tuple(self._workers)

    def close(self) -> None:
        """End the workers; what they have not committed is rolled back."""
        for worker in self._workers:
            worker.end()
        self._workers.clear()


class ProcessCrew:
    """The crew of one step: worker processes for a large book, threads for any other.

    An implementation of ``steps.crews.Crew``. With ``keeps`` a shard that was priced is kept for issuing.
    """

    def __init__(self, store: SqlRunStore, pool: WorkerPool, *, keeps: bool) -> None:
        """Work over ``store``, which is that of the workers too."""
        self._threads = ThreadCrew(store)
        self._pool = pool
        self._crew_id = uuid4() if keeps else None
        self._owners: dict[int, _Worker] = {}

    def work(self, job: ShardJob[Result], shards: Sequence[Shard]) -> Generator[Result]:
        """Do a job with each shard and yield what comes of it, in the order of the shards."""
        if len(shards) < LARGE_BOOK_SHARDS:
            yield from self._threads.work(job, shards)
            return
        workers = self._pool.workers(len(shards))
        for worker in workers:
            worker.give(_Task(self._crew_id, job))
        work_round: _Round[Result] = _Round(shards, workers, self._owners)
        try:
            yield from work_round.results()
        finally:
            work_round.abandon()


class _Round(Generic[Result]):
    """A job over all shards: who works on which. A place is that of a shard among them."""

    def __init__(
        self, shards: Sequence[Shard], workers: Sequence[_Worker], owners: dict[int, _Worker]
    ) -> None:
        self._shards = shards
        self._owners = owners
        self._queues: dict[_Worker, deque[int]] = {worker: deque() for worker in workers}
        self._unowned: deque[int] = deque()
        for place, shard in enumerate(shards):
            owner = owners.get(shard.shard_number)
            (self._unowned if owner is None else self._queues.get(owner, self._unowned)).append(place)
        self._busy: dict[_Worker, int] = {}
        self._asking: dict[int, _Worker] = {}
        self._in_talk: set[_Worker] = set()
        self._results: dict[int, Result] = {}
        self._finished: set[int] = set()
        self._next_place = 0
        self._end_place = len(shards)
        self._failure: Exception | None = None
        self._failed_at: ElsewhereError | None = None

    def results(self) -> Iterator[Result]:
        """Yield what comes of each shard, in order; raise what the first that failed has raised."""
        for place in range(len(self._shards)):
            while place not in self._results:
                if self._failure is not None and place >= self._end_place:
                    raise self._failure from self._failed_at
                self._assign()
                self._listen()
            yield self._results.pop(place)

    def abandon(self) -> None:
        """End the round: whose turn has come finishes, whatever comes after it is rolled back."""
        self._end_place = min(self._end_place, self._next_place + 1)
        try:
            for worker in self._in_talk:
                worker.end()
                self._busy.pop(worker, None)
            self._answer_turns()
            while self._busy:
                self._listen()
        finally:
            # What a worker says that nobody has waited for is no answer to the next round.
            for worker in self._busy:
                worker.pipe.close()

    @contextmanager
    def _talk(self, worker: _Worker) -> Iterator[None]:
        """Mark a worker of which nobody knows what it was told where the block is interrupted."""
        self._in_talk.add(worker)
        yield
        self._in_talk.remove(worker)

    def _assign(self) -> None:
        # Whoever is free takes the first shard that it may, so that the next in turn is always in work.
        for worker, own in self._queues.items():
            queue = min(filter(None, (own, self._unowned)), key=itemgetter(0), default=own)
            if worker not in self._busy and queue and queue[0] < self._end_place:
                with self._talk(worker):
                    place = queue.popleft()
                    self._busy[worker] = place
                    self._owners[self._shards[place].shard_number] = worker
                    worker.give(self._shards[place])

    def _listen(self) -> None:
        ready = wait([worker.pipe for worker in self._busy])
        for worker in [each for each in self._busy if each.pipe in ready]:
            with self._talk(worker):
                self._hear(worker, *worker.hear())
        self._answer_turns()

    def _hear(self, worker: _Worker, kind: str, value: Any) -> None:  # noqa: ANN401 - a result or an error
        place = self._busy[worker]
        if kind == _TURN:
            self._asking[place] = worker
            return
        del self._busy[worker]
        if kind == _FAILED:
            if place < self._end_place:
                self._end_place, (self._failure, self._failed_at) = place, value
            return
        self._results[place] = value
        self._finished.add(place)
        while self._next_place in self._finished:
            self._finished.remove(self._next_place)
            self._next_place += 1

    def _answer_turns(self) -> None:
        for place in sorted(self._asking):
            is_over = place >= self._end_place
            if is_over or place == self._next_place:
                with self._talk(self._asking[place]):
                    self._asking.pop(place).give(not is_over)


def _serve(pipe: Connection, home: WorkerHome) -> None:
    """Work for the program at the other end of the pipe until it closes it.

    Both signals are for the program: it ends the work where nothing is half done. They were held since before
    this process began.
    """
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    database, kept = Database(home.url, home.connect_args), DraftsOnDisk(home.folder)
    with closing(database), closing(kept), suppress(EOFError, OSError):
        store = SqlRunStore(database, home.clock)
        task, place = _Task(None, None), Workplace(store=store, kept=NothingKept())
        while True:
            message = pipe.recv()
            if isinstance(message, Shard):
                pipe.send(_outcome(task.job, message, place, pipe))
                continue
            if message.crew_id != task.crew_id:
                kept.clear()
                place = Workplace(store=store, kept=kept if message.crew_id else NothingKept())
            task = message


def _outcome(job: Any, shard: Shard, place: Workplace, pipe: Connection) -> tuple[str, object]:  # noqa: ANN401
    def wait_for_turn() -> None:
        pipe.send((_TURN, None))
        if not pipe.recv():
            raise TurnsAbandonedError

    try:
        return _DONE, job(shard, place, wait_for_turn)
    except Exception as error:  # noqa: BLE001 - raised again at the other end
        return _FAILED, (_portable(error), ElsewhereError(crash_text(error)))


def _portable(error: Exception) -> Exception:
    """Return the error, or one in its place that can cross to another process."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    except Exception:  # noqa: BLE001 - whatever it is, it cannot cross
        return RuntimeError(f"{type(error).__name__} in a worker process")
    return error


def cores() -> int:
    """Return how many cores this process may use."""
    # Not every system tells which cores a process is bound to.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _signals_held() -> Iterator[None]:
    """Hold the signals of the program back in the block, and in processes that are started in it for ever."""
    former = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """Set a variable for processes that are started in the block."""
    former = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if former is None:
            del os.environ[name]
        else:
            os.environ[name] = former


def _worker_ended() -> BillingError:
    return BillingError(
        "worker_ended",
        "a worker process ended before its shard was done; the shard was rolled back",
        "run the same command again: it does what is missing; should it happen again, the machine may lack "
        "memory: BILLING_RUN_WORKERS=1 needs least",
    )
