"""The reason of a delivery, in words."""

from datetime import UTC, date, datetime

import pytest

from billing_assets.cli.deliveries import reason_words
from billing_assets.store.delivery_listings import DeliveryRow


def row(
    state: str,
    reason_code: str,
    reply_code: int = 0,
    reply_text: str = "",
    *,
    has_newer_address: bool = False,
) -> DeliveryRow:
    at = datetime(2025, 1, 2, tzinfo=UTC)
    return DeliveryRow(
        delivery_id=1,
        invoice_number="INV-00000001",
        billing_date=date(2025, 1, 2),
        channel="email",
        message_id="x@example.com",
        state=state,
        reason_code=reason_code,
        reply_code=reply_code,
        reply_text=reply_text,
        owner="",
        attempt_count=1,
        has_newer_address=has_newer_address,
        queued_at=at,
        changed_at=at,
    )


@pytest.mark.parametrize(
    ("delivery", "words"),
    [
        (row("sent", "accepted", 250, "2.0.0 kept"), "250 2.0.0 kept"),
        (row("queued", ""), ""),
        (row("failed", "mailbox_full", 552), "552: the mailbox has no room"),
        (row("failed", "no_address"), "no e-mail address"),
        (row("unknown", "sender_died"), "the sender died in the middle"),
        (row("failed", "brand_new_reason"), "brand_new_reason"),
        (
            row("failed", "mailbox_unavailable", 550, has_newer_address=True),
            "550: no such mailbox, or it is closed or blocked; a newer address is known",
        ),
        (row("failed", "given_up", 550, "no"), "given up, as a person decided"),
        (row("sent", "delivered_by_decision", 0), "it did arrive, as a person decided"),
    ],
)
def test_each_state_says_why(delivery: DeliveryRow, words: str) -> None:
    said = reason_words(delivery)
    assert said.startswith(words)
    assert bool(said) == bool(words)
