"""What goes out is each document's first rendering, and a page that cannot be printed stops no other."""

import email
import email.policy
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.documents import press
from billing_assets.domain.errors import BillingError
from billing_assets.steps.delivery_ports import PrintedInvoice
from billing_assets.store.companies import save_company
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import AT, COMPANY
from billing_assets_tests.channels.email.servers import LabServer
from billing_assets_tests.steps.outbox import (
    FEBRUARY,
    WITH_ADDRESS,
    bill_february,
    broken_invariants,
    outbox,
    states,
    use_port,
)

prepare = bill_february


def delivered(billing: Billing, folder: Path) -> list[bytes]:
    """Send what waits, and return the messages as they were received."""
    with MailboxServer(folder / "mailbox") as mailbox:
        use_port(billing, mailbox.port)
        billing.deliver(FEBRUARY)
        return [path.read_bytes() for path in mailbox.messages()]


def test_the_bytes_that_were_sent_are_the_first_rendering_that_is_kept(
    billing: Billing, tmp_path: Path
) -> None:
    kept = delivered(billing, tmp_path)
    query = """
        select message_id, encode(v.content_sha256, 'hex'), encode(d.pdf_sha256, 'hex'), d.pdf
        from delivery v join document d using (document_id) where v.state = 'sent'
    """
    with billing.database.transaction() as connection:
        rows = {
            row[0]: (row[1], row[2], sha256(row[3]).hexdigest()) for row in connection.execute(text(query))
        }
    sent = {}
    for content in kept:
        message = email.message_from_bytes(content, policy=email.policy.default)
        (attachment,) = message.iter_attachments()
        pdf_sha256 = sha256(attachment.get_content()).hexdigest()
        sent[str(message["Message-ID"]).strip("<>")] = (pdf_sha256, pdf_sha256, pdf_sha256)
    assert sent == rows
    assert len(sent) == WITH_ADDRESS


def test_the_mail_that_was_received_hashes_to_the_first_mail_of_its_document(
    billing: Billing, tmp_path: Path
) -> None:
    kept = delivered(billing, tmp_path)
    query = """
        select message_id, encode(v.mail_sha256, 'hex'), encode(d.mail_sha256, 'hex')
        from delivery v join document d using (document_id) where v.state = 'sent'
    """
    with billing.database.transaction() as connection:
        rows = {row[0]: (row[1], row[2]) for row in connection.execute(text(query))}
    received = {}
    for content in kept:
        message = email.message_from_bytes(content, policy=email.policy.default)
        plain, html = message.get_body(("plain",)), message.get_body(("html",))
        assert plain is not None
        assert html is not None
        bodies = [part.get_content().replace("\r\n", "\n").rstrip("\n") for part in (plain, html)]
        parts = [str(message["Subject"]), *bodies]
        words = sha256(b"".join(sha256(part.encode()).digest() for part in parts)).hexdigest()
        received[str(message["Message-ID"]).strip("<>")] = (words, words)
    assert received == rows
    assert len(received) == WITH_ADDRESS


def test_a_mail_that_would_read_differently_than_at_its_first_attempt_is_not_sent(billing: Billing) -> None:
    with LabServer("rcpt_450") as server:
        use_port(billing, server.port)
        billing.deliver(FEBRUARY)
        spoil = "update document set mail_sha256 = sha256('another') where document_id = 2"
        with billing.database.transaction() as connection:
            connection.execute(text("set local role none"))
            connection.execute(text("set local session_replication_role = replica"))
            connection.execute(text(spoil))
        server.mode = "ok"
        assert billing.deliver(FEBRUARY).facts["print_fault_count"] == 1
        assert len(server.kept) == WITH_ADDRESS - 1
    assert [row[2] for row in outbox(billing) if row[0] == "failed"] == ["rendering_changed", "no_address"]


def want_attachment(billing: Billing, wanted: str) -> None:
    with billing.database.transaction() as connection:
        save_company(connection, replace(COMPANY, email_attachment=wanted), AT)


def shape(content: bytes) -> tuple[int, bool]:
    """Return how many files a mail carries, and whether it speaks of one."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    bodies = [message.get_body((kind,)) for kind in ("plain", "html")]
    says_so = ["PDF" in body.get_content() for body in bodies if body is not None]
    assert says_so in ([True, True], [False, False])
    return len(list(message.iter_attachments())), says_so[0]


def test_a_mail_without_its_pdf_does_not_say_that_it_has_one(billing: Billing, tmp_path: Path) -> None:
    want_attachment(billing, "none")
    assert [shape(content) for content in delivered(billing, tmp_path)] == [(0, False)] * WITH_ADDRESS
    assert broken_invariants(billing) == []


@pytest.mark.parametrize(("first", "then"), [("pdf", "none"), ("none", "pdf")])
def test_what_was_tried_before_goes_out_as_it_was_though_the_company_wants_it_otherwise(
    billing: Billing, first: str, then: str
) -> None:
    want_attachment(billing, first)
    with LabServer("rcpt_450") as server:
        use_port(billing, server.port)
        billing.deliver(FEBRUARY)
        want_attachment(billing, then)
        server.mode = "ok"
        assert billing.deliver(FEBRUARY).facts["sent_count"] == WITH_ADDRESS
        expected = (1, True) if first == "pdf" else (0, False)
        assert [shape(kept.content) for kept in server.kept if isinstance(kept.content, bytes)] == [
            expected
        ] * WITH_ADDRESS
    assert broken_invariants(billing) == []


def test_a_document_that_cannot_be_printed_fails_alone(
    billing: Billing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def jammed(sheet: press._Sheet) -> PrintedInvoice:
        if sheet.job.document_id == 2:
            raise ZeroDivisionError
        return printed(sheet)

    printed = press._printed
    monkeypatch.setattr(press, "_printed", jammed)
    with LabServer("ok") as server:
        use_port(billing, server.port)
        facts = billing.deliver(FEBRUARY).facts
        assert (facts["sent_count"], facts["print_fault_count"]) == (WITH_ADDRESS - 1, 1)
        assert len(server.kept) == WITH_ADDRESS - 1
    assert [row[2] for row in outbox(billing) if row[0] == "failed"] == ["print_failed", "no_address"]
    assert broken_invariants(billing) == []


def test_where_nothing_can_be_printed_nothing_is_marked_as_failed(
    billing: Billing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def jammed(_sheet: press._Sheet) -> PrintedInvoice:
        raise ZeroDivisionError

    monkeypatch.setattr(press, "_printed", jammed)
    for step in (billing.print, billing.deliver):
        with pytest.raises(BillingError, match="print_failed"):
            step(FEBRUARY)
    assert states(billing) == {"queued": WITH_ADDRESS, "failed": 1}


def test_the_kept_page_goes_out_where_it_would_print_differently_now(
    billing: Billing, tmp_path: Path
) -> None:
    first = b"%PDF-1.7 as it was printed first"
    keep = (
        "update document set pdf = :pdf, pdf_sha256 = sha256(:pdf), pdf_size = 32, rendered_at = :at "
        "where document_id = 2"
    )
    with billing.database.transaction() as connection:
        connection.execute(text(keep), {"pdf": first, "at": AT})
    with MailboxServer(tmp_path / "mailbox") as mailbox:
        use_port(billing, mailbox.port)
        assert billing.deliver(FEBRUARY).facts["sent_count"] == WITH_ADDRESS
        kept = [path.read_bytes() for path in mailbox.messages()]
    messages = [email.message_from_bytes(content, policy=email.policy.default) for content in kept]
    pages = [part.get_content() for message in messages for part in message.iter_attachments()]
    assert pages.count(first) == 1
    assert broken_invariants(billing) == []
