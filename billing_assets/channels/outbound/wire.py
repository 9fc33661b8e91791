"""The connection to an address that was checked, under one deadline.

Belongs here: resolving a name once, connecting to what was resolved and to nothing else, TLS by the name, and
the time that each step may take.
Does not belong here: HTTP (httpcore speaks it over this), which addresses are allowed (``addresses``).

httpcore asks for a connection to a name. Were it to resolve that again, the answer could be another one than
the one that was checked; so the addresses are handed in here and the name serves TLS alone.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final, TypeAlias

import httpcore

Resolver: TypeAlias = Callable[[str, int], Sequence[str]]
"""Name and port in, numeric addresses out; raises ``OSError`` where there are none."""

_WRITE_BYTES: Final = 65_536


class Deadline:
    """The moment at which the whole must be over, and the time that is left for one step."""

    def __init__(self, seconds: float) -> None:
        """Begin now."""
        self._end = time.monotonic() + seconds

    def within(self, seconds: float | None) -> float:
        """Return how long a step may take: its own time-out, or what is left of the whole.

        Errors: ``TimeoutError`` when nothing is left.

        >>> Deadline(60).within(5)
        5
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left if seconds is None else min(left, seconds)


class TlsFailed(httpcore.ConnectError):
    """No TLS came about: the certificate is not trusted, not of this name, or the handshake broke off."""


def resolve_name(host: str, port: int) -> tuple[str, ...]:
    """Return the numeric addresses of ``host``, each once, in the order of the system.

    Errors: ``OSError`` when there is none, ``UnicodeError`` for what is no name.

    >>> resolve_name("127.0.0.1", 80)
    ('127.0.0.1',)
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def resolved_within(resolve: Resolver, host: str, port: int, seconds: float) -> tuple[str, ...]:
    """Return what ``resolve`` says, or raise ``OSError`` (``TimeoutError`` when it takes too long).

    A look-up cannot be told to stop, so that it runs beside and is left behind.

    >>> resolved_within(resolve_name, "127.0.0.1", 80, 5)
    ('127.0.0.1',)
    """
    answers: SimpleQueue[tuple[str, ...] | OSError] = SimpleQueue()

    def look_up() -> None:
        try:
            answers.put(tuple(resolve(host, port)))
        except OSError as error:
            answers.put(error)
        except UnicodeError:
            answers.put(OSError("no name"))

    Thread(target=look_up, daemon=True, name="resolving").start()
    try:
        found = answers.get(timeout=seconds)
    except Empty:
        raise TimeoutError from None
    if isinstance(found, OSError):
        raise found
    return found


class BoundedStream(httpcore.NetworkStream):
    """One connection; no step outlives the deadline, however little the other side drips."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        """Take a connected socket."""
        self._sock = sock
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what has come, at most ``max_bytes``; empty at the end."""
        try:
            self._sock.settimeout(self._deadline.within(timeout))
            return self._sock.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout from error
        except OSError as error:
            raise httpcore.ReadError from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of ``buffer``."""
        rest = memoryview(buffer)
        try:
            while rest:
                self._sock.settimeout(self._deadline.within(timeout))
                rest = rest[self._sock.send(rest[:_WRITE_BYTES]) :]
        except TimeoutError as error:
            raise httpcore.WriteTimeout from error
        except OSError as error:
            raise httpcore.WriteError from error

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Return the stream within TLS; the certificate is that of ``server_hostname``."""
        try:
            self._sock.settimeout(self._deadline.within(timeout))
            self._sock = ssl_context.wrap_socket(self._sock, server_hostname=server_hostname)
        except (OSError, ValueError) as error:
            self.close()
            raise TlsFailed from error
        return self

    def get_extra_info(self, info: str) -> socket.socket | None:
        """Return what httpcore asks of a stream: the socket, and whether it is TLS."""
        if info == "socket":
            return self._sock
        return self._sock if info == "ssl_object" and isinstance(self._sock, ssl.SSLSocket) else None

    def require_listening(self) -> None:
        """Look, without waiting, whether the other side has hung up; raise ``OSError`` then."""
        self._sock.settimeout(0)
        try:
            # Below TLS: what has come may be no more than a session ticket, the end is the end.
            if not socket.socket.recv(self._sock, 1, socket.MSG_PEEK):
                raise ConnectionResetError
        except BlockingIOError:
            pass


class PinnedBackend(httpcore.NetworkBackend):
    """Connects to the given addresses, one after the other, whatever name is asked for."""

    def __init__(self, addresses: Sequence[str], deadline: Deadline) -> None:
        """Take addresses that were checked."""
        self._addresses = addresses
        self._deadline = deadline
        self.stream: BoundedStream | None = None

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002 - the name was resolved and checked before
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        """Return a connection to the first address that answers."""
        for address in self._addresses:
            try:
                sock = socket.create_connection((address, port), self._deadline.within(timeout))
            except OSError:
                continue
            # Head and body are two writes: without this the body waits for a delayed ACK.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.stream = BoundedStream(sock, self._deadline)
            return self.stream
        raise httpcore.ConnectError
