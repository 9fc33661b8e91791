"""Reasons come from the code, the enhanced status and the phase."""

import pytest

from billing_assets.channels.email.replies import (
    _BY_ENHANCED_STATUS,
    _BY_REPLY_CODE,
    REASON_MEANINGS,
    Phase,
    answer_of,
)
from billing_assets.domain.deliveries import SIGNS_OF_OUTAGE


@pytest.mark.parametrize(
    ("phase", "code", "text", "state", "reason"),
    [
        ("content", 250, "2.0.0 ok", "sent", "accepted"),
        ("rcpt", 450, "mailbox busy", "queued", "mailbox_unavailable"),
        ("rcpt", 451, "4.7.1 Greylisting in action", "queued", "greylisted"),
        ("rcpt", 452, "4.2.2 over quota", "queued", "mailbox_full"),
        ("rcpt", 454, "4.7.1 relay access denied", "queued", "rejected"),
        ("rcpt", 550, "5.2.2 over quota", "failed", "mailbox_full"),
        ("rcpt", 550, "5.7.1 not from you", "failed", "rejected"),
        ("rcpt", 556, "5.1.10 null MX", "failed", "domain_unavailable"),
        ("rcpt", 599, "who knows", "failed", "rejected"),
        ("mail", 550, "no", "queued", "sender_refused"),
        ("mail", 530, "5.7.0 log in first", "failed", "rejected"),
        ("mail", 530, "log in first", "queued", "auth_failed"),
        ("mail", 552, "message size exceeds fixed maximum", "failed", "message_too_big"),
        ("content", 550, "spam", "failed", "rejected"),
        ("content", 550, "5.7.26 unauthenticated mail", "failed", "sender_refused"),
        ("content", 421, "4.3.2 bye", "queued", "service_not_available"),
        ("mail", 452, "4.3.1 no storage", "queued", "service_not_available"),
        ("rcpt", 451, "try later", "queued", "refused_for_now"),
        ("content", 452, "4.3.1 no storage", "queued", "refused_for_now"),
        ("rcpt", 421, "closing", "queued", "service_not_available"),
        ("data", 250, "not 354", "queued", "protocol_error"),
        ("content", -1, "mumble", "unknown", "no_answer_after_data"),
    ],
)
def test_an_answer_means_the_same_state_and_word_each_time(
    phase: Phase, code: int, text: str, state: str, reason: str
) -> None:
    result = answer_of(phase, code, text)
    assert (result.state, result.reason_code) == (state, reason)


def test_every_reason_in_the_tables_is_documented() -> None:
    used = {*_BY_ENHANCED_STATUS.values(), *_BY_REPLY_CODE.values(), *SIGNS_OF_OUTAGE}
    assert used <= set(REASON_MEANINGS)


def test_wording_is_masked_before_it_is_cut() -> None:
    text = "x" * 480 + " jane.roe.with.a.long.name@example.com"
    wording = answer_of("rcpt", 550, text).reply_text
    assert wording == f"{'x' * 480} j***@example.com"
    assert len(answer_of("rcpt", 550, "y " * 2000).reply_text) == 500


def test_wording_is_one_line_without_addresses() -> None:
    result = answer_of("rcpt", 550, "5.1.1 no\n<jane@example.com>\r\nSMTP:rob@example.org;x")
    assert result.reply_text == "5.1.1 no <j***@example.com> SMTP:r***@example.org;x"
