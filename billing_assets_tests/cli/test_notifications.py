"""``billing notifications`` lists messages with their states, shows one, and lets a person send again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.cli.failures import ExitCode
from billing_assets_tests.cli.conftest import Billing


def test_before_anything_was_told_the_list_says_so(store: object, billing: Billing) -> None:
    assert "Nobody was told anything yet" in billing("notifications").stdout


@pytest.fixture
def refused(
    book: Path, billing: Billing, mailbox: MailboxServer, monkeypatch: pytest.MonkeyPatch
) -> MailboxServer:
    """One message that was refused as often as is allowed; the mail server is away."""
    assert book.exists()
    billing("notifications", "channels", "add", "ops", "--to", "ops@example.com")
    billing("notifications", "rules", "add", "ops", "--channel", "ops", "--severity", "info")
    billing("run", "2024-02-01", "--no-deliver")
    monkeypatch.setenv("BILLING_NOTIFICATION_MAX_ATTEMPTS", "1")
    mailbox.stop()
    billing("notify", code=ExitCode.ATTENTION)
    return mailbox


def test_a_message_that_failed_is_shown_and_sent_again_by_a_person(
    refused: MailboxServer, billing: Billing
) -> None:
    listed = billing("notifications", "--state", "failed").stdout
    assert "refused as often as is allowed" in listed
    shown = billing("notifications", "show", "1").stdout
    assert "is final" in shown
    assert "connect_failed" not in shown.split("Attempts")[0]
    refused.start()
    assert "1 message will be sent again" in billing("notifications", "retry", "1", "--by", "ana").stdout
    assert "250 accepted" in billing("notify").stdout
    assert "ana" in billing("notifications", "show", "1").stdout


def test_all_that_failed_go_again_at_once(refused: MailboxServer, ask: Callable[..., Any]) -> None:
    assert ask("notifications", "retry", "--all")["message_ids"] == [1]
    assert ask("notifications", "retry", "--all")["message_ids"] == []
    listed = ask("notifications")
    assert listed["counts"] == {"queued": 1}
    assert listed["notifications"][0]["reason_code"] == "again_by_decision"


def test_what_is_no_state_no_message_or_no_order_is_refused(refused: MailboxServer, billing: Billing) -> None:
    assert "one of queued" in billing("notifications", "--state", "lost", code=ExitCode.USAGE).stderr
    assert "no notification 99" in billing("notifications", "show", "99", code=ExitCode.REFUSED).stderr
    assert "name messages" in billing("notifications", "retry", code=ExitCode.USAGE).stderr
    refusal = billing("notifications", "retry", "99", code=ExitCode.REFUSED).stderr
    assert "neither failed nor unknown" in refusal
    assert "No notification fits" in billing("notifications", "--channel", "other").stdout


@pytest.mark.long
def test_before_the_first_attempt_a_message_shows_what_it_will_tell(
    book: Path, billing: Billing, mailbox: MailboxServer
) -> None:
    assert book.exists()
    billing("notifications", "channels", "add", "ops", "--to", "ops@example.com")
    add = ("notifications", "rules", "add", "ops", "--channel", "ops", "--severity", "info")
    billing(*add, "--digest", "daily", "--at", "08:00")
    billing("run", "2024-02-01", "--no-deliver")
    assert "1 new event, 0 messages handed over" in billing("notify").stdout
    assert "run_finalised" in billing("notifications", "show", "1").stdout
    assert "queued" in billing("notifications").stdout
    assert mailbox.messages() == ()
