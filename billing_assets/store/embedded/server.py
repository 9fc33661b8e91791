"""The embedded server as its users see it: start, use, stop, status.

Belongs here: the order of things under ``start.lock``, and who may stop the server.
Does not belong here: how each thing is done, see the modules beside this one.
"""

import contextlib
import os
import time
from collections.abc import Generator
from pathlib import Path

from billing_assets.domain.errors import BillingError
from billing_assets.store.embedded import binaries, cluster, folders, locks, process
from billing_assets.store.embedded.address import ServerAddress, ServerStatus
from billing_assets.store.embedded.binaries import Install
from billing_assets.store.embedded.folders import SYSTEM_DIR, Folders

_PATIENCE_SECONDS = 90
_LEAVE_TRY_COUNT = 5
_LEAVE_PAUSE_SECONDS = 0.02


class EmbeddedServer:
    """One PostgreSQL server for one ``home`` folder; any number of programs may hold one of these at a time.

    ``system_dir`` is used by root only (see the package docstring). Seconds bound each start and each stop.
    """

    def __init__(self, home: Path, *, system_dir: Path = SYSTEM_DIR, timeout_seconds: float = 60) -> None:
        self._control = folders.control_folder(home)
        self._system_dir = system_dir
        self._timeout_seconds = timeout_seconds
        self._on_demand = self._control / "on_demand"

    def start(self) -> ServerAddress:
        """Return the address of the running server, started if need be; it then stays until ``stop()``.

        Raises BillingError with a code ``embedded_*`` that quotes the server log when it does not come up.
        """
        with self._alone():
            address = self._ensure(is_on_demand=False)
            self._on_demand.unlink(missing_ok=True)
            return address

    @contextlib.contextmanager
    def use(self) -> Generator[ServerAddress]:
        """Hold a share of the server for a with-block; the last one stops a server that ``use()`` started."""
        with self._alone():
            share = locks.lock(self._control / "users.lock", _PATIENCE_SECONDS, is_shared=True)
            try:
                address = self._ensure(is_on_demand=True)
            except BaseException:
                locks.release(share)
                raise
        entered_by = os.getpid()
        try:
            yield address
        finally:
            if os.getpid() == entered_by:
                self._leave(share)
            else:
                os.close(share)

    def stop(self) -> bool:
        """Stop the server, whoever uses it: open transactions roll back. Return whether there was one."""
        if not self._control.exists():
            return False
        with self._alone():
            return self._end()

    def status(self) -> ServerStatus:
        """Return what is to be seen now; waits for nothing and changes nothing."""
        if self._control.exists():
            folders.check_control(self._control)
        is_alive = process.is_alive(self._control)
        where = folders.read_folders(self._control)
        address = None
        if where is not None and is_alive:
            address = process.probe(where, self._original_install(where))
        return ServerStatus(
            is_alive=is_alive,
            is_in_use=locks.is_held(self._control / "users.lock"),
            is_on_demand=is_alive and self._on_demand.exists(),
            address=address,
            data_dir=where.data_dir if where else None,
            log_path=process.log_path(self._control),
        )

    @contextlib.contextmanager
    def _alone(self) -> Generator[None]:
        folders.open_control(self._control)
        with locks.locked(self._control / "start.lock", self._timeout_seconds + _PATIENCE_SECONDS):
            yield

    def _ensure(self, *, is_on_demand: bool) -> ServerAddress:
        where = folders.read_folders(self._control) or folders.plan_folders(self._control, self._system_dir)
        install = self._original_install(where)
        if process.is_alive(self._control):
            deadline = time.monotonic() + self._timeout_seconds
            address = process.await_ready(where, install, deadline)
            if address is not None:
                cluster.prepare(where, install)
                return address
        return self._launch(where, install, is_on_demand=is_on_demand)

    def _launch(self, where: Folders, install: Install, *, is_on_demand: bool) -> ServerAddress:
        if where.account.is_switched:
            install = binaries.readable_install(install, where.account, self._system_dir)
        where = folders.open_sockets(cluster.make_data_dir(where, install), self._system_dir)
        process.clear_stale_pid(where)
        if is_on_demand:
            self._on_demand.touch(mode=0o600)
        else:
            self._on_demand.unlink(missing_ok=True)
        begin = process.launch(where, install)
        address = process.await_ready(where, install, time.monotonic() + self._timeout_seconds)
        if address is None:
            raise BillingError(
                "embedded_start_failed",
                f"the PostgreSQL server of {where.data_dir} ended: {process.read_log(self._control, begin)}",
                f"put right what it says (whole log: {process.log_path(self._control)}), then start again",
            )
        cluster.prepare(where, install)
        return address

    def _original_install(self, where: Folders) -> Install:
        return binaries.choose_install(binaries.find_installs(), where.data_dir)

    def _end(self) -> bool:
        where = folders.read_folders(self._control)
        is_stopped = where is not None and process.end(where, self._timeout_seconds)
        self._on_demand.unlink(missing_ok=True)
        return is_stopped

    def _leave(self, share: int) -> None:
        locks.release(share)
        with self._alone():
            if self._on_demand.exists() and self._is_unused():
                self._end()

    def _is_unused(self) -> bool:
        """Ask more than once: a ``status()`` of somebody else may hold the lock for a moment."""
        for _ in range(_LEAVE_TRY_COUNT):
            if not locks.is_held(self._control / "users.lock"):
                return True
            time.sleep(_LEAVE_PAUSE_SECONDS)
        return False
