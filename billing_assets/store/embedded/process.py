"""The server process: launching it, knowing that it lives, asking it, ending it.

Belongs here: ``server.lock``, ``postmaster.pid``, signals, the server log.
Does not belong here: when to start or stop, see ``server``.
"""

import contextlib
import os
import signal
import time
from pathlib import Path

from billing_assets.domain.errors import BillingError
from billing_assets.store.embedded import accounts, cluster, locks
from billing_assets.store.embedded.address import PORT, ServerAddress
from billing_assets.store.embedded.binaries import Install
from billing_assets.store.embedded.folders import Folders

_PAUSE_SECONDS = 0.03
_PROBE_TIMEOUT_SECONDS = 15
_LOCK_TIMEOUT_SECONDS = 5
_LOG_LIMIT_BYTES = 10_000_000
_STATUS_LINE = 7
_PROBE_SQL = "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1), current_setting('server_version')"


def log_path(control: Path) -> Path:
    """Return the server log."""
    return control / "server.log"


def is_alive(control: Path) -> bool:
    """Return whether any process of the server that we launched still lives."""
    return locks.is_held_exclusively(control / "server.lock")


def launch(where: Folders, install: Install) -> int:
    """Start postgres detached, the lock on ``server.lock`` in its hands; return the log's length before."""
    held = locks.lock(where.control / "server.lock", _LOCK_TIMEOUT_SECONDS)
    log = _open_log(where.control)
    try:
        begin = os.fstat(log).st_size
        command: list[str | Path] = [install.program("postgres"), "-D", where.data_dir]
        settings = {**cluster.SETTINGS, "unix_socket_directories": str(where.socket_dir), "port": str(PORT)}
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        accounts.run_detached(command, where.account, log, (held,))
    finally:
        # Closed, not unlocked: the lock now lives in the copies that the server inherited.
        os.close(held)
        os.close(log)
    return begin


def probe(where: Folders, install: Install) -> ServerAddress | None:
    """Return the address when the server of this data folder answers a query, else None."""
    pid, is_ready = _pid_file(where.data_dir)
    if pid is None or not is_ready or not where.socket_path.exists():
        return None
    is_answered, answer = cluster.psql(where, install, _PROBE_SQL, _PROBE_TIMEOUT_SECONDS)
    if not is_answered or not answer.startswith(f"{pid}|"):
        return None
    return ServerAddress(where.socket_dir, PORT, where.data_dir, pid, answer.strip().split("|")[1])


def await_ready(where: Folders, install: Install, deadline: float) -> ServerAddress | None:
    """Return the address as soon as the server answers, None when it ended; BillingError at the deadline."""
    while True:
        address = probe(where, install)
        if address is not None:
            return address
        if not is_alive(where.control):
            return None
        if time.monotonic() > deadline:
            raise BillingError(
                "embedded_start_timeout",
                f"the PostgreSQL server of {where.data_dir} does not answer yet: {read_log(where.control)}",
                "it may be recovering after a crash: try again in a minute, or stop it and start it",
            )
        time.sleep(_PAUSE_SECONDS)


def clear_stale_pid(where: Folders) -> None:
    """Remove the pid files that no server stands behind; call it with ``server.lock`` free."""
    pid, _ = _pid_file(where.data_dir)
    if pid is not None and _is_postmaster_of(pid, where.data_dir):
        raise BillingError(
            "embedded_foreign_server",
            f"a PostgreSQL server that we did not start (process {pid}) runs on {where.data_dir}",
            "stop it with the program that started it, then start again",
        )
    # The socket has a lock file of its own, which names the same dead pid.
    lock_path = where.socket_path.with_name(f"{where.socket_path.name}.lock")
    for stale in (where.data_dir / "postmaster.pid", lock_path, where.socket_path):
        stale.unlink(missing_ok=True)


def end(where: Folders, timeout_seconds: float) -> bool:
    """Stop the server: open transactions roll back. Return whether there was one to stop."""
    if not is_alive(where.control):
        return False
    for number, seconds in ((signal.SIGINT, timeout_seconds), (signal.SIGQUIT, timeout_seconds / 4)):
        if _signal_until_gone(where, number, seconds):
            return True
    raise BillingError(
        "embedded_stop_failed",
        f"the PostgreSQL server of {where.data_dir} does not stop: {read_log(where.control)}",
        "if it was started inside another container, stop it there; otherwise end its processes by hand",
    )


def read_log(control: Path, begin: int = 0) -> str:
    """Return the last lines of the server log, from byte ``begin`` on."""
    try:
        with log_path(control).open("rb") as file:
            file.seek(max(begin, log_path(control).stat().st_size - 8000))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        text = ""
    return cluster.tail(text) or "the server log is empty"


def _signal_until_gone(where: Folders, number: signal.Signals, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    is_sent = False
    while is_alive(where.control):
        pid, _ = _pid_file(where.data_dir)
        if not is_sent and pid is not None and _is_postmaster_of(pid, where.data_dir):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            is_sent = True
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True


def _pid_file(data_dir: Path) -> tuple[int | None, bool]:
    try:
        lines = (data_dir / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
        pid = int(lines[0])
    except (OSError, ValueError, IndexError):
        return None, False
    return pid, len(lines) > _STATUS_LINE and lines[_STATUS_LINE].startswith("ready")


def _is_postmaster_of(pid: int, data_dir: Path) -> bool:
    """Return whether process ``pid`` is a postgres at work in ``data_dir``: a pid alone proves nothing."""
    if Path("/proc/self/cwd").exists():
        try:
            return Path(f"/proc/{pid}/cwd").samefile(data_dir) and _is_postgres(Path(f"/proc/{pid}/comm"))
        except OSError:
            return False
    said = accounts.run(["/bin/ps", "-o", "command=", "-p", str(pid)], accounts.own_account()).stdout
    return "postgres" in said and str(data_dir) in said


def _is_postgres(comm: Path) -> bool:
    return comm.read_text(encoding="utf-8", errors="replace").startswith("postgres")


def _open_log(control: Path) -> int:
    path = log_path(control)
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size > _LOG_LIMIT_BYTES:
            path.replace(path.with_name("server.log.1"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
