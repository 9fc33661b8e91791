"""Real SMTP servers with chosen faults.

Belongs here: one server built on aiosmtpd, and one that follows a script line by line.
Does not belong here: facts about the channel, see ``test_channel``.
"""

import asyncio
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from billing_assets.channels.email import SmtpSettings

LAB_TIMEOUT_SECONDS = 20


class LabServer(Controller):
    """Keeps what it accepts in ``kept``; ``mode`` names the fault; counts the connections of its clients."""

    def __init__(self, mode: str = "ok", **smtp_parameters: Any) -> None:
        self.mode = mode
        self.kept: list[Envelope] = []
        self.mail_options: list[list[str]] = []
        self._factory_count = 0
        super().__init__(self, hostname="127.0.0.1", port=0, server_hostname="lab.example", **smtp_parameters)

    def factory(self) -> SMTP:
        self._factory_count += 1
        return SMTP(self, loop=self.loop, **self.SMTP_kwargs)

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]

    @property
    def connection_count(self) -> int:
        return self._factory_count - 1

    def settings(self, **changes: Any) -> SmtpSettings:
        fields = {"host": "127.0.0.1", "port": self.port, "security": "none", "ehlo_name": "client.example"}
        return SmtpSettings(**{**fields, "timeout_seconds": LAB_TIMEOUT_SECONDS, **changes})

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.mode == "mail_553":
            return "553 5.1.8 <billing@example.com> is not welcome"
        self.mail_options.append(options)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        replies = {
            "rcpt_450": "450 4.2.0 greylisted",
            "rcpt_550": f"550 5.1.1 <{address}>: user {address.partition('@')[0]} unknown",
        }
        if self.mode == "rcpt_421":
            asyncio.get_running_loop().call_later(0.01, self._hang_up, server)
            return "421 4.3.2 shutting down"
        envelope.rcpt_tos.append(address)
        return replies.get(self.mode, "250 OK")

    @staticmethod
    def _hang_up(server: SMTP) -> None:
        if isinstance(server.transport, asyncio.Transport):
            server.transport.abort()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        refusals = {"data_451": "451 4.3.0 try later", "data_552": "552 5.3.4 too big"}
        if self.mode in refusals:
            return refusals[self.mode]
        if self.mode != "drop_before_keep":
            self.kept.append(envelope)
        if self.mode.startswith("drop"):
            self._hang_up(server)
        if self.mode == "stall_after_keep":
            await asyncio.Event().wait()
        return "250 2.0.0 OK"


class Dialogue:
    """The server's end of one connection."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._reader = sock.makefile("rb")

    def say(self, *lines: str) -> None:
        self._sock.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def hear(self) -> str:
        return self._reader.readline().decode().rstrip("\r\n")

    def hear_rest(self) -> bytes:
        return self._reader.read()

    def hear_content(self) -> None:
        while self._reader.readline() not in {b".\r\n", b""}:
            pass

    def greet(self) -> None:
        self.say("220 scripted.example")
        self.hear()
        self.say("250 scripted.example")

    def go_to_data(self) -> None:
        for reply in ("250 sender", "250 recipient"):
            self.hear()
            self.say(reply)
        self.hear()

    def take_message(self) -> None:
        self.go_to_data()
        self.say("354 go")
        self.hear_content()
        self.say("250 2.0.0 kept")

    def reset(self) -> None:
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        self._reader.close()
        self._sock.close()


class ScriptedServer:
    """Plays one script per connection, in order, then takes no more."""

    def __init__(self, *scripts: Callable[[Dialogue], None]) -> None:
        self._scripts = scripts
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self._thread = threading.Thread(target=self._play)
        self.connection_count = 0

    def settings(self, **changes: Any) -> SmtpSettings:
        port = self._listener.getsockname()[1]
        fields = {"host": "127.0.0.1", "port": port, "security": "none", "ehlo_name": "client.example"}
        return SmtpSettings(**{**fields, "timeout_seconds": LAB_TIMEOUT_SECONDS, **changes})

    def _play(self) -> None:
        for script in self._scripts:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connection_count += 1
            dialogue = Dialogue(sock)
            try:
                script(dialogue)
            finally:
                dialogue.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Take no more connections; the port is nobody's afterwards."""
        if self._listener.fileno() >= 0:
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(LAB_TIMEOUT_SECONDS)
        self._listener.close()


def server_tls(certificate_file: str, key_file: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file, key_file)
    return context
