"""`billing deliver`: what waits is sent once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from billing_assets.channels.email import EmailChannel
from billing_assets.channels.mailbox import MailboxServer
from billing_assets.cli.interrupts import Interrupted
from billing_assets.domain.deliveries import DeliveryState, SendResult
from billing_assets_tests.cli.conftest import Billing, bill_twice

AWAY = SendResult(state=DeliveryState.QUEUED, reply_code=0, reason_code="connect_failed", reply_text="")


def breaks_after(monkeypatch: pytest.MonkeyPatch, count: int, broken: Callable[[], SendResult]) -> None:
    """Let the channel send ``count`` messages, and answer each further one by ``broken``."""
    send = EmailChannel.send
    sent: list[object] = []

    def counted(channel: EmailChannel, message: Any) -> SendResult:
        if len(sent) >= count:
            return broken()
        sent.append(message)
        return send(channel, message)

    monkeypatch.setattr(EmailChannel, "send", counted)


def interrupt() -> SendResult:
    raise Interrupted("send the rest: billing deliver")


pytestmark = [pytest.mark.usefixtures("book"), pytest.mark.prepared(by=bill_twice)]


@pytest.mark.long
def test_one_date_is_sent_then_the_rest_then_nothing(ask: Callable[..., Any], mailbox: MailboxServer) -> None:
    sent = [
        ask("deliver", "2024-01-10")["sent_count"],
        ask("deliver")["sent_count"],
        ask("deliver")["sent_count"],
    ]
    assert sent[0] > 0
    assert (sum(sent), sent[2]) == (27, 0)
    assert len(mailbox.messages()) == 27


@pytest.mark.long
def test_a_mail_server_that_goes_down_ends_with_what_was_sent_until_then(
    ask: Callable[..., Any], billing: Billing, mailbox: MailboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks_after(monkeypatch, 4, lambda: AWAY)
    document = ask("deliver", code=3)
    assert document["error"]["code"] == "channel_down"
    assert (document["sent_count"], document["waiting_count"], document["without_address_count"]) == (4, 5, 3)
    assert len(mailbox.messages()) == 4
    shown = billing("deliver", code=3)
    assert "to be tried again" in shown.stdout
    assert "(channel_down)" in shown.stderr


def test_what_waits_for_its_time_is_told_with_it(
    ask: Callable[..., Any], billing: Billing, mailbox: MailboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks_after(monkeypatch, 8, lambda: replace(AWAY, reason_code="mailbox_full"))
    tried = ask("deliver", "2024-01-10", code=4)
    assert (tried["waiting_count"], tried["later_count"]) == (1, 1)
    document = ask("deliver", "2024-01-10", "--due")
    assert (document["waiting_count"], document["later_count"]) == (0, 1)
    assert document["first_attempt_at"] == document["last_attempt_at"] > datetime.now(UTC).isoformat()
    at = document["first_attempt_at"][:16].replace("T", " ")
    shown = billing("deliver", "2024-01-10", "--due").stdout
    assert f"Nothing is due. 1 message waits for the next attempt, until {at} UTC." in shown
    assert len(mailbox.messages()) == 8


@pytest.mark.long
def test_an_interruption_ends_with_what_was_sent_until_then(
    ask: Callable[..., Any], mailbox: MailboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks_after(monkeypatch, 2, interrupt)
    document = ask("deliver", code=130)
    assert (document["error"]["code"], document["sent_count"]) == ("interrupted", 2)
    assert document["error"]["todo"] == "send the rest: billing deliver"
    assert len(mailbox.messages()) == 2


def test_an_error_before_anything_is_sent_stands_alone(
    ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLING_COMPANY", "nobody")
    assert list(ask("deliver", code=3)) == ["error"]
