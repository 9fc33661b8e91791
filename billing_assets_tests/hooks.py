"""A real web receiver for tests: it keeps what it gets and answers, refuses, hangs or drips as it is told.

Belongs here: the other side of a webhook. Does not belong here: anything of the program.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class HookServer(ThreadingHTTPServer):
    """Listens on this machine and answers as it is told.

    ``answers`` are the statuses of the next requests, the last one of all further; 0 means: take the request
    and never answer.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Hook)
        self.answers: list[int] = [200]
        self.bodies: list[dict[str, Any]] = []
        self.is_over = threading.Event()

    @property
    def url(self) -> str:
        """Its Apprise URL; the path stands for a secret."""
        return f"json://127.0.0.1:{self.server_address[1]}/secret-token"

    def next_answer(self) -> int:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class _Hook(BaseHTTPRequestHandler):
    server: HookServer

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(json.loads(content))
        status = self.server.next_answer()
        if not status:
            self.server.is_over.wait(60)
            return
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def hook_server() -> Iterator[HookServer]:
    """Yield a receiver that listens."""
    with HookServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.is_over.set()
            server.shutdown()
            thread.join()
