"""What the tests of the embedded server share: places, servers, and programs of their own.

Belongs here: fixtures and helpers of ``test_embedded`` and ``test_embedded_places``.
Does not belong here: any fact about the server.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from billing_assets.domain.errors import BillingError
from billing_assets.store.embedded import EmbeddedServer, ServerAddress

IS_ROOT = os.geteuid() == 0
ROOT_OF_TREE = Path(__file__).parents[2]

# What a second program does: become `uid` if asked (imports come first, that user may not read our Python),
# start, stop or use the server, say its pid, and wait to be ended.
PROGRAM = """
import os, sys
from pathlib import Path
import encodings.idna
from billing_assets.store.embedded import EmbeddedServer
verb, home, system_dir, uid = sys.argv[1:]
if int(uid):
    os.setgroups([]); os.setgid(65534); os.setuid(int(uid))
server = EmbeddedServer(Path(home), system_dir=Path(system_dir))
if verb == "start":
    address = server.start()
    print(address.pid, address.socket_dir, flush=True)
if verb == "stop":
    print(server.stop(), flush=True)
if verb == "use":
    with server.use() as address:
        print(address.pid, address.socket_dir, flush=True)
        sys.stdin.read()
"""

Server = Callable[..., EmbeddedServer]


@pytest.fixture(scope="module")
def ground() -> Iterator[Path]:
    """A short folder that every user may pass, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="bt-")).resolve()
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def place(ground: Path) -> Path:
    """An empty folder of this test."""
    folder = Path(tempfile.mkdtemp(dir=ground))
    folder.chmod(0o755)
    return folder


@pytest.fixture
def make(place: Path) -> Iterator[Server]:
    """Make servers that are stopped when the test ends."""
    made: list[EmbeddedServer] = []

    def one(home: Path | None = None, **options: float) -> EmbeddedServer:
        made.append(EmbeddedServer(home or place / "home", system_dir=place / "system", **options))
        return made[-1]

    yield one
    for server in made:
        with contextlib.suppress(BillingError):
            server.stop()


@pytest.fixture(scope="module")
def running(ground: Path) -> Iterator[ServerAddress]:
    """One server for the tests that only look."""
    server = EmbeddedServer(ground / "shared", system_dir=ground / "shared-system")
    yield server.start()
    server.stop()


def program(verb: str, place: Path, home: Path | None = None, uid: int = 0) -> subprocess.Popen[str]:
    """Start a second program."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT_OF_TREE), "PYTHONDONTWRITEBYTECODE": "1"}
    words = [verb, str(home or place / "home"), str(place / "system"), str(uid)]
    pipe = subprocess.PIPE
    command = [sys.executable, "-W", "error", "-c", PROGRAM, *words]
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment)


def said(other: subprocess.Popen[str]) -> str:
    """Let a second program end, and return what it said; fail with its error if it failed."""
    out, error = other.communicate(timeout=120)
    assert other.returncode == 0, error
    return out.strip()


def query(address: ServerAddress, sql: str, role: str = "postgres") -> object:
    """Return the first value."""
    with psycopg.connect(
        make_conninfo(address.libpq_url(role), **address.connect_args), autocommit=True
    ) as connection:
        done = connection.execute(sql.encode())
        row = done.fetchone() if done.description else None
        return row[0] if row else None


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for something that happens soon."""
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def parents(path: Path) -> dict[str, tuple[int, int, int]]:
    """Return mode and owners of every existing parent folder."""
    found = [parent for parent in path.parents if parent.exists()]
    return {str(one): (one.stat().st_mode, one.stat().st_uid, one.stat().st_gid) for one in found}


def kill_postmaster(server: EmbeddedServer, pid: int) -> None:
    """Kill -9 the server and wait until its children are gone too."""
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not server.status().is_alive)
