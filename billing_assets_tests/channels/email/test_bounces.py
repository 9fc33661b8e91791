"""A mail of the bounce mailbox says what it says, whoever wrote it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.channels.email.bounces import read_bounce
from billing_assets.domain.bounces import BounceAction
from billing_assets_tests.channels.email.bounce_mails import OURS, away, person, report, without_report


@pytest.mark.parametrize("third", ["message/rfc822", "text/rfc822-headers"])
def test_a_report_names_message_reason_and_wording(third: str) -> None:
    bounce = read_bounce(report(third=third)).bounce
    assert bounce is not None
    assert (bounce.message_id, bounce.action, bounce.status) == (OURS, BounceAction.FAILED, "5.1.1")
    assert bounce.reason_code == "mailbox_unavailable"
    assert "no such user" in bounce.diagnostic
    assert "jane.roe" not in bounce.diagnostic


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("5.2.2", "mailbox_full"),
        ("5.4.4", "domain_unavailable"),
        ("5.7.1", "rejected"),
        ("5.9.9", "mailbox_unavailable"),
    ],
)
def test_the_status_tells_the_reason(status: str, reason: str) -> None:
    bounce = read_bounce(report(status=status)).bounce
    assert bounce is not None
    assert bounce.reason_code == reason


@pytest.mark.parametrize("action", ["delayed", "relayed", "delivered", "Failed"])
def test_actions_are_read_in_any_case(action: str) -> None:
    bounce = read_bounce(report(action=action)).bounce
    assert bounce is not None
    assert bounce.action.value == action.lower()


def test_a_mail_system_that_writes_no_report_is_understood_by_its_words() -> None:
    bounce = read_bounce(without_report()).bounce
    assert bounce is not None
    assert (bounce.message_id, bounce.status, bounce.reason_code) == (OURS, "5.2.2", "mailbox_full")


def test_a_person_who_quotes_our_message_returns_nothing() -> None:
    assert read_bounce(without_report(sender="Jane Roe <jane.roe@example.com>")).bounce is None


def test_an_answer_that_somebody_is_away_is_no_report() -> None:
    assert read_bounce(away()).bounce is None


def test_a_report_on_somebody_elses_message_is_not_ours() -> None:
    assert read_bounce(report(message_id="CAF1234567@mail.example.org")).bounce is None


def test_an_action_that_nobody_knows_says_nothing() -> None:
    assert read_bounce(report(action="pondered")).bounce is None


@given(st.binary(max_size=400))
def test_no_bytes_are_an_error(content: bytes) -> None:
    assert read_bounce(content).bounce is None


@given(st.integers(min_value=0, max_value=1500), st.integers(min_value=0, max_value=255))
def test_a_damaged_report_is_read_or_is_none(place: int, byte: int) -> None:
    whole = bytearray(report())
    whole[place % len(whole)] = byte
    bounce = read_bounce(bytes(whole)).bounce
    assert bounce is None or len(bounce.diagnostic) <= 500


def test_the_same_mail_has_the_same_hash() -> None:
    assert read_bounce(report()).content_sha256 == read_bounce(report()).content_sha256


@pytest.mark.parametrize("kind", ["multipart/mixed; boundary=b", "message/rfc822"])
def test_a_mail_within_mails_without_end_says_nothing(kind: str) -> None:
    content = b"".join(f"Content-Type: {kind}\r\n\r\n--b\r\n".encode() for _ in range(3_000))
    assert read_bounce(content).bounce is None


def test_digits_that_are_no_ascii_are_no_status() -> None:
    bounce = read_bounce(report().replace(b"Status: 5.1.1", "Status: 5.\u0661.\u0661".encode())).bounce
    assert bounce is None or bounce.status.isascii()


def test_a_mail_of_blank_lines_is_read_in_no_time() -> None:
    assert read_bounce(b"From: MAILER-DAEMON@x.example\r\n\r\n" + b"\r\n" * 100_000).bounce is None


@pytest.mark.parametrize(
    ("header", "is_for_person"),
    [
        ("Auto-Submitted: no", True),
        ("Auto-Submitted: auto-replied; owner=jane", False),
        ("Auto-Submitted: auto-generated", False),
        ("Precedence: bulk", False),
        ("X-Mailer: a program of a person", True),
    ],
)
def test_what_no_machine_wrote_is_for_a_person(header: str, is_for_person: bool) -> None:
    mail = read_bounce(header.encode() + b"\n" + person())
    assert (mail.bounce, mail.is_for_person) == (None, is_for_person)


def test_a_report_is_for_no_person_and_neither_is_an_answer_of_a_machine() -> None:
    assert [read_bounce(content).is_for_person for content in (report(), away(), without_report())] == (
        [False] * 3
    )
