"""Stopping on request: Ctrl-C and SIGTERM end a command, a run at the next point where nothing is half done.

Belongs here: the signals, and where such a point is. Does not belong here: what is said then (``failures``).
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

Progress = Callable[[str, int, int], None]
STOPPING = (signal.SIGINT, signal.SIGTERM)


class Interrupted(KeyboardInterrupt):
    """The command was asked to stop: at once, or at a point where nothing is half done."""


class Stop:
    """Whether somebody asked the work to stop; made by :func:`stop_on_request`."""

    def __init__(self, todo: str) -> None:
        self.todo = todo
        self.is_asked = False

    def check(self) -> None:
        """Raise :class:`Interrupted` if a stop was asked for; called where nothing is half done."""
        if self.is_asked:
            raise Interrupted(self.todo)

    def checked(self, progress: Progress) -> Progress:
        """Return ``progress`` so that it also stops the step that tells it.

        Steps tell their progress between transactions. Delivery is the exception: it has marked the next
        message as being sent when it tells of the last, so there only the end of a batch is such a point.
        """
        from billing_assets.steps.deliver_documents import BATCH

        def tell(stage: str, done: int, total: int) -> None:
            progress(stage, done, total)
            if stage != "delivering" or done % BATCH == 0:
                self.check()

        return tell


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGINT and SIGTERM end the block, so that every transaction and server in it is closed.

    Both are set, not only SIGTERM: a shell without job control starts its background commands with SIGINT
    ignored, and a command that cannot be stopped would keep its server up.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(_number: int, _frame: FrameType | None) -> None:
        raise Interrupted

    before = {number: signal.signal(number, end) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def keep_handlers() -> None:
    """Set the handlers of the stopping signals again, after Polars was imported.

    Polars puts a handler of its own before that of SIGINT, and with it a read that waits is not interrupted
    but goes on waiting.
    """
    if threading.current_thread() is threading.main_thread():
        for number in STOPPING:
            signal.signal(number, signal.getsignal(number))


@contextmanager
def stop_on_request(todo: str, asked: Callable[[], None]) -> Iterator[Stop]:
    """Yield a :class:`Stop`; a first signal calls ``asked`` and sets it, a second one ends the block at once.

    ``todo`` is what a person is told on how to go on.
    """
    stop = Stop(todo)
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(_number: int, _frame: FrameType | None) -> None:
        if stop.is_asked:
            raise Interrupted(todo)
        stop.is_asked = True
        asked()

    before = {number: signal.signal(number, ask) for number in STOPPING}
    try:
        yield stop
    except Exception:
        # A worker process that took the signal as well breaks the pool: that is the stop, not a crash.
        stop.check()
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
