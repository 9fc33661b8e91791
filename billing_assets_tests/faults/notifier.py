"""A program that sends notifications and dies at a place of its choosing.

Belongs here: dying between marking and sending, and between sending and marking. Does not belong here: what
must hold afterwards (``test_notifications``).
"""

import os
import signal
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from billing_assets.store.connection import Database
from billing_assets.wiring import notification_desk
from billing_assets.wiring.notification_desk import ChannelMessenger, NotificationDesk
from billing_assets_tests.books import billing_over

BEFORE_SENDING, AFTER_SENDING, NEVER = "before", "after", "never"


class Mortal:
    """A way out that dies before it sends, or when the other side has taken the message."""

    def __init__(self, messenger: ChannelMessenger, place: str) -> None:
        self._messenger = messenger
        self._place = place

    def send(self, letter: Any) -> Any:
        if self._place == BEFORE_SENDING:
            os.kill(os.getpid(), signal.SIGKILL)
        result = self._messenger.send(letter)
        if self._place == AFTER_SENDING:
            os.kill(os.getpid(), signal.SIGKILL)
        return result


def notify(url: str, home: Path, port: int, place: str) -> None:
    """Collect and send; die at the place."""
    inner = NotificationDesk.messenger

    @contextmanager
    def messenger(desk: NotificationDesk) -> Any:
        with inner(desk) as real:
            yield Mortal(real, place)

    notification_desk.NotificationDesk.messenger = messenger  # type: ignore[method-assign, assignment]
    with ExitStack() as stack:
        database = stack.enter_context(closing(Database(url)))
        settings = {"smtp_port": port, "notification_timeout_seconds": 5}
        desk = NotificationDesk(billing_over(database, home, stack, **settings))
        desk.collect()
        desk.send()
