"""Programs that are to be killed: they begin clean, die as they are killed, and leave nothing behind."""

import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from billing_assets_tests.databases import memory
from billing_assets_tests.faults import programs
from billing_assets_tests.faults.programs import own_server, run_until_dead

BEGINS_WITH_A_QUERY = ("polars-0", "tokio-rt-worker", "async-executor-")
"""Threads of Polars that a fork would lose, and with them whatever waits for them."""


def tell_threads_of_parent(path: Path) -> None:
    """Write the names of the threads of the process that this one was forked from."""
    tasks = Path(f"/proc/{os.getppid()}/task").iterdir()
    path.write_text("\n".join((task / "comm").read_text().strip() for task in tasks), encoding="utf-8")


def kill_itself(_path: Path) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail(_path: Path) -> None:
    sys.stderr = None
    raise RuntimeError


def hang(path: Path) -> None:
    path.write_text(str(os.getpid()), encoding="utf-8")
    time.sleep(600)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="only Linux names the threads of a process")
def test_programs_are_forked_where_polars_was_imported_and_has_done_nothing(tmp_path: Path) -> None:
    assert run_until_dead(tell_threads_of_parent, tmp_path / "threads") == 0
    names = (tmp_path / "threads").read_text().splitlines()
    assert "polars-ooc-clea" in names
    assert [name for name in names if name.startswith(BEGINS_WITH_A_QUERY)] == []


@pytest.mark.parametrize(("work", "status"), [(kill_itself, -signal.SIGKILL), (fail, 1)])
def test_the_status_of_a_program_tells_one_that_was_killed_from_one_that_failed(
    work: object, status: int, tmp_path: Path
) -> None:
    assert run_until_dead(work, tmp_path) == status


def test_a_program_that_hangs_is_ended_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_PATIENCE_SECONDS", 1)
    with pytest.raises(TimeoutError, match="hang"):
        run_until_dead(hang, tmp_path / "pid")
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))


@pytest.mark.long
def test_of_a_server_that_was_killed_nothing_is_left() -> None:
    with own_server(memory()) as server:
        address = server.start()
        os.kill(address.pid, signal.SIGKILL)
        again = server.start()
        assert again.pid != address.pid
        home = again.data_dir.parent.parent
        assert home.name.startswith("billing-crash-")
    assert not home.exists()
    commands = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    assert [command for command in commands if str(home) in " ".join(command)] == []
