"""What every answer of the API has, and what no request may have.

Belongs here: request ids, security headers, the limit of a body, the last word on a mistake of the program,
the log of calls. Does not belong here: who calls (``callers``).

The log holds the route, never the path: a path names policies and invoices.
"""

import logging
import re
from typing import Any
from uuid import uuid4

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from billing_assets.portal.api.problem_details import problem
from billing_assets.wiring.crash_log import write_crash_log

LARGEST_BODY = 32 * 1024 * 1024
"""Bytes that a request may send: ten thousand policies, and room to spare."""

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_LOG = logging.getLogger(__name__)
_LONGEST_SIZE = 18
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Gate:
    """The middleware around every call."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before ``app``."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, and answer for what goes wrong."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        given = request.headers.get("x-request-id", "")
        request.state.request_id = request_id = given if _ID.fullmatch(given) else uuid4().hex
        answer = _Answer(send, request_id)
        try:
            if _announced(request) > LARGEST_BODY:
                refusal = problem(request_id, 413, "body_too_large", _TOO_LARGE)
                await refusal(scope, receive, answer.send)
            else:
                await self.app(scope, _Counted(receive).receive, answer.send)
        except Exception as error:
            if answer.status:
                raise
            path = write_crash_log(scope["app"].state.host.state.desk.billing.settings.home, error)
            _LOG.error("request %s met a mistake of the program: %s", request_id, path)
            await problem(request_id, 500, "crashed", _CRASHED)(scope, receive, answer.send)
        route = getattr(scope.get("route"), "path_format", "-")
        _LOG.info("%s %s %s %s", request.method, route, answer.status, request_id)


_TOO_LARGE = f"the body has more than {LARGEST_BODY} bytes: send it in parts"
_CRASHED = "a mistake of the program, which is logged: give this request's id to whoever runs it"


class _Counted:
    """A body as it comes, up to the limit."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._size = 0

    async def receive(self) -> Message:
        message = await self._receive()
        self._size += len(message.get("body", b""))
        if self._size > LARGEST_BODY:
            raise HTTPException(413)
        return message


class _Answer:
    """An answer on its way out, with the headers that each has."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._own = {**HEADERS, "X-Request-Id": request_id}
        self.status = 0

    async def send(self, message: Any) -> None:  # noqa: ANN401 - a message of ASGI
        if message["type"] == "http.response.start":
            self.status = message["status"]
            named = {name.lower() for name, _ in message["headers"]}
            more = [(name.lower().encode(), text.encode()) for name, text in self._own.items()]
            message["headers"] = [*message["headers"], *(row for row in more if row[0] not in named)]
        await self._send(message)


def _announced(request: Request) -> int:
    text = request.headers.get("content-length", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_SIZE else 0
