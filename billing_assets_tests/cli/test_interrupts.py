"""Stopping where nothing is half done."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from billing_assets.cli.interrupts import Interrupted, ended_by_signals, stop_on_request
from billing_assets.steps.deliver_documents import BATCH
from billing_assets_tests.cli.conftest import Billing, write_book, write_company


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_a_first_signal_waits_for_the_next_check() -> None:
    said: list[str] = []
    with stop_on_request("go on", lambda: said.append("stopping")) as stop:
        stop.check()
        press_ctrl_c()
        assert said == ["stopping"]
        with pytest.raises(Interrupted, match="go on"):
            stop.check()


def test_a_second_signal_ends_at_once() -> None:
    with stop_on_request("go on", lambda: None):
        press_ctrl_c()
        with pytest.raises(Interrupted):
            press_ctrl_c()


def test_a_message_that_is_being_sent_is_never_abandoned() -> None:
    """Delivery stops at the end of a batch only; every other stage stops wherever it tells its progress."""
    told: list[int] = []
    with stop_on_request("go on", lambda: None) as stop:
        progress = stop.checked(lambda _stage, done, _total: told.append(done))
        press_ctrl_c()
        progress("delivering", 7, 1000)
        for stage, done in (("delivering", BATCH), ("invoicing", 1)):
            with pytest.raises(Interrupted):
                progress(stage, done, 1000)
    assert told == [7, BATCH, 1]


def test_a_worker_that_took_the_signal_as_well_is_the_stop_and_no_crash() -> None:
    def break_a_worker() -> None:
        with stop_on_request("go on", lambda: None):
            press_ctrl_c()
            raise RuntimeError("a process in the pool was terminated")

    with pytest.raises(Interrupted):
        break_a_worker()


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with stop_on_request("go on", lambda: None):
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_block_and_its_handler_is_put_back(number: signal.Signals) -> None:
    def wait_for_the_signal() -> None:
        os.kill(os.getpid(), number)
        time.sleep(5)

    before = signal.getsignal(number)
    with pytest.raises(Interrupted), ended_by_signals():
        wait_for_the_signal()
    assert signal.getsignal(number) is before


def test_a_read_that_waits_is_interrupted_after_polars_was_imported() -> None:
    """In a process of its own: Polars takes the handler over when it is imported first."""
    program = """
import os, signal, threading, time
from billing_assets.cli.interrupts import Interrupted, ended_by_signals, keep_handlers
reader, writer = os.pipe()
def interrupt():
    time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(20)
    os.write(writer, b"too late")
threading.Thread(target=interrupt, daemon=True).start()
try:
    with ended_by_signals():
        import polars
        keep_handlers()
        os.read(reader, 1)
except Interrupted:
    raise SystemExit(7)
"""
    done = subprocess.run([sys.executable, "-c", program], check=False, timeout=60)
    assert done.returncode == 7


def test_a_signal_that_a_shell_ignores_for_its_background_commands_ends_a_block() -> None:
    def wait_for_the_signal() -> None:
        press_ctrl_c()
        time.sleep(5)

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(Interrupted), ended_by_signals():
            wait_for_the_signal()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_an_import_ends_with_130_and_stops_the_server(
    number: signal.Signals,
    billing: Billing,
    program: Callable[..., "subprocess.Popen[str]"],
    home: Path,
    tmp_path: Path,
) -> None:
    """The mapping is a pipe that nobody writes to: the import waits there, with the embedded server up.

    Python looks for signals before it reads, not while it enters the read: one that comes in between is only
    seen at the next byte, which never comes here. So the signal is sent once the read surely waits.
    """
    write_company(tmp_path / "company.yaml")
    billing("company", "set", str(tmp_path / "company.yaml"))
    book, mapping = write_book(tmp_path / "book.csv"), tmp_path / "mapping.pipe"
    os.mkfifo(mapping)
    running = program("import", "policies", str(book), "--mapping", str(mapping))
    writer = _open_when_read(mapping, running)
    assert (home / "postgres").exists()
    time.sleep(0.5)
    running.send_signal(number)
    _, said = running.communicate(timeout=60)
    os.close(writer)
    assert running.returncode == 130, said
    assert "stopped" in said
    billing("db", "status", code=1)


def _open_when_read(pipe: Path, reader: "subprocess.Popen[str]") -> int:
    deadline = time.monotonic() + 60
    while reader.poll() is None and time.monotonic() < deadline:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the program never read the mapping")
