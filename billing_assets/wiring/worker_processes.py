"""A crew of worker processes: the shards of a large book on all cores.

Belongs here: starting workers, talking with them, a worker that dies.
Does not belong here: what is done with a shard, whose turn it is (``steps``).

Workers are spawned, each with one thread for Polars, a connection pool and a pipe of its own, so that
whichever side ends, however it does, the other notices at once: a worker without a program rolls back. A
shard is issued by the worker that has priced it, which has kept it on its disk.
"""

import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from billing_assets.domain.errors import BillingError
from billing_assets.steps.crews import (
    NothingKept,
    Result,
    ShardJob,
    ThreadCrew,
    WaitForTurn,
    Workplace,
    in_turns,
)
from billing_assets.steps.run_ports import Clock, Shard
from billing_assets.steps.turns import TurnsAbandonedError
from billing_assets.store.connection import Database
from billing_assets.store.runs import SqlRunStore
from billing_assets.wiring.cores import cores
from billing_assets.wiring.crash_log import ElsewhereError, crash_text
from billing_assets.wiring.kept_drafts import DraftsOnDisk

_TURN, _DONE, _FAILED = "turn", "done", "failed"
_LAST_SECONDS = 2
_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_SETTINGS = {
    "POLARS_MAX_THREADS": "1",
    # A worker does the same over and over: memory that it gives back it has to be given again, page by page.
    # Left to itself Polars gives back what is free for half a second, some 50 MB with each shard.
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:-1,muzzy_decay_ms:-1,narenas:1,oversize_threshold:0,thp:always",
    "MALLOC_MMAP_THRESHOLD_": str(256 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
}
"""What a worker process finds in its environment."""

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
    """A process, and the end of its pipe on this side; one thread at a time talks with it."""

    def __init__(self, home: WorkerHome) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, far_end = context.Pipe()
        self._talk = threading.Lock()
        self._task: _Task | None = None
        self.process: BaseProcess = context.Process(target=_serve, args=(far_end, home), daemon=True)
        # Started by the first process otherwise, and it lets the signals through when it has started.
        resource_tracker.ensure_running()
        with _environment(_SETTINGS), _signals_held():
            self.process.start()
        far_end.close()

    def do(self, task: "_Task", shard: Shard, wait_for_turn: WaitForTurn) -> Any:  # noqa: ANN401 - of any job
        """Have the worker do a task with a shard; return what comes of it, or raise what it has raised.

        A talk that is broken off leaves a worker of which nobody knows what it was told: it is given up.
        """
        with self._talk:
            try:
                if task is not self._task:
                    self.give(task)
                    self._task = task
                self.give(shard)
                kind, value = self.hear()
                while kind == _TURN:
                    self.give(_has_come(wait_for_turn))
                    kind, value = self.hear()
            except (EOFError, OSError):
                self.pipe.close()
                self.process.join(_LAST_SECONDS)
                raise worker_ended(self.process.exitcode) from None
            except BaseException:
                self.pipe.close()
                raise
        if kind == _FAILED:
            raise value[0] from value[1]
        return value

    def give(self, message: object) -> None:
        self.pipe.send(message)

    def hear(self) -> tuple[str, Any]:
        answer: tuple[str, Any] = self.pipe.recv()
        return answer

    @property
    def is_fit(self) -> bool:
        """Whether it can be given work: its pipe ends a moment before the system says that it has ended."""
        return self.process.is_alive() and not self.pipe.closed

    def end(self) -> None:
        """Wait until it has ended; what it has not committed is rolled back."""
        with self._talk:
            self.pipe.close()
        self.process.join()


def _has_come(wait_for_turn: WaitForTurn) -> bool:
    """Wait for a turn; False where it will never come."""
    try:
        wait_for_turn()
    except TurnsAbandonedError:
        return False
    return True


class WorkerPool:
    """Worker processes of one program, started when they are first needed."""

    def __init__(self, home: WorkerHome, worker_count: int) -> None:
        """Start nothing yet; at most ``worker_count`` processes, 0: as many as there are ``cores``."""
        self._home = home
        self._worker_count = worker_count or cores()
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
        self._threads = ThreadCrew(store, None if keeps else NothingKept())
        self._pool = pool
        self._crew_id = uuid4() if keeps else None

    def work(self, job: ShardJob[Result], shards: Sequence[Shard]) -> Generator[Result]:
        """Do a job with each shard and yield what comes of it, in the order of the shards.

        The same shards are dealt to the same workers each time, who have kept what they have priced.
        """
        if len(shards) < LARGE_BOOK_SHARDS:
            return self._threads.work(job, shards)
        task = _Task(self._crew_id, job)
        return in_turns([partial(worker.do, task) for worker in self._pool.workers(len(shards))], shards)


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


@contextmanager
def _signals_held() -> Iterator[None]:
    """Hold the signals of the program back in the block, and in processes that are started in it for ever."""
    former = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables for processes that are started in the block."""
    former = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in former.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def worker_ended(exit_code: int | None) -> BillingError:
    """Return what a person is told of a worker that ended, by how it did: killed (-9, say), or by itself.

    >>> worker_ended(-9).found
    'a worker process was killed (SIGKILL) before it said that its shard was done'
    """
    again = "run the same command again: what was not committed is rolled back, and it does what is missing"
    if exit_code == -signal.SIGKILL:
        found = "a worker process was killed (SIGKILL) before it said that its shard was done"
        memory = "should it happen again, the machine may lack memory: a lower BILLING_RUN_WORKERS needs less"
        return BillingError("worker_ended", found, f"{again}; {memory}")
    how = "is silent" if exit_code is None else f"ended by itself with status {exit_code}"
    if exit_code is not None and exit_code < 0:
        how = f"ended by signal {-exit_code}"
    return BillingError(
        "worker_ended",
        f"a worker process {how} before it said that its shard was done",
        f"{again}; should it happen again, what it wrote to the standard error says why",
    )
