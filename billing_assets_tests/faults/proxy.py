"""A way between the program and PostgreSQL that can lose one answer.

Belongs here: passing bytes on over TCP and cutting the connection at a chosen moment.
Does not belong here: what must hold afterwards (``test_lost_answers``).
"""

import contextlib
import socket
import threading
from pathlib import Path
from typing import Self

_BLOCK = 1 << 16


class LosingProxy:
    """Listens on ``port`` and passes on to a server; cuts a connection when its client says ``word``.

    The server still gets what was said; its answer and the connection are lost. It happens at the ``at``-th
    time; later connections work. ``was_cut`` tells that it happened.
    """

    def __init__(self, host: str, port: int, word: bytes, at: int) -> None:
        """Be ready to pass on to ``host`` (a folder means a socket in it) and ``port``."""
        self._host, self._server_port, self._word, self._left = host, port, word, at
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self.port = self._listener.getsockname()[1]
        self.was_cut = False

    def __enter__(self) -> Self:
        """Begin to listen."""
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_exception: object) -> None:
        """Stop listening; open connections go on."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = self._connect()
                threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()

    def _connect(self) -> socket.socket:
        if not self._host.startswith("/"):
            return socket.create_connection((self._host, self._server_port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(Path(self._host) / f".s.PGSQL.{self._server_port}"))
        return server

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        back = threading.Thread(target=self._answer, args=(server, client), daemon=True)
        back.start()
        with contextlib.suppress(OSError):
            while block := client.recv(_BLOCK):
                if self._is_the_one(block):
                    client.shutdown(socket.SHUT_RDWR)
                    server.sendall(block)
                    break
                server.sendall(block)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_WR)
        back.join()
        client.close()
        server.close()

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while block := server.recv(_BLOCK):
                client.sendall(block)

    def _is_the_one(self, block: bytes) -> bool:
        with self._lock:
            if self._word not in block or self.was_cut:
                return False
            self._left -= 1
            self.was_cut = self._left == 0
            return self.was_cut
