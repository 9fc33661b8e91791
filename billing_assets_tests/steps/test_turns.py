"""Threads take their turns in order, and one that fails ends those after it and none before it."""

import threading
from collections.abc import Callable

import pytest

from billing_assets.steps.turns import Turns, TurnsAbandonedError

WAIT_SECONDS = 30


class Crew:
    """Runs one thread for each member and keeps what happened."""

    def __init__(self, members: list[int]) -> None:
        self.turns = Turns(members)
        self.order: list[int] = []
        self.faults: dict[int, BaseException] = {}
        self.threads: list[threading.Thread] = []

    def start(self, member: int, work: Callable[[], None] = lambda: None, *, is_silent: bool = False) -> None:
        def run() -> None:
            try:
                with self.turns.member(member) as wait_for_turn:
                    work()
                    if not is_silent:
                        wait_for_turn()
                        self.order.append(member)
            except BaseException as error:  # noqa: BLE001 - handed to the test
                self.faults[member] = error

        self.threads.append(threading.Thread(target=run, daemon=True))
        self.threads[-1].start()

    def join(self) -> None:
        for thread in self.threads:
            thread.join(WAIT_SECONDS)
        assert not any(thread.is_alive() for thread in self.threads)


def test_turns_are_taken_in_order_whoever_comes_first() -> None:
    crew = Crew([4, 7, 9])
    for member in (9, 7, 4):
        crew.start(member)
    crew.join()
    assert crew.order == [4, 7, 9]


def test_a_member_without_need_of_a_turn_passes_it_on() -> None:
    crew = Crew([0, 1, 2])
    crew.start(2)
    crew.start(1, is_silent=True)
    crew.start(0)
    crew.join()
    assert crew.order == [0, 2]


def test_a_failure_ends_the_members_after_it_and_none_before_it() -> None:
    crew = Crew([0, 1, 2, 3])
    has_failed = threading.Event()

    def fail_first() -> None:
        has_failed.set()
        raise ValueError

    crew.start(3)
    crew.start(2)
    crew.start(1, fail_first)
    assert has_failed.wait(WAIT_SECONDS)
    crew.start(0)
    crew.join()
    assert crew.order == [0]
    assert {member: type(error) for member, error in crew.faults.items()} == {
        1: ValueError,
        2: TurnsAbandonedError,
        3: TurnsAbandonedError,
    }


def test_the_turn_lasts_until_the_block_has_ended() -> None:
    crew = Crew([0, 1])
    with crew.turns.member(0) as wait_for_turn:
        wait_for_turn()
        crew.start(1)
        crew.threads[0].join(0.05)
        assert crew.order == []
    crew.join()
    assert crew.order == [1]


def test_abandoning_ends_everybody_who_waits() -> None:
    crew = Crew([0, 1, 2])
    crew.start(1)
    crew.start(2)
    crew.turns.abandon()
    crew.join()
    assert [type(error) for error in crew.faults.values()] == [TurnsAbandonedError] * 2


def test_a_failure_in_ones_own_turn_ends_the_others_too() -> None:
    crew = Crew([0, 1])
    crew.start(1)

    def take_turn_and_fail() -> None:
        with crew.turns.member(0) as wait_for_turn:
            wait_for_turn()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        take_turn_and_fail()
    crew.join()
    assert isinstance(crew.faults[1], TurnsAbandonedError)
