"""File locks (flock) in our own folders: the kernel drops them when their process dies.

Belongs here: taking, sharing, testing and releasing one lock file.
Does not belong here: what the locks mean, see ``server``.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Generator
from pathlib import Path

from billing_assets.domain.errors import BillingError

_PAUSE_SECONDS = 0.02


def try_lock(path: Path, *, is_shared: bool = False) -> int | None:
    """Return a file descriptor that holds the lock, or None when somebody else holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def lock(path: Path, timeout_seconds: float, *, is_shared: bool = False) -> int:
    """Return a file descriptor that holds the lock; BillingError when it stays taken all the time."""
    deadline = time.monotonic() + timeout_seconds
    while (descriptor := try_lock(path, is_shared=is_shared)) is None:
        if time.monotonic() > deadline:
            raise BillingError(
                "embedded_lock_busy",
                f"another program has held {path} for {timeout_seconds:.0f} seconds",
                "wait until it has started or stopped the server, or end it, then run again",
            )
        time.sleep(_PAUSE_SECONDS)
    return descriptor


def release(descriptor: int) -> None:
    """Release explicitly: closing alone would leave the lock with a forked child that inherited it."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


@contextlib.contextmanager
def locked(path: Path, timeout_seconds: float) -> Generator[None]:
    """Hold the lock exclusively for the length of a with-block."""
    descriptor = lock(path, timeout_seconds)
    try:
        yield
    finally:
        release(descriptor)


def is_held(path: Path) -> bool:
    """Return whether any process holds the lock exclusively, or shares it, without creating the file."""
    return path.exists() and _is_refused(path, fcntl.LOCK_EX)


def is_held_exclusively(path: Path) -> bool:
    """Return whether a process holds the lock exclusively; two that ask at once do not see each other."""
    return path.exists() and _is_refused(path, fcntl.LOCK_SH)


def _is_refused(path: Path, kind: int) -> bool:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
