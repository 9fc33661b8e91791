"""Crash logs: what the program was doing when it met its own mistake.

Belongs here: writing one file per crash under ``$BILLING_HOME/logs``. Does not belong here: telling people
(``cli``).

A crash log holds files, lines and the kinds of errors; no local variable, and of a database error no value.
"""

import os
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from billing_assets.wiring.outages import safe_summary


class ElsewhereError(Exception):
    """What ``crash_text`` says of an error that was raised in another process: its traceback stays there."""


def write_crash_log(home: Path, error: BaseException) -> Path:
    """Write the crash log of ``error`` below ``home`` and return its path; only its owner may read it."""
    at = datetime.now(UTC)
    folder = home / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"crash-{at:%Y%m%dT%H%M%S}-{os.getpid()}.log"
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(f"{at.isoformat()}\n{crash_text(error)}\n")
    return path


def crash_text(error: BaseException) -> str:
    """Return the traceback of an error and of its causes, innermost cause first, without values.

    >>> try:
    ...     int("secret")
    ... except ValueError as error:
    ...     "ValueError" in crash_text(error), "secret" in crash_text(error)
    (True, False)
    """
    return "\n\nwhich led to\n\n".join(reversed([_one(link) for link in _chain(error)]))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _one(error: BaseException) -> str:
    if isinstance(error, ElsewhereError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__, limit=-60)
    lines = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    return "\n".join([*lines, _kind(error)])


def _kind(error: BaseException) -> str:
    """Return what an error says only where it cannot quote a value of somebody's data."""
    says = safe_summary(error)
    plain = f"{type(error).__name__}: {error}"
    return type(error).__name__ if says == plain else says
