"""A local mailbox: an SMTP receiver that keeps each message as a file, for the demo and for trials.

Belongs here: receiving on this machine and writing down exactly what was received.
Does not belong here: sending (``channels.email``), relaying, any mail for real recipients.

One server per folder. A message is on disk under its final name before it is answered with 250, so that
a sender who saw the 250 finds the file.
"""

import asyncio
import logging
import re
import signal
import threading
from argparse import ArgumentParser
from collections.abc import Sequence
from email.parser import BytesHeaderParser
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9@._-]")
_LONGEST_NAME: Final = 120
_LARGEST_MESSAGE: Final = 50_000_000


def file_stem(message_id: str) -> str:
    """Return the file name, without ending, under which a Message-ID is kept.

    An id that is not safe as a file name, or too long, is cleaned and gets a hash of itself, so that two
    ids never share a name.

    >>> file_stem("853fd815@billing.example"), file_stem("../x")
    ('853fd815@billing.example', '_._x-d6b96a97')
    """
    safe = _UNSAFE.sub("_", message_id)[:_LONGEST_NAME]
    safe = f"_{safe[1:]}" if safe.startswith(".") else safe
    if safe == message_id:
        return safe or "no-message-id"
    return f"{safe}-{sha256(message_id.encode(errors='surrogateescape')).hexdigest()[:8]}"


class _Keeper:
    """The handler aiosmtpd calls: keeps what arrives, says 451 when that does not work."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002
        content = envelope.original_content or b""
        try:
            self._keep(content)
        except OSError:
            return "451 4.3.0 the message could not be kept"
        return "250 2.0.0 kept"

    async def handle_exception(self, error: Exception) -> str:  # noqa: ARG002
        return "451 4.3.0 the receiver has a fault"

    def _keep(self, content: bytes) -> None:
        header = BytesHeaderParser().parsebytes(content)
        stem = file_stem(str(header.get("Message-ID", "")).strip().strip("<>"))
        temporary = self._folder / f".{stem}.part"
        temporary.write_bytes(content)
        target, number = self._folder / f"{stem}.eml", 1
        while target.exists():
            number += 1
            target = self._folder / f"{stem}~{number}.eml"
        temporary.replace(target)


class _AnyPortController(Controller):
    """aiosmtpd's controller, which also takes port 0 and lets go of open connections when it stops."""

    def __init__(self, handler: _Keeper, host: str, port: int) -> None:
        super().__init__(
            handler, hostname=host, port=port, server_hostname="localhost", data_size_limit=_LARGEST_MESSAGE
        )
        self._sessions: list[SMTP] = []

    def factory(self) -> SMTP:
        session = SMTP(self.handler, loop=self.loop, **self.SMTP_kwargs)
        self._sessions = [s for s in self._sessions if s.transport is not None]
        self._sessions.append(session)
        return session

    def _trigger_server(self) -> None:
        if isinstance(self.server, asyncio.Server):
            self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]

    def _abort_sessions(self) -> None:
        for session in self._sessions:
            if isinstance(session.transport, asyncio.Transport):
                session.transport.abort()

    def stop(self, no_assert: bool = False) -> None:
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._abort_sessions)
        super().stop(no_assert=no_assert)


class MailboxServer:
    """An SMTP server on this machine that keeps every message as ``<folder>/<message id>.eml``.

    A Message-ID that arrives again is kept again, as ``<message id>~2.eml``, ``~3`` and so on: a double
    sending shows. Port 0 takes any free port; ``port`` is the real one once the server runs. A context
    manager; ``start`` and ``stop`` may also be called by hand, ``stop`` more than once.

    Errors: ``OSError`` when the port is taken or the folder cannot be made.
    """

    def __init__(self, folder: Path, host: str = "127.0.0.1", port: int = 0) -> None:
        """Take the place; nothing is opened yet."""
        self.folder = folder
        self.host = host
        self.port = port
        self._controller: _AnyPortController | None = None

    def __enter__(self) -> Self:
        """Start and return the server."""
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        """Stop the server; the files stay."""
        self.stop()

    def start(self) -> None:
        """Listen; when this returns, messages are taken."""
        # aiosmtpd logs each command, and with it each address, at level INFO.
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        self.folder.mkdir(parents=True, exist_ok=True)
        controller = _AnyPortController(_Keeper(self.folder), self.host, self.port)
        try:
            controller.start()
        except OSError:
            controller.loop.close()
            raise
        self._controller, self.port = controller, controller.port

    def stop(self) -> None:
        """Close every connection and stop listening; does nothing when the server does not run."""
        controller, self._controller = self._controller, None
        if controller is not None:
            controller.stop()

    def messages(self) -> tuple[Path, ...]:
        """Return the kept files in order of name, those of other runs in this folder included."""
        return tuple(sorted(self.folder.glob("*.eml")))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a mailbox until SIGTERM or SIGINT; the ready file gets the port once messages are taken."""
    parser = ArgumentParser(prog="python -m billing_assets.channels.mailbox", description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ready-file", type=Path)
    chosen = parser.parse_args(arguments)
    is_over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: is_over.set())
    with MailboxServer(chosen.folder, chosen.host, chosen.port) as server:
        if chosen.ready_file is not None:
            temporary = chosen.ready_file.with_name(f"{chosen.ready_file.name}.part")
            temporary.write_text(f"{server.port}\n", encoding="ascii")
            temporary.replace(chosen.ready_file)
        is_over.wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
