"""The local mailbox keeps every message it accepts, and shows what came twice."""

import contextlib
import os
import signal
import smtplib
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from billing_assets.channels.mailbox import MailboxServer, file_stem

_CONTENT = b"Message-ID: <%s>\r\nSubject: x\r\n\r\nfirst\r\n..dot\r\n"


def _hand_in(port: int, message_id: bytes = b"inv-1@billing.example") -> None:
    with smtplib.SMTP("127.0.0.1", port, "client.example", timeout=20) as smtp:
        smtp.sendmail("a@example.com", ["b@example.com"], _CONTENT % message_id)


def test_an_accepted_message_is_a_file_with_the_bytes_received(tmp_path: Path) -> None:
    with MailboxServer(tmp_path / "mail") as server:
        _hand_in(server.port)
        (kept,) = server.messages()
    assert kept.name == "inv-1@billing.example.eml"
    assert kept.read_bytes() == _CONTENT % b"inv-1@billing.example"
    assert [p.name for p in kept.parent.iterdir()] == [kept.name]


def test_a_message_that_comes_again_is_kept_again(tmp_path: Path) -> None:
    with MailboxServer(tmp_path) as server:
        for _ in range(3):
            _hand_in(server.port)
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names == [f"inv-1@billing.example{suffix}.eml" for suffix in ("", "~2", "~3")]


def test_a_hostile_message_id_stays_inside_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    with MailboxServer(folder) as server:
        for hostile in (b"../../x@y", b"", b"/etc/x", b"." * 900, b"\xff\xfe@x"):
            _hand_in(server.port, hostile)
        assert len(server.messages()) == 5
    assert [p.name for p in tmp_path.iterdir()] == ["mail"]


def test_ids_that_clean_to_the_same_name_stay_apart() -> None:
    assert len({file_stem(text) for text in ("a/b@x", "a_b@x", "a:b@x", "a" * 121, "a" * 120)}) == 5


def test_a_message_that_cannot_be_written_is_not_accepted(tmp_path: Path) -> None:
    with MailboxServer(tmp_path / "mail") as server:
        (tmp_path / "mail").rmdir()
        with pytest.raises(smtplib.SMTPDataError) as caught:
            _hand_in(server.port)
        assert caught.value.smtp_code == 451


def test_stopping_ends_open_connections_and_may_be_repeated(tmp_path: Path) -> None:
    server = MailboxServer(tmp_path)
    server.start()
    with socket.create_connection(("127.0.0.1", server.port), 20) as idle:
        assert idle.recv(100).startswith(b"220")
        server.stop()
        server.stop()
        with contextlib.suppress(ConnectionResetError):
            assert idle.recv(100) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), 20)
    assert "_run" not in {t.name for t in threading.enumerate()}


def test_as_a_process_it_tells_its_port_and_ends_on_a_signal(tmp_path: Path) -> None:
    ready, folder = tmp_path / "ready", tmp_path / "mail"
    command = [sys.executable, "-W", "error", "-m", "billing_assets.channels.mailbox", str(folder)]
    with subprocess.Popen(
        [*command, "--ready-file", str(ready)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        try:
            pause = threading.Event()
            while not ready.exists() and process.poll() is None:
                pause.wait(0.05)
            _hand_in(int(ready.read_text()))
            os.kill(process.pid, signal.SIGTERM)
            output, _ = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, output) == (0, b"")
    assert len(list(folder.glob("*.eml"))) == 1
