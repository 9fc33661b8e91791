"""What each answer of the keeper of inboxes means."""

import logging

import pytest

from billing_assets.channels.portal_inbox import REASON_MEANINGS, InboxEntry, PortalInboxChannel
from billing_assets.domain.errors import BillingError
from billing_assets_tests.books import AT

ENTRY = InboxEntry(delivery_id=1, content_sha256="ab" * 32, dated_at=AT)


@pytest.mark.parametrize(
    ("code", "state", "reason"),
    [
        ("store_unreachable", "queued", "inbox_unreachable"),
        ("store_not_ready", "queued", "inbox_unreachable"),
        ("store_busy", "queued", "inbox_busy"),
        ("inbox_refused", "failed", "inbox_refused"),
        ("portal_closed", "failed", "portal_closed"),
    ],
)
def test_a_no_is_told_by_its_reason_while_nothing_is_kept(code: str, state: str, reason: str) -> None:
    def keep(_entry: InboxEntry) -> None:
        raise BillingError(code, "jane.roe@example.org was not put there", "look")

    result = PortalInboxChannel(keep).send(ENTRY)
    assert (result.state, result.reason_code) == (state, reason)
    assert "jane.roe" not in result.reply_text
    assert reason in REASON_MEANINGS


def test_anything_else_leaves_it_open_and_says_nothing_of_it_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def keep(_entry: InboxEntry) -> None:
        raise OSError("jane.roe@example.org")

    with caplog.at_level(logging.WARNING):
        result = PortalInboxChannel(keep).send(ENTRY)
    assert (result.state, result.reason_code) == ("unknown", "no_answer_after_content")
    assert "OSError" in caplog.text
    assert "jane.roe" not in caplog.text
