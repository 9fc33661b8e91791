"""The bytes of a mail: whoever wrote it, whatever it holds."""

from email.message import EmailMessage

import pytest

from billing_assets.channels.email import read_request_mail


def mail(**headers: str) -> bytes:
    message = EmailMessage()
    for name, value in {"From": "Ana <ANA@example.com>", "Subject": "Relevé", **headers}.items():
        message[name.replace("_", "-")] = value
    message.set_content("Please")
    return message.as_bytes()


def test_sender_and_subject_are_read() -> None:
    found = read_request_mail(mail())
    assert (found.from_email, found.subject, found.is_automatic) == ("ana@example.com", "Relevé", False)
    assert found.content_sha256 != read_request_mail(mail(Subject="Other")).content_sha256


@pytest.mark.parametrize(
    "headers",
    [{"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"List_Id": "<list.example.com>"}],
)
def test_what_a_program_wrote_is_told_apart(headers: dict[str, str]) -> None:
    assert read_request_mail(mail(**headers)).is_automatic
    assert not read_request_mail(mail(Auto_Submitted="no")).is_automatic


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"From: <<>>\nSubject: =?utf-8?b?AAAA?=\n\n",
        b"Subject: a\x00b\n\n",
        b"From: @\nContent-Type: multipart/mixed\n\n",
        b"From: " + b"x" * 100_000 + b"\n\n",
    ],
)
def test_nothing_is_an_error(content: bytes) -> None:
    found = read_request_mail(content)
    assert "\x00" not in found.subject + found.from_email
    assert len(found.subject) <= 500
