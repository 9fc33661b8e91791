"""Programs and servers of their own, for tests that kill them.

Belongs here: starting them. Does not belong here: where they die (``crash``), what must hold afterwards (the
tests).
"""

import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from billing_assets.store.connection import Database
from billing_assets.store.embedded import EmbeddedServer
from billing_assets_tests.faults.crash import main


def crash(url: str, home: Path, *options: str) -> int:
    """Run ``crash``; return its exit status (negative: killed by that signal).

    Only what is to be killed needs a process of its own, which takes longer to start than to do its work;
    what repeats its work, or sees its server die, is a new program over new connections in this one.
    """
    if "--victim" in options or not {"--fuse", "--copy-fuse"} & set(options):
        return _status_here([url, str(home), *options])
    command = [sys.executable, "-m", "billing_assets_tests.faults.crash", url, str(home), *options]
    return subprocess.run(command, check=False, capture_output=True, timeout=120).returncode


def _status_here(arguments: list[str]) -> int:
    try:
        main(arguments)
    except Exception:  # noqa: BLE001 - as a program would end, whatever it is
        traceback.print_exc()
        return 1
    return 0


@contextmanager
def own_server() -> Iterator[EmbeddedServer]:
    """Yield a server that is not started yet, in a folder of its own; it is stopped at the end."""
    home = Path(tempfile.mkdtemp(prefix="billing-crash-"))
    home.chmod(0o755)
    server = EmbeddedServer(home)
    try:
        yield server
    finally:
        server.stop()


def url_behind(database: Database) -> str:
    """Return the URL that a store was opened with."""
    return database.engine.url.render_as_string(hide_password=False)
