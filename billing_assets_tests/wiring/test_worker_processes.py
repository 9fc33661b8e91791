"""Worker processes make what threads make, and whatever ends a worker or a run early leaves it resumable."""

import itertools
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psutil
import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.steps import plan_due_charges as planning
from billing_assets.steps.crews import WaitForTurn, Workplace
from billing_assets.steps.run_ports import Shard
from billing_assets.store.connection import Database
from billing_assets.wiring import worker_processes
from billing_assets.wiring.build import Billing, utc_now
from billing_assets.wiring.crash_log import crash_text
from billing_assets.wiring.worker_processes import ProcessCrew, WorkerPool, worker_ended, worker_home
from billing_assets_tests.books import billing_over, fill_book
from billing_assets_tests.state import business_state
from billing_assets_tests.steps.outbox import broken_invariants

FEBRUARY = date(2024, 2, 1)
SHARDS = [Shard(shard_number=number, from_policy_id=1, to_policy_id=1) for number in range(6)]


@pytest.fixture
def billing(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Billing]:
    fill_book(database, 60)
    monkeypatch.setattr(planning, "SHARD_TERMS", 7)
    monkeypatch.setattr(worker_processes, "LARGE_BOOK_SHARDS", 2)
    with ExitStack() as stack:
        made = billing_over(database, tmp_path, stack)
        made.settings = made.settings.model_copy(update={"run_workers": 2})
        yield made


@pytest.fixture
def pool(database: Database, tmp_path: Path) -> Iterator[WorkerPool]:
    with closing(WorkerPool(worker_home(database, utc_now, tmp_path / "new"), 2)) as made:
        yield made


@pytest.fixture
def crew(billing: Billing, pool: WorkerPool) -> ProcessCrew:
    return ProcessCrew(billing.runs, pool, keeps=True)


class NoPickleError(Exception):
    """An error that cannot cross to another process."""

    def __init__(self, shard_number: int, words: str) -> None:
        super().__init__(f"{shard_number} {words}")


@dataclass(frozen=True)
class Job:
    """Answers with its shard and process; what happens to ``failing`` shards says ``fault``."""

    fault: str = ""
    failing: tuple[int, ...] = ()

    def __call__(self, shard: Shard, _place: Workplace, wait_for_turn: WaitForTurn) -> tuple[int, int]:
        if shard.shard_number in self.failing:
            if self.fault == "dies":
                os.kill(os.getpid(), signal.SIGKILL)
            if self.fault == "a mistake":
                raise NoPickleError(shard.shard_number, "of Jane Roe")
            raise BillingError("told", f"shard {shard.shard_number}", "nothing")
        wait_for_turn()
        return shard.shard_number, os.getpid()


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


@pytest.mark.long
def test_workers_bill_what_threads_bill(
    billing: Billing,
    fresh_database: Callable[[], Database],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert billing.invoice(billing.order(FEBRUARY)).facts["invoice_count"] == 60
    assert broken_invariants(billing) == []
    by_processes = business_state(billing.database)
    assert billing.invoice(billing.order(FEBRUARY)).facts["invoice_count"] == 0
    assert business_state(billing.database) == by_processes
    monkeypatch.setattr(worker_processes, "LARGE_BOOK_SHARDS", 1_000)
    other = fresh_database()
    fill_book(other, 60)
    with ExitStack() as stack:
        by_threads = billing_over(other, tmp_path, stack)
        by_threads.invoice(by_threads.order(FEBRUARY))
    assert business_state(other) == by_processes


@pytest.mark.long
def test_the_first_shard_that_fails_tells_why_and_those_before_it_are_done(crew: ProcessCrew) -> None:
    done: list[int] = []
    with pytest.raises(BillingError, match="shard 3"), closing(crew.work(Job("", (3, 4)), SHARDS)) as results:
        done.extend(number for number, _ in results)
    assert done == [0, 1, 2]
    assert [number for number, _ in crew.work(Job(), SHARDS)] == [0, 1, 2, 3, 4, 5]


@pytest.mark.long
def test_a_worker_that_dies_is_told_and_replaced(crew: ProcessCrew) -> None:
    with pytest.raises(BillingError, match="worker_ended"):
        list(crew.work(Job("dies", (2,)), SHARDS))
    assert [number for number, _ in crew.work(Job(), SHARDS)] == [0, 1, 2, 3, 4, 5]


def test_how_a_worker_ended_is_told_and_memory_only_where_it_was_killed() -> None:
    killed, ended, stopped, silent = map(worker_ended, (-9, 1, -15, None))
    assert "killed (SIGKILL)" in killed.found
    assert "memory" in killed.todo
    assert "ended by itself with status 1" in ended.found
    assert "ended by signal 15" in stopped.found
    assert "is silent" in silent.found
    assert not any("memory" in each.todo for each in (ended, stopped, silent))
    assert not any("shard was rolled back" in each.found for each in (killed, ended, stopped, silent))


@pytest.mark.long
def test_the_crash_log_says_where_in_a_worker_a_mistake_was_made(crew: ProcessCrew) -> None:
    with pytest.raises(RuntimeError, match="NoPickleError in a worker process") as caught:
        list(crew.work(Job("a mistake", (1,)), SHARDS))
    told = crash_text(caught.value)
    assert " in __call__\n" in told.split("which led to")[0]
    assert "Jane" not in told


@pytest.mark.long
def test_each_shard_goes_to_the_worker_that_had_it(crew: ProcessCrew) -> None:
    first = list(crew.work(Job(), SHARDS))
    assert list(crew.work(Job(), SHARDS)) == first
    assert len({worker for _, worker in first}) == 2


@pytest.mark.long
def test_closing_early_ends_the_round_and_no_shard_is_left_in_work(crew: ProcessCrew) -> None:
    with closing(crew.work(Job(), SHARDS)) as results:
        assert next(results)[0] == 0
    assert [number for number, _ in crew.work(Job(), SHARDS)] == [0, 1, 2, 3, 4, 5]


@pytest.mark.long
def test_closing_the_pool_ends_its_processes(crew: ProcessCrew, pool: WorkerPool) -> None:
    before = children()
    workers = {worker for _, worker in crew.work(Job(), SHARDS)}
    assert workers <= children()
    pool.close()
    assert children() <= before


@pytest.mark.long
def test_a_shard_that_nobody_has_priced_is_done_before_those_that_wait_for_it(crew: ProcessCrew) -> None:
    list(crew.work(Job(), SHARDS[1:5]))
    assert [number for number, _ in crew.work(Job(), SHARDS)] == [0, 1, 2, 3, 4, 5]


def interrupt(monkeypatch: pytest.MonkeyPatch, owner: type, method: str, *calls: int) -> None:
    """Have Ctrl-C arrive at the end of these calls of a method, counted from 1."""
    real, count = getattr(owner, method), itertools.count(1)

    def interrupted(self: object, *arguments: object) -> object:
        found = real(self, *arguments)
        if next(count) in calls:
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(owner, method, interrupted)


@pytest.mark.long
@pytest.mark.parametrize(("method", "call"), [("hear", 1), ("give", 3), ("give", 5)])
def test_ctrl_c_in_the_midst_of_a_message_does_not_hang_and_leaves_no_answer_to_others(
    crew: ProcessCrew, monkeypatch: pytest.MonkeyPatch, method: str, call: int
) -> None:
    interrupt(monkeypatch, worker_processes._Worker, method, call)
    with pytest.raises(KeyboardInterrupt), closing(crew.work(Job(), SHARDS)) as results:
        list(results)
    assert [number for number, _ in crew.work(Job(), SHARDS)] == [0, 1, 2, 3, 4, 5]


@pytest.mark.long
def test_a_second_ctrl_c_ends_the_wait_and_leaves_no_answer_to_others(
    crew: ProcessCrew, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutdown = ThreadPoolExecutor.shutdown

    def interrupted(self: ThreadPoolExecutor, wait: bool = True, *, cancel_futures: bool = False) -> None:
        shutdown(self, wait=False, cancel_futures=cancel_futures)
        if wait:
            raise KeyboardInterrupt

    interrupt(monkeypatch, Future, "result", 1)
    with monkeypatch.context() as patch:
        patch.setattr(ThreadPoolExecutor, "shutdown", interrupted)
        with pytest.raises(KeyboardInterrupt), closing(crew.work(Job(), SHARDS)) as results:
            list(results)
    assert [number for number, _ in crew.work(Job(), SHARDS)] == [0, 1, 2, 3, 4, 5]


@pytest.mark.long
def test_no_more_workers_are_started_than_there_are_shards(crew: ProcessCrew, pool: WorkerPool) -> None:
    assert len(pool.workers(1)) == 1
    assert len({worker for _, worker in crew.work(Job(), SHARDS)}) == 2


@pytest.mark.long
def test_ctrl_c_that_a_worker_gets_while_it_starts_is_for_the_program(
    crew: ProcessCrew, pool: WorkerPool
) -> None:
    for worker in pool.workers(2):
        os.kill(worker.process.pid or 0, signal.SIGINT)
    assert [number for number, _ in crew.work(Job(), SHARDS)] == [0, 1, 2, 3, 4, 5]


def test_a_small_book_needs_no_folder(billing: Billing, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    billing.settings = billing.settings.model_copy(update={"home": file})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker_processes, "LARGE_BOOK_SHARDS", 1_000)
        assert billing.plan(billing.order(FEBRUARY), is_dry_run=True).facts["due_count"] == 60


@pytest.mark.long
def test_a_run_whose_workers_were_killed_is_taken_up_again(
    billing: Billing, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[psutil.Process] = []

    def kill(stage: str, done: int, _total: int) -> None:
        if stage == "invoicing" and done == 3 and not killed:
            killed.extend(
                child for child in psutil.Process().children() if "spawn" in " ".join(child.cmdline())
            )
            # Each of them: one alone may have done all its shards by now.
            for worker in killed:
                worker.kill()

    with pytest.raises(BillingError, match="worker_ended"):
        billing.invoice(billing.order(FEBRUARY), progress=kill)
    rest = int(billing.invoice(billing.order(FEBRUARY)).facts["invoice_count"])
    assert 0 < rest < 60
    assert broken_invariants(billing) == []
