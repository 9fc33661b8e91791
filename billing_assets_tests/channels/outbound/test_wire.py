"""A connection goes to the address that was checked, and no step outlives the deadline."""

import socket
import threading
import time
from collections.abc import Callable

import httpcore
import pytest

from billing_assets.channels.outbound.wire import (
    BoundedStream,
    Deadline,
    PinnedBackend,
    resolve_name,
    resolved_within,
)


def test_a_step_has_its_own_time_or_what_is_left() -> None:
    assert Deadline(60).within(1) == 1
    assert 0 < Deadline(1).within(60) <= 1
    assert 0 < Deadline(1).within(None) <= 1
    with pytest.raises(TimeoutError):
        Deadline(0).within(1)


def test_a_look_up_that_hangs_is_left_behind() -> None:
    end = threading.Event()

    def hang(_host: str, _port: int) -> tuple[str, ...]:
        end.wait(20)
        return ()

    started = time.monotonic()
    with pytest.raises(TimeoutError):
        resolved_within(hang, "api.example.com", 443, 0.1)
    end.set()
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("fault", [OSError("no such name"), UnicodeError("label too long")])
def test_a_name_that_cannot_be_found_is_an_os_error(fault: Exception) -> None:
    def fail(_host: str, _port: int) -> tuple[str, ...]:
        raise fault

    with pytest.raises(OSError, match="no"):
        resolved_within(fail, "api.example.com", 443, 5)


def test_every_address_of_a_name_comes_once(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [(0, 0, 0, "", (address, 80)) for address in ("9.9.9.9", "2620:fe::fe", "9.9.9.9")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_hints: entries)
    assert resolve_name("api.example.com", 80) == ("9.9.9.9", "2620:fe::fe")


def test_the_pinned_addresses_are_tried_in_order_whatever_name_is_asked_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        backend = PinnedBackend(["127.0.0.2", "127.0.0.1"], Deadline(10))
        stream = backend.connect_tcp("elsewhere.example", port, timeout=5)
        assert stream.get_extra_info("socket").getpeername() == ("127.0.0.1", port)
        assert stream.get_extra_info("ssl_object") is None
        stream.close()
    with pytest.raises(httpcore.ConnectError):
        PinnedBackend([], Deadline(10)).connect_tcp("elsewhere.example", port)


def test_a_stream_tells_when_the_other_side_has_hung_up_and_reads_what_has_come() -> None:
    ours, theirs = socket.socketpair()
    stream = BoundedStream(ours, Deadline(10))
    stream.require_listening()
    theirs.sendall(b"x")
    stream.require_listening()
    assert stream.read(10) == b"x"
    theirs.close()
    with pytest.raises(OSError):  # noqa: PT011 - which one is the system's matter
        stream.require_listening()
    with pytest.raises(httpcore.WriteError):
        stream.write(b"x" * 10_000_000)
    stream.close()


def _read(stream: BoundedStream) -> None:
    stream.read(10, timeout=3)


def _write(stream: BoundedStream) -> None:
    stream.write(b"x" * 10_000_000, timeout=3)


@pytest.mark.parametrize(("step", "fault"), [(_read, httpcore.ReadTimeout), (_write, httpcore.WriteTimeout)])
def test_reading_and_writing_end_with_the_deadline(
    step: Callable[[BoundedStream], None], fault: type[Exception]
) -> None:
    started = time.monotonic()
    ours, theirs = socket.socketpair()
    stream = BoundedStream(ours, Deadline(0.2))
    with pytest.raises(fault):
        step(stream)
    assert time.monotonic() - started < 2
    stream.close()
    theirs.close()
