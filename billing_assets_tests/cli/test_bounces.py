"""`billing deliveries bounces`: what came back is counted, and waits for a person."""

from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from billing_assets.channels.mailbox import MailboxServer
from billing_assets_tests.channels.email.bounce_mails import person, report
from billing_assets_tests.cli.conftest import Billing, bill_twice

pytestmark = [pytest.mark.usefixtures("book"), pytest.mark.prepared(by=bill_twice)]


def test_without_a_mailbox_it_says_how_to_set_one(ask: Callable[..., Any]) -> None:
    error = ask("deliveries", "bounces", code=3)["error"]
    assert error["code"] == "bounce_folder_unset"


@pytest.mark.long
def test_a_message_that_came_back_is_listed_with_what_its_server_says(
    billing: Billing,
    ask: Callable[..., Any],
    mailbox: MailboxServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    billing("deliver", "2024-01-10")
    sent = message_from_bytes(mailbox.messages()[0].read_bytes())["Message-ID"].strip("<>")
    folder = tmp_path / "bounces"
    folder.mkdir()
    monkeypatch.setenv("BILLING_BOUNCE_FOLDER", str(folder))
    assert "No mail waited" in billing("deliveries", "bounces").stdout
    (folder / "1.eml").write_bytes(report(sent))
    shown = billing("deliveries", "bounces", code=4)
    assert "came back: a person decides" in shown.stdout
    failed = ask("deliveries", "--state", "failed")["undelivered"]
    (row,) = [each for each in failed if each["reason_code"] == "mailbox_unavailable"]
    detail = billing("deliveries", "show", str(row["delivery_id"])).stdout
    assert "Returned" in detail
    assert "5.1.1" in detail
    (folder / "2.eml").write_bytes(person())
    told = billing("deliveries", "bounces", code=4).stdout
    assert "for a person to read" in told
    assert "To be read by a person: 2.eml" in told
    assert ask("deliveries", "bounces", code=4)["to_read"] == ["2.eml"]
    (folder / "to-read" / "2.eml").unlink()
    assert ask("deliveries", "bounces")["to_read"] == []
    assert ask("audit", code=0)
