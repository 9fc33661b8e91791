"""`billing office`: the pages answer while it runs, and Ctrl-C ends it."""

import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

_PATIENCE_SECONDS = 30


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _page(url: str) -> str:
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=_PATIENCE_SECONDS) as answer:
                return str(answer.read().decode())
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def test_its_pages_answer_until_it_is_interrupted(
    book: Path, program: Callable[..., "subprocess.Popen[str]"]
) -> None:
    port = _free_port()
    server = program("office", "--port", str(port))
    try:
        assert "Nothing was billed yet." in _page(f"http://127.0.0.1:{port}/runs")
        server.send_signal(signal.SIGINT)
        assert server.wait(_PATIENCE_SECONDS) in {0, 130}
    finally:
        server.kill()
        server.communicate()
