"""`billing deliveries proof`: what proves that a document was sent, or that nothing does."""

from collections.abc import Callable
from typing import Any

import pytest

from billing_assets.channels.mailbox import MailboxServer
from billing_assets_tests.cli.conftest import Billing, bill_twice

pytestmark = [pytest.mark.usefixtures("book"), pytest.mark.prepared(by=bill_twice)]


@pytest.mark.long
def test_what_was_sent_is_proven_and_what_was_not_is_told_by_the_exit_code(
    billing: Billing, ask: Callable[..., Any], mailbox: MailboxServer
) -> None:
    billing("deliver", "2024-01-10")
    assert len(mailbox.messages()) == 9
    unsent = ask("deliveries")["undelivered"][0]["delivery_id"]
    sent = next(number for number in range(1, 11) if number != unsent)
    document = ask("deliveries", "proof", str(sent))
    assert document["proven_at"] == document["proof"]["attempts"][0]["ended_at"]
    shown = billing("deliveries", "proof", str(sent)).stdout
    assert f"{document['proof']['pdf_sha256']}, and the PDF that is kept is the same" in shown
    assert document["proof"]["recipient"] in shown
    assert "accepted on" in shown
    assert "nothing is proven" in billing("deliveries", "proof", str(unsent), code=4).stdout
    assert ask("deliveries", "proof", "99", code=3)["error"]["code"] == "delivery_unknown"
