"""Taking turns: threads that work at the same time finish strictly in order.

Belongs here: the order and nothing else. Does not belong here: what is done in a turn.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager


class Turns:
    """Lets each member take its turn once all before it have finished well.

    >>> turns = Turns([3, 5])
    >>> with turns.member(3) as wait_for_turn:
    ...     wait_for_turn()
    >>> with turns.member(5) as wait_for_turn:
    ...     wait_for_turn()
    """

    def __init__(self, members: Sequence[int]) -> None:
        """Begin before the first of ``members``."""
        self._places = {member: place for place, member in enumerate(members)}
        self._finished: set[int] = set()
        self._next_place = 0
        self._first_failed_place = len(members)
        self._condition = threading.Condition()

    @contextmanager
    def member(self, member: int) -> Iterator[Callable[[], None]]:
        """Yield the function that waits for the turn of ``member``; its turn ends when the block has ended.

        A block that fails ends the turns of all members after it, and of none before it. The function raises
        :class:`TurnsAbandonedError` where a member before has failed: nothing that depends on the order may
        be done then.
        """
        place = self._places[member]
        try:
            yield lambda: self._wait(place)
        except BaseException:
            self._abandon_from(place)
            raise
        with self._condition:
            self._finished.add(place)
            while self._next_place in self._finished:
                self._finished.remove(self._next_place)
                self._next_place += 1
            self._condition.notify_all()

    def abandon(self) -> None:
        """End the turns of all members that have not begun theirs."""
        with self._condition:
            self._abandon_from(self._next_place)

    def _wait(self, place: int) -> None:
        with self._condition:
            self._condition.wait_for(lambda: self._first_failed_place < place or self._next_place == place)
            if self._first_failed_place < place:
                raise TurnsAbandonedError

    def _abandon_from(self, place: int) -> None:
        with self._condition:
            self._first_failed_place = min(self._first_failed_place, place)
            self._condition.notify_all()


class TurnsAbandonedError(Exception):
    """A member before this one failed; its own error tells why."""
