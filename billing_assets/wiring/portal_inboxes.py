"""Inboxes of payers, as delivering uses them: a document is put there, and its payer told.

Belongs here: bringing store, channel and notice together. Does not belong here: the rows (``store``), the
words of a notice (``documents``), which documents go this way (``steps``).

A notice is sent once at most, after its document lies there: a sender that dies between leaves it unsent, and
the document in the inbox all the same.
"""

from datetime import datetime
from functools import cached_property
from hashlib import sha256

from billing_assets.channels.portal_inbox import InboxEntry, PortalInboxChannel
from billing_assets.documents.portal_mails import NoticedDocument, notice_mail
from billing_assets.domain.deliveries import SendResult
from billing_assets.domain.portal_access import portal_language
from billing_assets.steps.delivery_ports import Channel, QueuedDelivery
from billing_assets.steps.run_ports import Clock, Issuer
from billing_assets.store.companies import read_issuer
from billing_assets.store.connection import Database
from billing_assets.store.payer_listings import own_details
from billing_assets.store.payer_scope import payer_scope
from billing_assets.store.portal_documents import KeptDocument, keep_in_inbox, note_notice
from billing_assets.wiring.portal_links import PortalLinks
from billing_assets.wiring.settings import Settings


def inboxes_of(
    database: Database, settings: Settings, company_code: str, mail: Channel, clock: Clock
) -> "PortalInboxes | None":
    """Return the inboxes of a company; None where the portal is shut."""
    return PortalInboxes(database, settings, company_code, mail, clock) if settings.portal_url else None


class PortalInboxes:
    """The inboxes of the payers of a company."""

    def __init__(
        self, database: Database, settings: Settings, company_code: str, mail: Channel, clock: Clock
    ) -> None:
        """Use the store, and ``mail`` for notices."""
        self._database = database
        self._settings = settings
        self._company_code = company_code
        self._mail = mail
        self._links = PortalLinks(database, settings, clock)

    @cached_property
    def _issuer(self) -> Issuer:
        with self._database.transaction() as connection:
            return read_issuer(connection, self._company_code)

    def put(self, row: QueuedDelivery, content_sha256: str, dated_at: datetime) -> SendResult:
        """Put the document of a row into its payer's inbox, once, and tell the payer; never raises."""
        kept: list[KeptDocument] = []

        def keep(entry: InboxEntry) -> None:
            kept.append(
                keep_in_inbox(
                    self._database,
                    entry.delivery_id,
                    entry.content_sha256,
                    entry.dated_at,
                    with_notice=self._settings.portal_notices,
                )
            )

        entry = InboxEntry(delivery_id=row.delivery_id, content_sha256=content_sha256, dated_at=dated_at)
        result = PortalInboxChannel(keep).send(entry)
        if kept and kept[0].is_new and self._settings.portal_notices:
            self._notice(row, kept[0], dated_at)
        return result

    def _notice(self, row: QueuedDelivery, kept: KeptDocument, dated_at: datetime) -> None:
        with self._database.transaction() as connection, payer_scope(connection, kept.payer_id):
            details = own_details(connection)
        company, invoice = self._issuer.company, row.job.invoice
        url, expires_at = self._links.make(self._issuer.company_id, kept.payer_id, kept.invoice_id)
        document = NoticedDocument(
            document_kind=invoice.document_kind.value,
            document_number=invoice.invoice_number,
            url=url,
            last_date=expires_at.date(),
            portal_url=self._links.home,
        )
        mail = notice_mail(
            company.name, document, portal_language(details.language), invoice.payer.country_code
        )
        message_id = _notice_id(row.message_id)
        answer = self._mail.send(
            mail.message(company, row.to_email, message_id=message_id, dated_at=dated_at)
        )
        # Nobody sends it again: what is refused for now is refused.
        state = "failed" if answer.state == "queued" else answer.state.value
        with self._database.transaction() as connection:
            note_notice(connection, kept.invoice_id, state)


def _notice_id(message_id: str) -> str:
    """Return the Message-ID of the notice of a delivery: a pure function of the delivery's own."""
    return f"{sha256(f'notice {message_id}'.encode()).hexdigest()[:32]}@{message_id.rpartition('@')[2]}"
