"""Taking turns: threads that work at the same time do one thing strictly in order.

Belongs here: the order and nothing else. Does not belong here: what is done in a turn.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


class Turns:
    """Lets each member take its turn once all before it have taken theirs.

    >>> turns = Turns([3, 5])
    >>> with turns.turn(3):
    ...     pass
    >>> with turns.turn(5):
    ...     pass
    """

    def __init__(self, members: Sequence[int]) -> None:
        """Begin before the first of ``members``."""
        self._waiting = list(members)
        self._is_abandoned = False
        self._condition = threading.Condition()

    @contextmanager
    def turn(self, member: int) -> Iterator[None]:
        """Wait until it is the turn of ``member``; pass it on when the block has ended well.

        Raises:
            TurnsAbandonedError: an earlier member failed; nothing that depends on the order may be done.
        """
        with self._condition:
            self._condition.wait_for(lambda: self._is_abandoned or self._waiting[0] == member)
            if self._is_abandoned:
                raise TurnsAbandonedError
        yield
        with self._condition:
            self._waiting.pop(0)
            self._condition.notify_all()

    @contextmanager
    def abandon_on_error(self) -> Iterator[None]:
        """Make every later turn fail if the block fails."""
        try:
            yield
        except BaseException:
            with self._condition:
                self._is_abandoned = True
                self._condition.notify_all()
            raise


class TurnsAbandonedError(Exception):
    """A member before this one failed; its own error tells why."""
