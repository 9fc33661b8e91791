"""``billing notify`` tells what happened once, says what went where, and how it ended."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.cli.failures import ExitCode
from billing_assets.cli.notify import reason_words
from billing_assets_tests.cli.conftest import Billing


@pytest.fixture
def told(book: Path, billing: Billing) -> None:
    """Somebody hears everything by mail; a date is billed."""
    assert book.exists()
    billing("notifications", "channels", "add", "ops", "--to", "ops@example.com")
    billing("notifications", "rules", "add", "ops", "--channel", "ops", "--severity", "info")
    billing("run", "2024-02-01", "--no-deliver")


@pytest.mark.usefixtures("told")
def test_what_happened_is_told_once(billing: Billing, mailbox: MailboxServer) -> None:
    first = billing("notify").stdout
    assert "1 new event, 1 message handed over" in first
    assert "250 accepted" in first
    assert "0 new events, 0 messages handed over" in billing("notify").stdout
    assert len(mailbox.messages()) == 1


@pytest.mark.usefixtures("told")
def test_what_is_refused_ends_with_attention_and_says_where_to_look(
    billing: Billing, mailbox: MailboxServer
) -> None:
    mailbox.stop()
    result = billing("notify", code=ExitCode.ATTENTION)
    assert "no connection to the server" in result.stdout
    assert "billing notifications" in result.stderr


@pytest.mark.usefixtures("told", "mailbox")
def test_programs_get_counts_and_messages(ask: Callable[..., Any]) -> None:
    found = ask("notify")
    assert (found["event_count"], found["sent_count"], found["unknown_count"]) == (1, 1, 0)
    (message,) = found["messages"]
    assert (message["channel_name"], message["state"], message["reply_code"]) == ("ops", "sent", 250)


def test_a_reason_is_told_with_the_code_of_the_other_side() -> None:
    assert reason_words("accepted", 250) == "250 accepted"
    assert reason_words("http_refused", 503) == "503: the service refused it"
    assert reason_words("no_answer", 0) == "no answer after the message was handed over"
