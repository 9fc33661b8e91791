"""A mail with a link in place of its PDF: it opens that document alone, and the mail is proven without it."""

import email
import email.policy
import re
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.domain.errors import BillingError
from billing_assets.domain.mail_forms import DOCUMENT_PLACE, PORTAL_PLACE
from billing_assets.store.companies import save_company
from billing_assets.wiring.build import Billing, utc_now
from billing_assets.wiring.portal_links import PortalLinks
from billing_assets_tests.books import AT, COMPANY
from billing_assets_tests.channels.email.servers import LabServer
from billing_assets_tests.steps.outbox import (
    FEBRUARY,
    WITH_ADDRESS,
    bill_february,
    broken_invariants,
    outbox,
    use_port,
)

prepare = bill_february
HOME = "https://bills.example.com/my/"
_LINK = re.compile(re.escape(f"{HOME}see/") + r"[\w.-]+")


@pytest.fixture
def linking(billing: Billing) -> Billing:
    """The program with a portal, of a company that wants links in its mails."""
    billing.settings = billing.settings.model_copy(update={"portal_url": "https://bills.example.com"})
    want(billing, "link")
    return billing


def want(billing: Billing, attachment: str, limit_kb: str = "") -> None:
    company = replace(COMPANY, email_attachment=attachment, email_pdf_limit_kb=limit_kb)
    with billing.database.transaction() as connection:
        save_company(connection, company, AT)


def sent(billing: Billing, folder: Path) -> list[tuple[str, str, str, str, int]]:
    """Deliver; return Message-ID, subject, text, HTML and count of attachments of each mail."""
    with MailboxServer(folder / "mailbox") as mailbox:
        use_port(billing, mailbox.port)
        billing.deliver(FEBRUARY)
        return [_parts(path.read_bytes()) for path in mailbox.messages()]


def _parts(content: bytes) -> tuple[str, str, str, str, int]:
    message = email.message_from_bytes(content, policy=email.policy.default)
    bodies = [message.get_body((kind,)) for kind in ("plain", "html")]
    said = [body.get_content().replace("\r\n", "\n").rstrip("\n") for body in bodies if body is not None]
    attachments = len(list(message.iter_attachments()))
    return str(message["Message-ID"]).strip("<>"), str(message["Subject"]), said[0], said[1], attachments


def kept(billing: Billing) -> dict[str, tuple[int, int, str, str | None, str]]:
    """Return Message-ID -> payer, invoice, hash of the mail, hash of the PDF and form of what was sent."""
    query = """
        select v.message_id, i.payer_id, i.invoice_id, encode(v.mail_sha256, 'hex'),
            encode(v.content_sha256, 'hex'), d.mail_form
        from delivery v join document d using (document_id) join invoice i using (invoice_id)
        where v.state = 'sent'
    """
    with billing.database.transaction() as connection:
        return {row[0]: tuple(row[1:]) for row in connection.execute(text(query))}


def test_each_link_opens_its_own_document_and_the_words_hash_without_it(
    linking: Billing, tmp_path: Path
) -> None:
    mails = sent(linking, tmp_path)
    rows = kept(linking)
    links = PortalLinks(linking.database, linking.settings, utc_now)
    assert len(mails) == len(rows) == WITH_ADDRESS
    for message_id, subject, plain, html, attachments in mails:
        payer_id, invoice_id, mail_sha256, pdf_sha256, form = rows[message_id]
        assert (attachments, pdf_sha256, form) == (0, None, "linked")
        (url,) = set(_LINK.findall(plain)) | set(_LINK.findall(html))
        opened = links.open(url.rpartition("/")[2])
        assert opened is not None
        assert (opened.payer_id, opened.invoice_id) == (payer_id, invoice_id)
        assert "PDF" not in plain + html
        words = [part.replace(url, DOCUMENT_PLACE).replace(HOME, PORTAL_PLACE) for part in (plain, html)]
        parts = b"".join(sha256(part.encode()).digest() for part in (subject, *words))
        assert sha256(parts).hexdigest() == mail_sha256
    assert broken_invariants(linking) == []


def test_without_a_portal_nothing_is_begun(linking: Billing) -> None:
    linking.settings = linking.settings.model_copy(update={"portal_url": ""})
    with LabServer("ok") as server:
        use_port(linking, server.port)
        with pytest.raises(BillingError, match="no portal to lead to") as caught:
            linking.deliver(FEBRUARY)
        assert server.kept == []
    assert caught.value.code == "links_lead_nowhere"
    assert outbox(linking) == []


@pytest.mark.parametrize(("limit", "form", "attachments"), [("1", "linked", 0), ("100000", "attached", 1)])
def test_a_pdf_above_the_limit_goes_as_a_link(
    linking: Billing, tmp_path: Path, limit: str, form: str, attachments: int
) -> None:
    want(linking, "pdf", limit)
    mails = sent(linking, tmp_path)
    assert [mail[4] for mail in mails] == [attachments] * WITH_ADDRESS
    assert {row[4] for row in kept(linking).values()} == {form}
    assert all(bool(_LINK.search(mail[2])) is (form == "linked") for mail in mails)
    # The PDF was printed to know its size, and is the document's first rendering whatever goes out.
    query = "select count(*) from document where pdf_sha256 is not null"
    with linking.database.transaction() as connection:
        assert connection.execute(text(query)).scalar_one() >= WITH_ADDRESS
    assert broken_invariants(linking) == []


@pytest.mark.parametrize(("first", "then"), [("link", "pdf"), ("pdf", "link"), ("link", "none")])
def test_what_was_tried_before_goes_out_as_it_was_with_a_link_of_its_own(
    linking: Billing, first: str, then: str
) -> None:
    want(linking, first)
    with LabServer("rcpt_450") as server:
        use_port(linking, server.port)
        linking.deliver(FEBRUARY)
        want(linking, then)
        server.mode = "ok"
        assert linking.deliver(FEBRUARY).facts["sent_count"] == WITH_ADDRESS
        received = [_parts(mail.content) for mail in server.kept if isinstance(mail.content, bytes)]
    assert [mail[4] for mail in received] == [int(first == "pdf")] * WITH_ADDRESS
    assert [bool(_LINK.search(mail[2])) for mail in received] == [first == "link"] * WITH_ADDRESS


def test_a_linked_mail_that_was_tried_fails_alone_where_the_portal_is_shut_by_then(linking: Billing) -> None:
    with LabServer("rcpt_450") as server:
        use_port(linking, server.port)
        linking.deliver(FEBRUARY)
        want(linking, "none")
        linking.settings = linking.settings.model_copy(update={"portal_url": ""})
        server.mode = "ok"
        linking.deliver(FEBRUARY)
        assert server.kept == []
    assert {row[2] for row in outbox(linking)} == {"portal_closed", "no_address"}


@pytest.mark.parametrize(("first", "then"), [("pdf", "link"), ("link", "pdf"), ("none", "link")])
def test_what_was_printed_and_never_tried_goes_out_as_it_was_printed(
    linking: Billing, first: str, then: str
) -> None:
    want(linking, first)
    with LabServer("ok") as server:
        # Nobody is tried: the server is down, and all of the batch was printed by then.
        use_port(linking, 1)
        with pytest.raises(BillingError, match="failed 5 times in a row"):
            linking.deliver(FEBRUARY)
        tried = sum(row[3] for row in outbox(linking))
        assert 0 < tried < WITH_ADDRESS
        want(linking, then)
        use_port(linking, server.port)
        assert linking.deliver(FEBRUARY).facts["sent_count"] == WITH_ADDRESS
        received = [_parts(mail.content) for mail in server.kept if isinstance(mail.content, bytes)]
    assert [mail[4] for mail in received] == [int(first == "pdf")] * WITH_ADDRESS
    assert [bool(_LINK.search(mail[2])) for mail in received] == [first == "link"] * WITH_ADDRESS
    assert broken_invariants(linking) == []
