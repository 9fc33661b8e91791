"""Threads share the work on shards, end it in order, and keep drafts while there is room."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import polars as pl
import pytest

from billing_assets.frames.invoices import Drafts
from billing_assets.steps import crews
from billing_assets.steps.crews import (
    DraftsInMemory,
    KeptDrafts,
    NothingKept,
    ThreadCrew,
    WaitForTurn,
    Workplace,
)
from billing_assets.steps.run_ports import Shard
from billing_assets.store.connection import Database
from billing_assets_tests.books import billing_over

SHARDS = [Shard(shard_number=number, from_policy_id=1, to_policy_id=1) for number in range(5)]


@pytest.fixture
def crew(database: Database, tmp_path: Path) -> Iterator[ThreadCrew]:
    with ExitStack() as stack:
        yield ThreadCrew(billing_over(database, tmp_path, stack).runs)


def drafts(charge_count: int) -> Drafts:
    frame = pl.DataFrame({"draft_index": list(range(charge_count))})
    return Drafts(invoices=frame, lines=frame, taxes=frame, charges=frame)


def test_results_come_in_the_order_of_the_shards(crew: ThreadCrew) -> None:
    turns: list[int] = []

    def job(shard: Shard, _place: Workplace, wait_for_turn: WaitForTurn) -> int:
        wait_for_turn()
        turns.append(shard.shard_number)
        return shard.shard_number * 10

    assert list(crew.work(job, SHARDS)) == [0, 10, 20, 30, 40]
    assert turns == [0, 1, 2, 3, 4]


def test_a_shard_that_fails_is_told_and_none_after_it_has_a_turn(crew: ThreadCrew) -> None:
    turns: list[int] = []

    def job(shard: Shard, _place: Workplace, wait_for_turn: WaitForTurn) -> None:
        if shard.shard_number == 2:
            raise ValueError("shard 2")
        wait_for_turn()
        turns.append(shard.shard_number)

    with pytest.raises(ValueError, match="shard 2"), closing(crew.work(job, SHARDS)) as results:
        list(results)
    assert turns == [0, 1]


def test_drafts_are_kept_while_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crews, "KEPT_CHARGES", 10)
    kept = DraftsInMemory()
    for number, count in enumerate((6, 5, 4)):
        kept.keep(number, drafts(count))
    assert [kept.take(number) is not None for number in range(3)] == [True, False, True]


def test_where_nothing_is_kept_nothing_comes_back() -> None:
    kept: KeptDrafts = NothingKept()
    kept.keep(1, drafts(1))
    assert kept.take(1) is None
