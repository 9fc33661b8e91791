"""`billing office`: its link opens the pages while it runs, and Ctrl-C ends it."""

import json
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

_PATIENCE_SECONDS = 60


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _page(browser: httpx.Client, url: str) -> str:
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return browser.get(url).text
        except httpx.TransportError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


@pytest.mark.long
def test_its_link_opens_the_pages_until_it_is_interrupted(
    book: Path, program: Callable[..., "subprocess.Popen[str]"]
) -> None:
    port = _free_port()
    server = program("office", "--port", str(port), "--json")
    try:
        assert server.stdout is not None
        said = ""
        while not said.rstrip().endswith("}"):
            said += server.stdout.readline()
        found = json.loads(said)
        with httpx.Client(follow_redirects=True, headers={"Origin": found["url"]}) as browser:
            page = _page(browser, found["sign_in_url"])
            form = dict(re.findall(r'name="(csrf_token|token)" value="([^"]*)"', page))
            opened = browser.post(f"{found['url']}/sign-in/link", data=form)
            assert "Nothing was billed today or yesterday." in opened.text
        server.send_signal(signal.SIGINT)
        assert server.wait(_PATIENCE_SECONDS) in {0, 130}
    finally:
        server.kill()
        server.communicate()


@pytest.mark.long
def test_an_office_for_others_prints_no_link(
    book: Path, program: Callable[..., "subprocess.Popen[str]"], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLING_OFFICE_URL", "https://billing.example.com")
    server = program("office", "--port", str(_free_port()))
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        assert "https://billing.example.com" in line
        server.send_signal(signal.SIGINT)
        rest, _ = server.communicate(timeout=_PATIENCE_SECONDS)
        assert "token" not in line + rest
    finally:
        server.kill()
        server.communicate()
