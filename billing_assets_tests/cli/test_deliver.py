"""`billing deliver` and `billing deliveries`: what waits is sent once, the rest is listed with why."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from billing_assets.channels.mailbox import MailboxServer
from billing_assets_tests.cli.conftest import Billing


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


def test_what_did_not_arrive_is_listed_with_its_reason(billing: Billing, mailbox: MailboxServer) -> None:
    billing("deliver")
    shown = billing("deliveries").stdout
    assert "sent 27" in shown
    assert shown.count("no e-mail address") == 3


def test_before_anything_was_queued_it_says_so(billing: Billing) -> None:
    assert "Nothing was queued yet" in billing("deliveries").stdout


def test_a_state_that_is_none_is_a_usage_error(billing: Billing) -> None:
    assert "queued, sending, failed, unknown" in billing("deliveries", "--state", "sent", code=2).stderr
