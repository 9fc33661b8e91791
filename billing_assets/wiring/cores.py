"""How many cores this process may use: what it is bound to, and what its container allows.

Belongs here: reading that from the system. Does not belong here: what is done with the cores
(``worker_processes``).

A container sees all cores of its machine and gets the time of a few; workers for all of them would take turns
on those, each with its memory and its connections.
"""

import os
from collections.abc import Iterator
from pathlib import Path

MOST_WORKERS = 16
"""So many processes are started unless a person asks for more: each holds connections of the store."""

_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUP = Path("/proc/self/cgroup")


def cores(groups: Path = _GROUPS, own_group: Path = _OWN_GROUP) -> int:
    """Return how many cores this process may use, at least 1 and at most ``MOST_WORKERS``.

    ``groups`` is where the system tells the limits of control groups, ``own_group`` says which of them this
    process is in; both may be missing. Half a core more counts as none.
    """
    # Not every system tells which cores a process is bound to.
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(bound, MOST_WORKERS, *_allowed(groups, own_group)))


def _allowed(groups: Path, own_group: Path) -> Iterator[int]:
    """Yield the limit of each control group that this process is in, in whole cores."""
    for folder in _folders(groups, own_group):
        quota, _, period = _text(folder / "cpu.max").partition(" ")
        yield from _whole(quota, period)
    old = groups / "cpu"
    yield from _whole(_text(old / "cpu.cfs_quota_us"), _text(old / "cpu.cfs_period_us"))


def _folders(groups: Path, own_group: Path) -> Iterator[Path]:
    """Yield the folder of the own group (version 2) and those above it."""
    own = [line[3:] for line in _text(own_group).splitlines() if line.startswith("0::")]
    for path in own or ["/"]:
        folder = groups / path.lstrip("/")
        yield folder
        yield from (parent for parent in folder.parents if parent.is_relative_to(groups))


def _whole(quota: str, period: str) -> Iterator[int]:
    """Yield a limit; nothing where there is none ("max", or -1)."""
    if quota.isdecimal() and period.isdecimal() and int(period):
        yield int(quota) // int(period)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
