"""Dagster as `billing ui` opens it: a small book, a free port, everything gone afterwards.

Belongs here: starting and ending it. Does not belong here: what its pages show (the tests).
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from billing_assets.store.embedded import EmbeddedServer
from billing_assets.wiring.demo import COMPANY, demo_settings, load_demo
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.opening import open_billing
from billing_assets.wiring.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
POLICY_COUNT = 150
_READY_SECONDS = 180
_GOODBYE_SECONDS = 60


@pytest.fixture(scope="module")
def dagster_url() -> Iterator[str]:
    """Where Dagster answers, over a fresh home with the demo's company and a book of 150 rows."""
    with tempfile.TemporaryDirectory(prefix="billing-test-") as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o755)
        home.parent.chmod(0o755)
        settings = Settings(home=home, company=COMPANY, _env_file=None)
        with EmbeddedServer(home).use():
            with open_billing(Settings(**demo_settings(settings), _env_file=None)) as billing:  # type: ignore[arg-type]
                load_demo(Desk(billing), POLICY_COUNT)
            with _served(home, Path(folder) / "ui.log") as url:
                yield url


@contextmanager
def _served(home: Path, log: Path) -> Iterator[str]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    variables = {"BILLING_HOME": str(home), "BILLING_COMPANY": COMPANY}
    with started(["ui", "--port", str(port)], variables, home, log) as process:
        _await(process, url, log)
        yield url


@contextmanager
def started(
    arguments: list[str], variables: dict[str, str], folder: Path, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command of ours in ``folder`` for the block, with these ``BILLING_`` variables and no others."""
    ours = {
        name: value for name, value in os.environ.items() if not name.startswith(("BILLING_", "DAGSTER_"))
    }
    environment = {**ours, **variables, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "billing_assets.cli", *arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=output, stderr=output, start_new_session=True
        )
        try:
            yield process
        finally:
            _end(process)


def free_port() -> int:
    """Return a port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Wait until the server answers and has loaded our definitions."""
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/server_info", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"Dagster did not open on {url}:\n{log.read_text(errors='replace')[-3000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask for the end as Ctrl-C does; whoever of the group is left after a minute is killed."""
    process.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_GOODBYE_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
