"""What the channel makes of each answer of whoever keeps the inboxes; the faults stand in the contract."""

from datetime import UTC, datetime

import pytest

from billing_assets.channels.portal_inbox import REASON_MEANINGS, InboxEntry, PortalInboxChannel
from billing_assets.domain.deliveries import DeliveryState
from billing_assets.domain.errors import BillingError

ENTRY = InboxEntry(delivery_id=7, content_sha256="ab" * 32, dated_at=datetime(2024, 2, 1, tzinfo=UTC))


def test_what_is_kept_is_sent_and_goes_to_the_keeper_as_it_is() -> None:
    kept: list[InboxEntry] = []
    result = PortalInboxChannel(kept.append).send(ENTRY)
    assert (result.state, result.reason_code) == (DeliveryState.SENT, "accepted")
    assert kept == [ENTRY]


@pytest.mark.parametrize(
    ("code", "state", "reason"),
    [
        ("store_busy", DeliveryState.QUEUED, "inbox_busy"),
        ("store_unreachable", DeliveryState.QUEUED, "inbox_unreachable"),
        ("inbox_refused", DeliveryState.FAILED, "inbox_refused"),
        ("portal_closed", DeliveryState.FAILED, "portal_closed"),
    ],
)
def test_a_no_says_whether_to_come_again(code: str, state: DeliveryState, reason: str) -> None:
    def refuse(_entry: InboxEntry) -> None:
        raise BillingError(code, "it is so", "do that")

    result = PortalInboxChannel(refuse).send(ENTRY)
    assert (result.state, result.reason_code, result.reply_text) == (state, reason, "it is so")
    assert reason in REASON_MEANINGS


def test_an_answer_that_is_lost_leaves_it_open() -> None:
    def lose(_entry: InboxEntry) -> None:
        raise OSError("secret of the driver")

    result = PortalInboxChannel(lose).send(ENTRY)
    assert (result.state, result.reason_code) == (DeliveryState.UNKNOWN, "no_answer_after_content")
    assert result.reply_text == ""
