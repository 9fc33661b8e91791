"""Programs and servers of their own, for tests that kill them.

Belongs here: starting them. Does not belong here: where they die (``crash``), what must hold afterwards (the
tests).
"""

import shutil
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

from billing_assets.store.connection import Database
from billing_assets.store.embedded import EmbeddedServer
from billing_assets.store.schema import upgrade
from billing_assets_tests.databases import Prepare, memory
from billing_assets_tests.faults.crash import main

_IMPORTED_ONCE = [
    f"billing_assets_tests.faults.{name}"
    for name in ("crash", "killed_program", "notifier", "numbering", "request_answerer", "status_teller")
]
_PATIENCE_SECONDS = 120


def fork_server() -> ForkServerContext:
    """Return the maker of processes that are forked from one that has imported everything and done nothing.

    Each begins at once, where a new program takes a second to import what it needs.
    """
    context = get_context("forkserver")
    context.set_forkserver_preload(_IMPORTED_ONCE)
    return context


def run_until_dead(work: Any, *arguments: Any) -> int:
    """Do the work in a process of its own; return its exit status (negative: killed by that signal).

    Raises:
        TimeoutError: it hangs.
    """
    process = fork_server().Process(target=work, args=arguments)
    process.start()
    process.join(_PATIENCE_SECONDS)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise TimeoutError(f"{work.__name__} was not done after {_PATIENCE_SECONDS} seconds")
    return process.exitcode


def crash(url: str, home: Path, *options: str) -> int:
    """Run ``crash``; return its exit status (negative: killed by that signal).

    Only what is to be killed needs a process of its own; what repeats its work, or sees its server die, is a
    new program over new connections in this one.
    """
    if "--victim" in options or not {"--fuse", "--copy-fuse"} & set(options):
        return _status_here([url, str(home), *options])
    return run_until_dead(main, [url, str(home), *options])


def _status_here(arguments: list[str]) -> int:
    try:
        main(arguments)
    except Exception:  # noqa: BLE001 - as a program would end, whatever it is
        traceback.print_exc()
        return 1
    return 0


@contextmanager
def own_server(where: Path | None = None) -> Iterator[EmbeddedServer]:
    """Yield a server that is not started yet, in a folder of its own; both are gone at the end.

    The folder lies in ``where``: ``databases.memory()`` for a small store, which outlives the death of every
    process and need not outlive more; else where temporary files lie.
    """
    home = Path(tempfile.mkdtemp(prefix="billing-crash-", dir=where))
    home.chmod(0o755)
    server = EmbeddedServer(home)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(home)


@contextmanager
def mortal_server(prepare: Prepare, folder: Path) -> Iterator[EmbeddedServer]:
    """Yield a server whose store is prepared, which a test copies, kills and starts again."""
    with own_server(memory()) as server:
        address = server.start()
        upgrade(address.url("billing_owner"))
        with closing(Database(address.url("billing_app"))) as database:
            prepare(database, folder)
        yield server


def url_behind(database: Database) -> str:
    """Return the URL that a store was opened with."""
    return database.engine.url.render_as_string(hide_password=False)
