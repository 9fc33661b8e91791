"""Only what speaks of the mail server itself counts against it; the sending itself is tested by the step."""

import pytest

from billing_assets.domain.deliveries import DeliveryState, SendResult
from billing_assets.domain.errors import BillingError
from billing_assets.steps.dispatch import MAX_OUTAGES, Outages


def test_only_answers_about_the_channel_count_as_outages() -> None:
    outages = Outages("mail.example.com:587")
    for reason in ("connect_failed", "greylisted", *["auth_failed"] * (MAX_OUTAGES - 1)):
        outages.count(SendResult(state=DeliveryState.QUEUED, reply_code=0, reason_code=reason, reply_text=""))
    outages.raise_if_down()
    outages.count(
        SendResult(state=DeliveryState.QUEUED, reply_code=0, reason_code="tls_failed", reply_text="")
    )
    with pytest.raises(BillingError, match=r"mail\.example\.com:587 failed 5 times in a row \(tls_failed\)"):
        outages.raise_if_down()
