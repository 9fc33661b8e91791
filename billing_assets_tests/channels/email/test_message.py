"""The bytes of a message are a pure, well-formed function of its parts."""

import re
from base64 import b64encode
from datetime import datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage, MIMEPart
from email.utils import parseaddr
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_assets.channels.email import message_bytes
from billing_assets.channels.email.message import _stand_in
from billing_assets.domain.deliveries import Attachment
from billing_assets.domain.errors import BillingError
from billing_assets_tests.channels.email.samples import PDF, parts


def _read(**changes: Any) -> EmailMessage:
    message = message_from_bytes(message_bytes(parts(**changes)), policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def _lines(part: MIMEPart) -> str:
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


def test_the_same_parts_give_the_same_bytes() -> None:
    assert message_bytes(parts()) == message_bytes(parts())


def test_boundaries_come_from_the_message_id_alone() -> None:
    found = re.findall(rb'boundary="(.*?)"', message_bytes(parts()))
    assert len(set(found)) == 2
    assert found == re.findall(rb'boundary="(.*?)"', message_bytes(parts(text="other", subject="other")))
    assert found != re.findall(rb'boundary="(.*?)"', message_bytes(parts(2)))


def test_headers_say_what_the_parts_say() -> None:
    at = datetime(2026, 3, 2, 9, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    message = _read(dated_at=at)
    assert message["Message-ID"] == "<inv-1@billing.example>"
    assert message["Date"].datetime == at
    assert (message["Auto-Submitted"], message["Content-Language"]) == ("auto-generated", "de-AT")
    assert [a.addr_spec for a in message["To"].addresses] == ["jane.roe@example.org"]
    assert message.get_content_type() == "multipart/mixed"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Acme, Inc.",
        'Versicherung "Adler" \\ AG <x@example.com>',
        "Müller, Söhne & Cía. S.A.",
        "Compañía de Seguros, Reaseguros y Capitalización, con domicilio en Córdoba, S.A. " * 2,
        "東京海上日動火災保険株式会社" * 5,
        "=?utf-8?q?x?= Inc.",
        "L" * 300,
    ],
)
def test_sender_names_and_subjects_survive_the_round_trip(name: str) -> None:
    message = _read(from_name=name, subject=name)
    display_name, address = parseaddr(message_from_bytes(message_bytes(parts(from_name=name)))["From"])
    assert (str(make_header(decode_header(display_name))), address) == (name, "billing@example.com")
    assert message["Subject"] == name


def test_text_html_and_attachments_come_out_as_they_went_in() -> None:
    long_name = "Rechnung März – " + "ä" * 80 + ".pdf"
    attachments = (
        Attachment(file_name="INV-1.pdf", media_type="application/pdf", content=PDF),
        Attachment(file_name=long_name, media_type="application/pdf", content=b""),
        Attachment(file_name="e-invoice.xml", media_type="application/xml", content="<ä/>\n".encode()),
    )
    message = _read(attachments=attachments)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert _lines(text) == parts().text
    assert _lines(html) == f"{parts().html}\n"
    found = [
        (a.get_filename(), a.get_content_type(), a.get_payload(decode=True))
        for a in message.iter_attachments()
    ]
    assert found == [(a.file_name, a.media_type, a.content) for a in attachments]


def test_a_message_without_attachments_is_an_alternative_of_text_and_html() -> None:
    assert _read(attachments=()).get_content_type() == "multipart/alternative"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"to_email": "a@example.com\r\nBcc: b@example.com"}, "bad_address"),
        ({"to_email": "a@example.com, b@example.com"}, "bad_address"),
        ({"from_email": "a@example.com\nX: y"}, "bad_sender"),
        ({"from_name": "Acme\r\nBcc: b@example.com"}, "bad_sender"),
        ({"subject": "Hello\nBcc: b@example.com"}, "bad_message"),
        ({"subject": "Hello\u2028there"}, "bad_message"),
        ({"subject": "Hello\x00"}, "bad_message"),
        ({"language": "de\r\nX: y"}, "bad_message"),
        ({"message_id": "x@example.com>\r\nX: y"}, "bad_sender"),
        ({"message_id": "no-domain"}, "bad_sender"),
        ({"text": "\ud800"}, "bad_message"),
        ({"dated_at": datetime(2026, 3, 2)}, "bad_message"),  # noqa: DTZ001
        ({"attachments": (Attachment(file_name="a\r\nb", media_type="a/b", content=b""),)}, "bad_message"),
        ({"attachments": (Attachment(file_name="../a", media_type="a/b", content=b""),)}, "bad_message"),
        ({"attachments": (Attachment(file_name="a", media_type="a/b; x", content=b""),)}, "bad_message"),
        ({"attachments": (Attachment(file_name="a", media_type="message/x", content=b""),)}, "bad_message"),
    ],
)
def test_hostile_fields_are_refused_and_never_quoted(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(BillingError) as caught:
        message_bytes(parts(**changes))
    assert caught.value.code == code
    assert "example" not in str(caught.value)


@pytest.mark.long
@settings(max_examples=60, deadline=None)
@given(name=st.text(max_size=200), subject=st.text(max_size=200), text=st.text(max_size=400))
def test_whatever_the_texts_the_headers_stay_ours_and_the_lines_short(
    name: str, subject: str, text: str
) -> None:
    try:
        content = message_bytes(parts(from_name=name, subject=subject, text=text, html=text))
    except BillingError:
        return
    lines = content.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert content.isascii()
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    top = message_from_bytes(content).keys()
    assert sorted(top) == sorted(_read().keys())
    assert message_from_bytes(content, policy=policy.default)["From"].addresses[0].addr_spec == (
        "billing@example.com"
    )


def test_a_text_that_holds_the_stand_in_of_an_attachment_keeps_it() -> None:
    stand_in = b64encode(_stand_in(parts(), 0)).decode()
    message = _read(text=f"{stand_in}\n", html=f"<p>{stand_in}</p>")
    text = message.get_body(("plain",))
    assert text is not None
    assert _lines(text) == f"{stand_in}\n"
    assert [a.get_payload(decode=True) for a in message.iter_attachments()] == [PDF]
