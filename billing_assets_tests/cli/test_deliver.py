"""`billing deliver`: what waits is sent once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from billing_assets.channels.mailbox import MailboxServer


@pytest.fixture(autouse=True)
def billed(book: Path, ask: Callable[..., Any]) -> None:
    ask("run", "2024-01-10", "--no-deliver")
    ask("run", "2024-01-31", "--no-deliver")


def test_one_date_is_sent_then_the_rest_then_nothing(ask: Callable[..., Any], mailbox: MailboxServer) -> None:
    sent = [
        ask("deliver", "2024-01-10")["sent_count"],
        ask("deliver")["sent_count"],
        ask("deliver")["sent_count"],
    ]
    assert sent[0] > 0
    assert (sum(sent), sent[2]) == (27, 0)
    assert len(mailbox.messages()) == 27
