"""What a payer looks at and does in the portal: one payer, and nothing of another.

Belongs here: bringing together what the payer's own role of the store sees, and what the program makes of a
document that this role has found (its lines, its explanation, its PDF). Does not belong here: who is signed
in (``payer_access``), SQL (``store``), how anything looks (``portal.payer``).

Nothing is made before the payer's role has found the document: a number of another payer is not there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from billing_assets.documents.explanations import ExplanationView
from billing_assets.domain.access import Actor
from billing_assets.domain.audit_acts import Act, AuditAct, Subject, change_of
from billing_assets.domain.companies import Company
from billing_assets.domain.document_links import DocumentLink
from billing_assets.domain.portal_access import SignedInPayer, not_yours
from billing_assets.domain.portal_accounts import (
    Balance,
    InboxDocument,
    OwnDocument,
    OwnPayment,
    PayerDetails,
    preference_from,
)
from billing_assets.store import payer_listings
from billing_assets.store.audit_log import record_act
from billing_assets.store.payer_scope import payer_scope
from billing_assets.wiring.build import today_of, utc_now
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.invoice_details import InvoiceDetail

OPEN_SHOWN = 20
"""So many open invoices stand on the first page, the first to fall due first."""

INBOX_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a payer owes at a glance, on the day that it is where the company lives."""

    today: date
    name: str
    balances: tuple[Balance, ...]
    open_documents: tuple[OwnDocument, ...]
    unseen_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnInvoice:
    """One invoice or credit note of the payer: where it stands, and all that is printed of it."""

    document: OwnDocument
    detail: InvoiceDetail


class PayerDesk:
    """The portal's desk for one payer."""

    def __init__(self, desk: Desk, payer: SignedInPayer) -> None:
        """Show what is of ``payer``, by the store and the press of ``desk``."""
        self.desk = desk
        self.payer = payer

    @property
    def company(self) -> Company:
        """The company that bills the payer."""
        return self.desk.company()

    @contextmanager
    def scope(self) -> Iterator[Connection]:
        """Open a transaction in which there is nothing but what is the payer's."""
        with self.desk.database.transaction() as connection, payer_scope(connection, self.payer.payer_id):
            yield connection

    def account(self) -> Account:
        """Return what is owed, and what falls due first."""
        today = today_of(self.company)
        with self.scope() as connection:
            return Account(
                today=today,
                name=payer_listings.own_details(connection).name,
                balances=tuple(payer_listings.own_balances(connection, today)),
                open_documents=tuple(
                    payer_listings.own_documents(connection, limit=OPEN_SHOWN, open_only=True)
                ),
                unseen_count=payer_listings.count_unseen(connection),
            )

    def documents(self, limit: int, before_id: int | None = None) -> list[OwnDocument]:
        """Return invoices and credit notes, the newest first."""
        with self.scope() as connection:
            return payer_listings.own_documents(connection, limit=limit, before_id=before_id)

    def payments(self, limit: int, before_id: int | None = None) -> list[OwnPayment]:
        """Return payments with what they were used for, the newest first."""
        with self.scope() as connection:
            return payer_listings.own_payments(connection, limit=limit, before_id=before_id)

    def inbox(self) -> list[InboxDocument]:
        """Return the documents of the inbox, the newest first."""
        with self.scope() as connection:
            return payer_listings.own_inbox(connection, limit=INBOX_SHOWN)

    def invoice(self, number: str) -> OwnInvoice:
        """Return one document in full; it counts as seen. Raises ``not_yours``."""
        found = self._found(number)
        return OwnInvoice(document=found, detail=self.desk.invoice(number))

    def explain(self, number: str, language: str) -> ExplanationView:
        """Return why every amount of a document is what it is, in words. Raises ``not_yours``."""
        self._found(number)
        return self.desk.explain(number, language=language, is_checked=False)

    def pdf(self, number: str) -> bytes:
        """Return the PDF of a document, the same bytes as by any other way. Raises ``not_yours``."""
        self._found(number)
        return self.desk.invoice_pdf(number)

    def details(self) -> PayerDetails:
        """Return what is known of the payer."""
        with self.scope() as connection:
            return payer_listings.own_details(connection)

    def prefer(self, language: str, channels: list[str]) -> None:
        """Keep a language, and the order of channels by which documents come from now on.

        Raises:
            BillingError: ``preference_invalid``.
        """
        former = self.details()
        chosen = preference_from(language, channels, former)
        before, after = change_of(
            {"language": former.language, "channels": " ".join(former.channels)},
            {"language": chosen.language, "channels": " ".join(chosen.channels)},
        )
        if former.is_chosen and not after:
            return
        at = utc_now()
        act = AuditAct(
            act=Act.SET_PREFERENCE,
            subject=Subject.PAYER,
            subject_id=self.payer.payer_key,
            company_id=self.payer.company_id,
            before=before,
            after=after,
        )
        with self.desk.database.acting_as(self.actor).transaction() as connection:
            with payer_scope(connection, self.payer.payer_id):
                payer_listings.prefer(connection, chosen.language, chosen.channels, at)
            record_act(connection, act, at)

    @property
    def actor(self) -> Actor:
        """The payer, as the audit log names them."""
        return self.payer.actor

    def _found(self, number: str) -> OwnDocument:
        """Return the payer's document of that number, seen from now on, or raise ``not_yours``."""
        with self.scope() as connection:
            found = payer_listings.find_own(connection, number=number)
            if found is None:
                raise not_yours()
            payer_listings.note_seen(connection, found.invoice_id, utc_now())
        return found


def desk_of_link(desk: Desk, link: DocumentLink) -> tuple[PayerDesk, str]:
    """Return the desk of the payer whom a signed link is of, and the number of its document.

    Raises:
        BillingError: ``not_yours`` where there is no such document, or it is another payer's or company's.
    """
    payer = SignedInPayer(company_id=link.company_id, payer_id=link.payer_id, payer_key="")
    if link.company_id != desk.company_id:
        raise not_yours()
    with desk.database.transaction() as connection, payer_scope(connection, link.payer_id):
        found = payer_listings.find_own(connection, invoice_id=link.invoice_id)
    if found is None:
        raise not_yours()
    return PayerDesk(desk, payer), found.document_number
