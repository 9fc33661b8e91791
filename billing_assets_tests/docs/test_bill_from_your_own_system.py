"""The page bill-from-your-own-system.md: each of its commands against a real server, as a reader types it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from billing_assets.store.connection import Database
from billing_assets_tests.docs.test_commands import ROOT, call, commands, surroundings

PAGE = ROOT / "docs" / "how-to" / "bill-from-your-own-system.md"
_PATIENCE_SECONDS = 60


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _started(port: int) -> "subprocess.Popen[bytes]":
    program = str(Path(sys.executable).parent / "billing")
    command = [program, "api", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT)})
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/api/v1/health").status_code == 200:
                return server
        except httpx.TransportError:
            time.sleep(0.2)
    server.kill()
    raise AssertionError("the server does not answer")


def _curl(command: str, folder: Path) -> str:
    """Run a command; one that lists runs is repeated until they are final, as whoever waits for one does."""
    until = time.monotonic() + _PATIENCE_SECONDS
    said = _curl_once(command, folder)
    while "/runs?" in command and '"finalised"' not in said and time.monotonic() < until:
        time.sleep(0.5)
        said = _curl_once(command, folder)
    return said


def _curl_once(command: str, folder: Path) -> str:
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, f"$ {command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.long
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on this machine")
def test_every_command_of_the_page_runs_against_a_server(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    surroundings(monkeypatch, tmp_path, database)
    port, server, said = _free_port(), None, []
    try:
        for command in commands(PAGE):
            if command.startswith("billing api "):
                server = _started(port)
            elif command.startswith("curl "):
                said.append(_curl(command.replace(":8010/", f":{port}/"), tmp_path))
            else:
                call(command, tmp_path)
    finally:
        if server is not None:
            server.send_signal(signal.SIGINT)
            server.wait(_PATIENCE_SECONDS)
    assert (tmp_path / "OND-00000001.pdf").read_bytes().startswith(b"%PDF")
    assert '"state":"done"' in said[1]
    assert '"invoice_numbers":["OND-00000001"' in said[1]
    assert all('"state":"done"' in each for each in said[6:8])
    assert '"state":"finalised"' in said[9]
    assert '"product_codes":["motor"]' in said[9]
