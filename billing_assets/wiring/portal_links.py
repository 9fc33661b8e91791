"""Signed links to documents in the portal, over the secrets of the API.

Belongs here: making a link and proving it, with the keys. Does not belong here: what a link says
(``domain.document_links``), what it opens (``payer_desk``).
"""

from datetime import datetime, timedelta
from functools import cached_property

from billing_assets.domain.document_links import DocumentLink, opened_link, signed_link
from billing_assets.steps.run_ports import Clock
from billing_assets.store.connection import Database
from billing_assets.wiring.api_secrets import api_secrets
from billing_assets.wiring.settings import Settings

PORTAL_PATH = "/my"
"""Where the portal is, below its address."""


def links_of(database: Database, settings: Settings, clock: Clock) -> "PortalLinks | None":
    """Return what makes links; None where the portal is shut."""
    return PortalLinks(database, settings, clock) if settings.portal_url else None


class PortalLinks:
    """Makes and opens links; kept for many."""

    def __init__(self, database: Database, settings: Settings, clock: Clock) -> None:
        """Use the secrets of the settings, or that of the store."""
        self._database = database
        self._settings = settings
        self._clock = clock

    @cached_property
    def _secrets(self) -> list[bytes]:
        return list(api_secrets(self._database, self._settings, self._clock()))

    @property
    def home(self) -> str:
        """The address of the portal."""
        return f"{self._settings.portal_url}{PORTAL_PATH}/"

    def make(self, company_id: int, payer_id: int, invoice_id: int) -> tuple[str, datetime]:
        """Return the address that opens a document, and when it stops to."""
        expires_at = self._clock() + timedelta(days=self._settings.portal_link_days)
        link = DocumentLink(
            company_id=company_id, payer_id=payer_id, invoice_id=invoice_id, expires_at=expires_at
        )
        return f"{self.home}see/{signed_link(link, self._secrets[0])}", expires_at

    def open(self, text: str) -> DocumentLink | None:
        """Return what a link is to; None where it is not ours, or over."""
        return opened_link(text, self._secrets, self._clock())
