"""Workers are as many as the cores that the process gets, not as many as the machine has."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from billing_assets.wiring.cores import MOST_WORKERS, cores


def limits(folder: Path, files: Mapping[str, str], own: str = "0::/pod/box\n") -> tuple[Path, Path]:
    """Write what a system tells of its control groups; return where, and which one is the own."""
    for name, content in files.items():
        path = folder / "groups" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="ascii")
    (folder / "own").write_text(own, encoding="ascii")
    return folder / "groups", folder / "own"


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of 64 cores, all of which the process may use."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(64)), raising=False)


@pytest.mark.parametrize(
    ("files", "count"),
    [
        ({"pod/box/cpu.max": "400000 100000\n"}, 4),
        ({"pod/box/cpu.max": "max 100000\n", "pod/cpu.max": "350000 100000\n"}, 3),
        ({"pod/box/cpu.max": "50000 100000\n"}, 1),
        ({"cpu.max": "200000 100000"}, 2),
        ({"cpu/cpu.cfs_quota_us": "200000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 2),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, MOST_WORKERS),
        ({"pod/box/cpu.max": "nonsense"}, MOST_WORKERS),
    ],
)
def test_the_limit_of_a_container_counts_and_the_lowest_of_several(
    tmp_path: Path, files: Mapping[str, str], count: int
) -> None:
    assert cores(*limits(tmp_path, files)) == count


def test_a_process_that_is_bound_to_two_cores_has_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {0, 5}, raising=False)
    assert cores(*limits(tmp_path, {"pod/box/cpu.max": "400000 100000"})) == 2


def test_a_system_that_tells_nothing_has_its_cores_up_to_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cores(tmp_path / "none", tmp_path / "none") == MOST_WORKERS
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores(tmp_path / "none", tmp_path / "none") == 1


def test_this_machine_has_a_core() -> None:
    assert 1 <= cores() <= MOST_WORKERS
