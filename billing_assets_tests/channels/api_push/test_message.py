"""The content of a message is a pure function, and nothing secret shows in a repr."""

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from billing_assets.channels.api_push import InlinePdf, LinkedPdf, PushEndpoint, document_payload
from billing_assets.channels.api_push.message import LARGEST_PAYLOAD, fault_of
from billing_assets.documents.invoice_json import invoice_to_json
from billing_assets.domain.errors import BillingError
from billing_assets.domain.sample_invoice import SAMPLE
from billing_assets_tests.channels.api_push.samples import NEW_SECRET, push

AT = datetime(2026, 3, 2, 10, 30, tzinfo=timezone(timedelta(hours=1)))


def test_an_invoice_goes_out_as_it_is_with_its_pdf_inside() -> None:
    text = invoice_to_json(SAMPLE.invoice)
    payload = document_payload(
        "invoice.issued", AT, text, InlinePdf(file_name="INV-1.pdf", content=b"%PDF-1.7 \xff")
    )
    whole = json.loads(payload)
    assert (whole["type"], whole["timestamp"]) == ("invoice.issued", "2026-03-02T09:30:00Z")
    assert whole["data"]["document"] == json.loads(text)
    pdf = whole["data"]["pdf"]
    assert base64.b64decode(pdf["content_base64"]) == b"%PDF-1.7 \xff"
    assert (pdf["sha256"], pdf["byte_count"]) == (hashlib.sha256(b"%PDF-1.7 \xff").hexdigest(), 10)
    assert payload == document_payload(
        "invoice.issued",
        AT.astimezone(UTC),
        text,
        InlinePdf(file_name="INV-1.pdf", content=b"%PDF-1.7 \xff"),
    )


def test_a_linked_pdf_goes_as_its_link_and_what_must_come_of_it() -> None:
    link = LinkedPdf(file_name="a.pdf", url="https://b.example/a?key=7", sha256="ab", byte_count=3)
    assert "key=7" not in repr(link)
    whole = json.loads(document_payload("invoice.issued", AT, "{}", link))
    assert whole["data"]["pdf"] == {
        "file_name": "a.pdf",
        "media_type": "application/pdf",
        "sha256": "ab",
        "byte_count": 3,
        "url": "https://b.example/a?key=7",
    }


@pytest.mark.parametrize(("text", "at"), [("[]", AT), ("{", AT), ("{}", AT.replace(tzinfo=None))])
def test_what_is_no_document_makes_no_message(text: str, at: datetime) -> None:
    with pytest.raises(BillingError, match="push_message_invalid"):
        document_payload("invoice.issued", at, text, None)


def test_the_repr_of_an_endpoint_shows_its_host_alone() -> None:
    shown = repr(PushEndpoint(url="https://api.example.com/in/token7?x=token8", secrets=(NEW_SECRET,)))
    assert shown == "PushEndpoint(host='api.example.com', secret_count=1)"
    assert repr(PushEndpoint(url="https://[::1", secrets=())) == "PushEndpoint(host='', secret_count=0)"


@pytest.mark.parametrize(
    "message",
    [
        *(push(message_id="a.b"), push(message_id="a\r\nb"), push(message_id=""), push(payload=b"")),
        *(push(event_type="A b"), push(event_type="a" * 121), push(dated_at=datetime(2026, 3, 2))),  # noqa: DTZ001
    ],
)
def test_what_may_not_go_into_a_message_is_a_bad_message(message: object) -> None:
    assert fault_of(message) == "bad_message"  # type: ignore[arg-type]


def test_a_message_has_a_largest_size() -> None:
    assert fault_of(push(payload=b"x" * (LARGEST_PAYLOAD + 1))) == "message_too_big"
    assert fault_of(push()) == ""
