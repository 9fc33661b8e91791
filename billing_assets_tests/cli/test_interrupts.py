"""Stopping where nothing is half done."""

import os
import signal

import pytest

from billing_assets.cli.failures import Interrupted
from billing_assets.cli.interrupts import stop_on_request
from billing_assets.steps.deliver_documents import BATCH


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
