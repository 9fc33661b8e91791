"""Progress of a step as lines of Dagster's log.

Belongs here: thinning a stream of numbers to lines worth reading. Does not belong here: bars (``cli``).
"""

from collections.abc import Callable

_LINES_PER_STAGE = 10


class LogProgress:
    """Tells ``write`` when a stage begins, and about every tenth of it.

    >>> lines: list[str] = []
    >>> progress = LogProgress(lines.append)
    >>> for done in range(1, 101):
    ...     progress("delivering", done, 100)
    >>> len(lines), lines[-1]
    (11, 'delivering: 100 of 100')
    """

    def __init__(self, write: Callable[[str], object]) -> None:
        """Write each line with ``write``."""
        self._write = write
        self._stage = ""
        self._tenth = 0

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take in that ``done`` of ``total`` are done; a total of 0 is not known."""
        tenth = done * _LINES_PER_STAGE // total if total else 0
        if stage == self._stage and tenth <= self._tenth:
            return
        self._stage, self._tenth = stage, tenth
        self._write(f"{stage}: {done:,} of {total:,}" if total else stage)
