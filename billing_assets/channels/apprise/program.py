"""The program that hands one message to Apprise and says what it saw on the wire.

It reads a JSON document on stdin (``url``, ``title``, ``body``, ``timeout_seconds``, ``is_dry``) and
writes one on stdout, after a line that says when it begins. Apprise itself says no more than that it worked
or not. Whether a message may go again hangs on more: had any byte of a request left, and was it answered.
Python tells both of every HTTP connection, and a program of its own can listen to all of them, be ended when
it takes too long, and keeps a URL out of the logs and the memory of the billing program.
"""

import json
import signal
import sys
from http.client import HTTPResponse
from typing import Any

_ACCEPTED_CLASS = 2
_SPARE_SECONDS = 5

BEGUN = "begun"
"""The line after which a message may have left."""
_METHODS_THAT_ONLY_READ = frozenset({"GET", "HEAD", "OPTIONS"})


class Wire:
    """What was seen of HTTP: requests that left, and how each was answered."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self.is_waiting = False
        self.last_status = 0
        self.accepted_count = 0

    def listen(self) -> None:
        """See every request and every answer of this program from now on."""
        begin = HTTPResponse.begin

        def begin_and_see(response: HTTPResponse) -> None:
            begin(response)
            self.answered(str(getattr(response, "_method", "")), response.status)

        HTTPResponse.begin = begin_and_see  # type: ignore[assignment, method-assign]
        sys.addaudithook(self._see)

    def answered(self, method: str, status: int) -> None:
        """Take in an answer."""
        self.is_waiting = False
        self.last_status = status
        if status // 100 == _ACCEPTED_CLASS and method not in _METHODS_THAT_ONLY_READ:
            self.accepted_count += 1

    def _see(self, event: str, _arguments: tuple[object, ...]) -> None:
        if event == "http.client.send":
            self.is_waiting = True


def notify(order: dict[str, Any], wire: Wire) -> dict[str, Any]:
    """Hand one message to Apprise, once and without a second try of its own; return what came of it."""
    import apprise

    asset = apprise.AppriseAsset(
        async_mode=False, storage_mode=apprise.PersistentStoreMode.MEMORY, app_id="billing"
    )
    service = apprise.Apprise.instantiate(order["url"], asset=asset, suppress_exceptions=True)
    if service is None:
        return {"is_usable": False}
    if order["is_dry"]:
        return {"is_usable": True}
    # What the URL says about trying again, waiting and cutting in pieces would make several messages of one.
    service.retry = 0
    service.overflow_mode = apprise.OverflowMode.TRUNCATE
    service.socket_connect_timeout = service.socket_read_timeout = float(order["timeout_seconds"])
    # A service that sends its answer byte by byte never runs into a time-out of its own.
    signal.alarm(2 * int(order["timeout_seconds"]) + _SPARE_SECONDS)
    sys.stdout.write(f"\n{BEGUN}\n")
    sys.stdout.flush()
    wire.listen()
    is_sent = service.notify(body=order["body"], title=order["title"], body_format=apprise.NotifyFormat.TEXT)
    return {
        "is_usable": True,
        "is_sent": bool(is_sent),
        "is_waiting": wire.is_waiting,
        "last_status": wire.last_status,
        "accepted_count": wire.accepted_count,
    }


def main() -> int:
    """Do what the document on stdin asks."""
    order = json.load(sys.stdin)
    answer = notify(order, Wire())
    sys.stdout.write(f"\n{json.dumps(answer)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
