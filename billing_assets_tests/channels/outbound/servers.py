"""A real HTTP server with chosen faults, with and without TLS.

Belongs here: hearing requests to the byte, and answering or not as a script says.
Does not belong here: facts about a channel.
"""

import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias

from billing_assets.channels.outbound import Outbound, OutboundSettings

LAB_TIMEOUT_SECONDS = 20
NAME = "push.example"


@dataclass(kw_only=True)
class Heard:
    """A request as it came."""

    line: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Call:
    """The server's end of one connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._reader = sock.makefile("rb")
        self.heard = Heard()

    def hear_head(self) -> None:
        self.heard.line = self._reader.readline().decode().rstrip("\r\n")
        while line := self._reader.readline().decode().rstrip("\r\n"):
            name, _, value = line.partition(":")
            self.heard.headers[name.lower()] = value.strip()

    def hear(self) -> None:
        """Hear the whole request."""
        self.hear_head()
        self.heard.body = self._reader.read(int(self.heard.headers["content-length"]))

    def hear_bytes(self, count: int) -> None:
        self._reader.read(count)

    def say(self, content: bytes) -> None:
        self.sock.sendall(content)

    def answer(self, status: str, text: str = "", **headers: str) -> None:
        body = text.encode()
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.say("\r\n".join([*lines, "", ""]).encode() + body)

    def wait_for_the_end(self) -> None:
        """Say nothing until the other side hangs up."""
        while self._reader.read(65536):
            pass

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        self._reader.close()
        self.sock.close()


Script: TypeAlias = Callable[[Call], None]


def taking(call: Call) -> None:
    """Take whatever comes."""
    call.hear()
    call.answer("200 OK", "taken")


def answering(status: str, text: str = "", **headers: str) -> Script:
    """Hear the request and answer this."""

    def script(call: Call) -> None:
        call.hear()
        call.answer(status, text, **headers)

    return script


class HttpLab:
    """Plays ``script`` on each connection, several at a time; keeps what it heard."""

    def __init__(self, script: Script = taking, tls: ssl.SSLContext | None = None) -> None:
        self.script = script
        self._heard: dict[int, Heard] = {}
        self.server_names: list[str | None] = []
        self.connection_count = 0
        self._tls = tls
        if tls is not None:
            tls.sni_callback = lambda _sock, name, _context: self.server_names.append(name)
        self._listener = socket.socket()
        # So that a body of some size does not fit into what the system keeps for a server that reads nothing.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self.port = int(self._listener.getsockname()[1])
        self._threads = [threading.Thread(target=self._accept)]

    @property
    def heard(self) -> list[Heard]:
        """What it has heard to the end, in the order in which the connections came."""
        return [heard for _, heard in sorted(self._heard.items())]

    def url(self, scheme: str = "http", host: str = "127.0.0.1", path: str = "/in") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connection_count += 1
            thread = threading.Thread(target=self._play, args=(sock, self.connection_count))
            self._threads.append(thread)
            thread.start()

    def _play(self, sock: socket.socket, number: int) -> None:
        sock.settimeout(LAB_TIMEOUT_SECONDS)
        try:
            call = Call(self._tls.wrap_socket(sock, server_side=True) if self._tls else sock)
        except OSError:
            sock.close()
            return
        try:
            self.script(call)
        except OSError:
            # The client may hang up in the middle of what the script says.
            pass
        finally:
            self._heard[number] = call.heard
            call.close()

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Take no more connections; the port is nobody's afterwards."""
        if self._listener.fileno() >= 0:
            self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(LAB_TIMEOUT_SECONDS)
        self._listener.close()


def lab_outbound(**changes: Any) -> Outbound:
    """The way out to this machine; ``resolve`` is replaced where a test says so."""
    resolve = changes.pop("resolve", None)
    settings = OutboundSettings(**{"allow_loopback": True, **changes})
    return Outbound(settings) if resolve is None else Outbound(settings, resolve)


def here(_host: str, _port: int) -> tuple[str, ...]:
    """Every name is this machine."""
    return ("127.0.0.1",)
