"""Letting payers in: links by e-mail, and the sessions that they begin.

Belongs here: what a link and a session of a payer go through, with the clock and the mail. Does not belong
here: the office's accounts (``access_desk``), cookies and forms (``portal.payer``), the rows (``store``).
"""

import logging
from datetime import datetime, timedelta
from secrets import token_urlsafe

from sqlalchemy import Connection

from billing_assets.channels.email import EmailChannel
from billing_assets.documents.portal_mails import SignInLink, sign_in_mail
from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.domain.deliveries import DeliveryState, wire_address
from billing_assets.domain.errors import BillingError
from billing_assets.domain.office_users import ATTEMPT_WINDOW
from billing_assets.domain.portal_access import (
    LINK_LIFE,
    LINKS_OF_ADDRESS,
    LINKS_OF_CLIENT,
    AddressedPayer,
    SignedInPayer,
    link_used,
    portal_language,
)
from billing_assets.store import payer_sessions
from billing_assets.store.audit_log import record_act
from billing_assets.store.companies import read_issuer
from billing_assets.store.office_sessions import count_attempts
from billing_assets.wiring.build import Billing, utc_now
from billing_assets.wiring.mail import smtp_of
from billing_assets.wiring.portal_links import PORTAL_PATH

_LOG = logging.getLogger(__name__)


class PayerAccess:
    """Links and sessions of the payers of one company."""

    def __init__(self, billing: Billing, company_id: int) -> None:
        """Work for ``company_id``."""
        self.billing = billing
        self.company_id = company_id
        self.idle = timedelta(minutes=billing.settings.session_idle_minutes)
        self.life = timedelta(hours=billing.settings.session_hours)

    def may_ask(self, email: str, client: str) -> bool:
        """Count that somebody asks for links; return whether links may be mailed to the address still.

        Known addresses and others are counted alike, so that the limit tells nothing of either.

        Raises:
            BillingError: ``portal_throttled`` where this client asks too often, whatever the address.
        """
        keys = (f"payer {email.strip().lower()}", f"payer client {client}")
        with self.billing.database.transaction() as connection:
            of_address, of_client = count_attempts(connection, keys, utc_now())
        if of_client > LINKS_OF_CLIENT:
            raise BillingError(
                "portal_throttled",
                "links were asked for too often from here",
                f"wait {ATTEMPT_WINDOW.seconds // 60} minutes, then try again",
            )
        return of_address <= LINKS_OF_ADDRESS

    def mail_links(self, email: str, language: str) -> None:
        """Mail a link for each payer of an address; nothing where it is nobody's. Never raises.

        It is done after the answer, which is then the same for every address, and as fast.
        """
        try:
            self._mail_links(email.strip(), language)
        except Exception as error:  # noqa: BLE001 - nobody waits for it; the address stays out of the log
            _LOG.warning("links to the portal could not be mailed: %s", type(error).__name__)

    def _mail_links(self, email: str, language: str) -> None:
        if wire_address(email) is None:
            return
        at = utc_now()
        with self.billing.database.transaction() as connection:
            payers = payer_sessions.payers_of_address(connection, self.company_id, email)
            links = [self._link(connection, payer, at) for payer in payers]
            company = read_issuer(connection, self.billing.company_code()).company
        if not payers:
            return
        minutes = int(LINK_LIFE.total_seconds() // 60)
        mail = sign_in_mail(company.name, links, minutes, portal_language(language, payers[0].language))
        message_id = f"{token_urlsafe(24)}@{company.message_domain}"
        message = mail.message(company, payers[0].email, message_id=message_id, dated_at=at)
        with EmailChannel(smtp_of(self.billing.settings)) as channel:
            answer = channel.send(message)
        if answer.state is not DeliveryState.SENT:
            _LOG.warning("links to the portal could not be mailed: %s", answer.reason_code)

    def _link(self, connection: Connection, payer: AddressedPayer, at: datetime) -> SignInLink:
        token = token_urlsafe(32)
        payer_sessions.add_payer_link(connection, self.company_id, payer, token, at)
        address = f"{self.billing.settings.portal_url}{PORTAL_PATH}/sign-in/link?token={token}"
        return SignInLink(payer_key=payer.payer_key, payer_name=payer.name, url=address)

    def use_link(self, link: str) -> str:
        """Return the token of a new session for that of a link; raise ``payer_link_over``."""
        token, at = token_urlsafe(32), utc_now()
        with self.billing.database.transaction() as connection:
            payer = payer_sessions.begin_session(
                connection, self.company_id, link, token, at=at, expires_at=at + self.life
            )
        if payer is None:
            raise link_used()
        self._record(Act.SIGN_IN, payer)
        return token

    def signed_in(self, token: str) -> SignedInPayer | None:
        """Return who is signed in by a token."""
        with self.billing.database.transaction() as connection:
            return payer_sessions.find_payer_session(
                connection, self.company_id, token, at=utc_now(), idle=self.idle
            )

    def sign_out(self, token: str, payer: SignedInPayer) -> None:
        """End a session."""
        with self.billing.database.transaction() as connection:
            is_ended = payer_sessions.end_payer_session(connection, token, utc_now())
        if is_ended:
            self._record(Act.SIGN_OUT, payer)

    def _record(self, act: Act, payer: SignedInPayer) -> None:
        done = AuditAct(
            act=act, subject=Subject.PAYER, subject_id=payer.payer_key, company_id=self.company_id
        )
        with self.billing.database.acting_as(payer.actor).transaction() as connection:
            record_act(connection, done, utc_now())
