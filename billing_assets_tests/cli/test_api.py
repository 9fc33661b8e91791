"""`billing api`: it serves the API until Ctrl-C."""

import json
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest


def _health(url: str) -> dict[str, str]:
    until = time.monotonic() + 60
    while True:
        try:
            return dict(httpx.get(f"{url}/health").json())
        except httpx.TransportError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


@pytest.mark.long
def test_it_answers_until_it_is_interrupted(
    book: Path, program: Callable[..., "subprocess.Popen[str]"]
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = program("api", "--port", str(port), "--json")
    url = f"http://127.0.0.1:{port}/api/v1"
    assert _health(url)["status"] == "ok"
    assert httpx.get(f"{url}/runs").status_code == 401
    server.send_signal(signal.SIGINT)
    stdout, _ = server.communicate(timeout=60)
    assert json.loads(stdout)["url"] == url
