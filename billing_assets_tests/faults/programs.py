"""Programs and servers of their own, for tests that kill them.

Belongs here: starting them. Does not belong here: where they die (``crash``), what must hold afterwards (the
tests).
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from billing_assets.store.connection import Database
from billing_assets.store.embedded import EmbeddedServer


def crash(url: str, home: Path, *options: str) -> int:
    """Run ``crash`` in a process of its own; return its exit status (negative: killed by that signal)."""
    command = [sys.executable, "-m", "billing_assets_tests.faults.crash", url, str(home), *options]
    return subprocess.run(command, check=False, capture_output=True, timeout=120).returncode


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
