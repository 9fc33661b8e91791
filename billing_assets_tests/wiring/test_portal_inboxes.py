"""A document that goes by the portal lies in its payer's inbox once, whatever died, and its payer is told."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.domain.deliveries import SendResult
from billing_assets.steps.delivery_ports import QueuedDelivery
from billing_assets.store import portal_documents
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing, utc_now
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.payer_desk import desk_of_link
from billing_assets.wiring.portal_inboxes import PortalInboxes, inboxes_of
from billing_assets.wiring.portal_links import PortalLinks
from billing_assets.wiring.proof_desk import ProofDesk
from billing_assets_tests.books import billing_over, change_channels
from billing_assets_tests.steps.outbox import FEBRUARY, bill_february, broken_invariants, outbox, use_port

IN_PORTAL = (1, 2)
FIRST = "payer1@example.com"
_INBOX = """
select payer_id, document_number(s.prefix, i.invoice_number), notice_state, seen_at is null
from portal_document p join invoice i using (invoice_id, payer_id)
join number_series s using (number_series_id)
order by payer_id
"""


class Died(BaseException):
    """The process ended here."""


def prepare(database: Database, home: Path) -> None:
    """Bill February; two payers take documents in the portal, and else by e-mail."""
    bill_february(database, home)
    for payer in IN_PORTAL:
        change_channels(database, payer, "portal email")


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[MailboxServer]:
    with MailboxServer(tmp_path / "mailbox") as server:
        yield server


@pytest.fixture
def billing(database: Database, tmp_path: Path, mailbox: MailboxServer) -> Iterator[Billing]:
    with ExitStack() as stack:
        opened = billing_over(database, tmp_path, stack, portal_url="http://127.0.0.1:8000")
        use_port(opened, mailbox.port)
        yield opened


def mails_to(mailbox: MailboxServer, email: str) -> list[EmailMessage]:
    mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in mailbox.messages()]
    return [mail for mail in mails if mail["To"] == email]


def inbox(billing: Billing) -> list[tuple[object, ...]]:
    with billing.database.transaction() as connection:
        return [tuple(row) for row in connection.execute(text(_INBOX))]


def portal_rows(billing: Billing) -> list[tuple[str, str]]:
    query = "select state, reason_code from delivery where channel = 'portal' order by delivery_id"
    with billing.database.transaction() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def broken(billing: Billing) -> list[str]:
    """Return what is wrong with deliveries; the later book of this test is none that was imported."""
    return [each for each in broken_invariants(billing) if each.startswith(("delivery", "document", "table"))]


def test_what_goes_by_the_portal_lies_in_the_inbox_and_its_payer_is_told_by_a_link(
    billing: Billing, mailbox: MailboxServer
) -> None:
    billing.deliver(FEBRUARY)
    assert [row[0] for row in inbox(billing)] == list(IN_PORTAL)
    assert {row[2:] for row in inbox(billing)} == {("sent", True)}
    assert portal_rows(billing) == [("sent", "accepted")] * 2
    query = text("select min(delivery_id) from delivery where channel = 'portal'")
    with billing.database.transaction() as connection:
        delivery_id = connection.execute(query).scalar_one()
    proof = ProofDesk(Desk(billing)).proof(delivery_id)
    assert (proof.recipient, proof.message_key) == (FIRST, "")
    assert proof.proven_at is not None
    (notice,) = mails_to(mailbox, FIRST)
    assert not list(notice.iter_attachments())
    assert inbox(billing)[0][1] in notice["Subject"]
    body = notice.get_body(("plain",))
    assert body is not None
    link = re.findall(r"/see/(\S+)", body.get_content())[0]
    opened = PortalLinks(billing.database, billing.settings, utc_now).open(link)
    assert opened is not None
    assert desk_of_link(Desk(billing), opened)[1] == inbox(billing)[0][1]
    assert broken(billing) == []


def test_a_second_call_puts_nothing_there_and_tells_nobody(billing: Billing, mailbox: MailboxServer) -> None:
    billing.deliver(FEBRUARY)
    before, count = inbox(billing), len(mailbox.messages())
    billing.deliver(FEBRUARY)
    assert (inbox(billing), len(mailbox.messages())) == (before, count)


@pytest.mark.parametrize("dies_after", [True, False])
def test_a_sender_that_dies_leaves_no_doubt(
    billing: Billing, mailbox: MailboxServer, monkeypatch: pytest.MonkeyPatch, dies_after: bool
) -> None:
    put = PortalInboxes.put

    def die(self: PortalInboxes, row: QueuedDelivery, content_sha256: str, dated_at: datetime) -> SendResult:
        if dies_after:
            put(self, row, content_sha256, dated_at)
        raise Died

    with monkeypatch.context() as patch, suppress(Died):
        patch.setattr(PortalInboxes, "put", die)
        billing.deliver(FEBRUARY)
    assert ("sending", "") in portal_rows(billing)
    assert len(inbox(billing)) == dies_after
    billing.deliver(FEBRUARY)
    assert portal_rows(billing) == [("sent", "accepted")] * 2
    assert len(inbox(billing)) == 2
    assert "unknown" not in {row[0] for row in outbox(billing)}
    assert len(mails_to(mailbox, FIRST)) == 1
    assert broken(billing) == []


def test_without_a_notice_nobody_is_told(billing: Billing, mailbox: MailboxServer) -> None:
    billing.settings = billing.settings.model_copy(update={"portal_notices": False})
    billing.deliver(FEBRUARY)
    assert {row[2] for row in inbox(billing)} == {"none"}
    assert not mails_to(mailbox, FIRST)


def test_where_the_portal_is_shut_a_document_goes_on_the_next_way(
    billing: Billing, mailbox: MailboxServer
) -> None:
    billing.settings = billing.settings.model_copy(update={"portal_url": ""})
    assert inboxes_of(billing.database, billing.settings, "alondra", None, utc_now) is None  # type: ignore[arg-type]
    billing.deliver(FEBRUARY)
    billing.deliver(FEBRUARY)
    assert inbox(billing) == []
    assert portal_rows(billing) == [("failed", "given_up")] * 2
    assert len(mails_to(mailbox, FIRST)) == 1


def test_who_chose_the_portal_gets_it_whatever_the_book_says(billing: Billing) -> None:
    with billing.database.transaction() as connection:
        connection.execute(
            text(
                "insert into payer_preference (company_id, payer_id, language, channels, recorded_at) "
                "values (1, 4, 'en', 'portal', now()), (1, 1, 'en', 'email', now())"
            )
        )
    billing.deliver(FEBRUARY)
    assert [row[0] for row in inbox(billing)] == [2, 4]


def test_a_refused_notice_is_kept_and_the_document_is_delivered_all_the_same(
    billing: Billing, mailbox: MailboxServer
) -> None:
    mailbox.stop()
    with suppress(Exception):
        billing.deliver(FEBRUARY)
    assert {row[2] for row in inbox(billing)} == {"failed"}
    assert portal_rows(billing) == [("sent", "accepted")] * 2


def test_a_busy_store_is_asked_again_later(billing: Billing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portal_documents, "_WAIT", "set local lock_timeout = '50ms'")
    with billing.database.session() as connection:
        connection.execute(
            text(
                "insert into portal_document (company_id, payer_id, invoice_id, purpose, message_id, "
                "content_sha256, delivered_at) select 1, 1, min(invoice_id), 'issue', 'm', sha256('x'), "
                "now() from invoice where payer_id = 1"
            )
        )
        billing.deliver(FEBRUARY)
        connection.rollback()
    assert portal_rows(billing) == [("queued", "inbox_busy"), ("sent", "accepted")]
    billing.deliver(FEBRUARY)
    assert portal_rows(billing) == [("sent", "accepted")] * 2
