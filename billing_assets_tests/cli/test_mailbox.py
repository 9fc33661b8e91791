"""`billing mailbox`: receives until it is told to stop."""

import json
import signal
import smtplib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from billing_assets_tests.cli.conftest import Billing


def test_a_message_becomes_a_file_until_ctrl_c(program: Callable[..., Any], tmp_path: Path) -> None:
    running = program("mailbox", str(tmp_path / "mails"), "--port", "0", "--json")
    lines: list[str] = []
    while not lines or lines[-1] != "}\n":
        lines.append(running.stdout.readline())
    with smtplib.SMTP("127.0.0.1", json.loads("".join(lines))["port"]) as client:
        client.sendmail("a@example.com", ["b@example.com"], b"Message-ID: <x@example>\r\n\r\nhello\r\n")
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=30)
    assert running.returncode == 0
    assert (tmp_path / "mails" / "x@example.eml").read_bytes().endswith(b"hello\r\n")


def test_a_port_that_cannot_be_had_is_refused(billing: Billing, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "mailbox_not_started" in billing("mailbox", str(tmp_path / "file" / "mails"), code=3).stderr
