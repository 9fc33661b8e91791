"""What a payer asks for in the portal: what is offered, asking once, their requests, and what answered them.

Belongs here: bringing together what the payer's own role of the store sees and adds, and what the program
makes of it. Does not belong here: what answers a request (``document_request_desk``), SQL (``store``), how
anything looks (``portal.payer``).

The payer's role has to find what is asked for, and adds the request itself: the server refuses one for
anybody else. Then the program answers it; where that cannot be now, the request stands, and is answered as
those of mails and other systems are.
"""

import logging
from dataclasses import dataclass
from datetime import date

from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.domain.document_requests import RequestSource, WantedDocument
from billing_assets.domain.list_pages import page_of
from billing_assets.domain.portal_access import not_yours
from billing_assets.domain.portal_accounts import OwnDocument, OwnPayment
from billing_assets.domain.portal_requests import (
    MOST_OWN_REQUESTS,
    NEW_FOR,
    OwnRequest,
    TypedWish,
    own_key,
    too_many_requests,
    wanted_from,
)
from billing_assets.store import payer_listings, payer_requests
from billing_assets.store.audit_log import record_act
from billing_assets.store.payer_scope import payer_scope
from billing_assets.wiring.build import today_of, utc_now
from billing_assets.wiring.document_request_desk import DocumentRequestDesk
from billing_assets.wiring.payer_desk import PayerDesk

OFFERED = 50
"""So many payments and documents stand in the lists to choose from, the newest first."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a payer may ask for; ``following`` is the place from which older documents are offered."""

    today: date
    currencies: tuple[str, ...]
    payments: tuple[OwnPayment, ...]
    documents: tuple[OwnDocument, ...]
    following: int | None


class PayerRequests:
    """The requests of the payer of a desk."""

    def __init__(self, own: PayerDesk) -> None:
        """Ask for whom ``own`` is of."""
        self.own = own

    def offer(self, before_id: int | None = None) -> Offer:
        """Return what may be asked for; of documents the newest, or those before a place."""
        with self.own.scope() as connection:
            currencies = payer_requests.own_currencies(connection)
            payments = payer_listings.own_payments(connection, limit=OFFERED)
            found = payer_listings.own_documents(connection, limit=OFFERED + 1, before_id=before_id)
        documents, following = page_of(found, OFFERED, lambda row: row.invoice_id)
        return Offer(
            today=today_of(self.own.company),
            currencies=tuple(currencies),
            payments=tuple(row for row in payments if row.has_receipt),
            documents=tuple(documents),
            following=following,
        )

    def requests(self, limit: int, before_id: int | None = None) -> list[OwnRequest]:
        """Return what was asked for, the newest first."""
        with self.own.scope() as connection:
            return payer_requests.own_requests(connection, limit=limit, before_id=before_id)

    def ask(self, typed: TypedWish, *, form_key: str, language: str) -> int:
        """Ask for a document and have it answered; return the request: the same form twice is one.

        Raises:
            BillingError: ``portal_period_invalid``, ``portal_choice_invalid``, ``portal_requests_full``, and
                ``not_yours`` where it names what the payer has not.
        """
        today, at = today_of(self.own.company), utc_now()
        payer = self.own.payer
        with self.own.desk.database.acting_as(self.own.actor).transaction() as connection:
            with payer_scope(connection, payer.payer_id):
                payer_requests.wait_for_own(connection)
                wanted = wanted_from(typed, today, payer_requests.own_currencies(connection))
                if not payer_requests.is_own(connection, wanted):
                    raise not_yours()
                key = own_key(payer.payer_id, form_key, wanted, language)
                known = payer_requests.find_own_request(connection, key)
                if known is None and (
                    payer_requests.count_open_or_new(connection, at - NEW_FOR) >= MOST_OWN_REQUESTS
                ):
                    raise too_many_requests()
                number = known or payer_requests.add_own_request(
                    connection, key, wanted, language=language, at=at
                )
            if known is None:
                record_act(connection, self._act(number, wanted), at)
        self._answer(number)
        return number

    def document(self, request_id: int, place: int) -> tuple[str, bytes]:
        """Return number and PDF of what answered a request at a place, from 1. Raises ``not_yours``.

        Raises ``rendering_changed`` where an invoice would not be the bytes that answered the request.
        """
        with self.own.scope() as connection:
            found = payer_requests.own_answer(connection, request_id, place)
        if found is None:
            raise not_yours()
        if found.pdf is not None:
            return found.document_number, found.pdf
        kept = DocumentRequestDesk(self.own.desk.billing).document(request_id, place)
        return kept.document_number, kept.pdf

    def _answer(self, number: int) -> None:
        """Answer a request if that can be now; what hinders it is met again by whoever answers the rest."""
        try:
            DocumentRequestDesk(self.own.desk.billing).answer(number)
        except Exception as error:  # noqa: BLE001 - the request is kept, and nothing of it is lost
            _LOG.warning(
                "request %s of a payer is left to be answered later: %s", number, type(error).__name__
            )

    def _act(self, number: int, wanted: WantedDocument) -> AuditAct:
        return AuditAct(
            act=Act.REQUEST_DOCUMENT,
            subject=Subject.DOCUMENT_REQUEST,
            subject_id=str(number),
            company_id=self.own.payer.company_id,
            after={"document_kind": wanted.document_kind, "source": RequestSource.PORTAL.value},
        )
