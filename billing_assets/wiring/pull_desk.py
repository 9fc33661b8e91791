"""Documents that partners fetch, put together.

Belongs here: the outbox and the press of a company for one partner. Does not belong here: the order of work
(``steps.hand_out_documents``), HTTP (``portal.api``).
"""

from billing_assets.steps.delivery_ports import QueuedDelivery
from billing_assets.steps.hand_out_documents import HandOut
from billing_assets.store.pulled_deliveries import pulled_hash
from billing_assets.wiring.build import Billing, today_of, utc_now
from billing_assets.wiring.endpoints import payload_of


class PullDesk:
    """What waits for a partner, over the store of ``billing``."""

    def __init__(self, billing: Billing, partner_code: str) -> None:
        """Work for the partner whose code the payers' endpoints have."""
        issuer = billing.runs.issuer(billing.company_code())
        self.database, self.company_id, self.partner_code = billing.database, issuer.company_id, partner_code
        self._hand_out = HandOut(
            issuer.company_id,
            partner_code,
            today_of(issuer.company),
            store=billing.documents,
            press=billing.press,
        )

    def waiting(self, after_id: int, limit: int) -> list[QueuedDelivery]:
        """Return what waits to be fetched, in order, above a delivery."""
        return list(self._hand_out.waiting(after_id, limit))

    def document(self, delivery_id: int) -> bytes:
        """Return a document that waits as JSON, the same as is pushed; raises ``delivery_unknown``."""
        row, pdf = self._hand_out.fetched(delivery_id)
        return payload_of(row.job.invoice, pdf)[1]

    def acknowledge(self, delivery_id: int, pdf_sha256: str) -> None:
        """Take the partner's word that it has the document; said again, it changes nothing.

        Raises ``delivery_unknown``, ``content_differs``.
        """
        with self.database.transaction() as connection:
            sent = pulled_hash(connection, self.company_id, delivery_id, self.partner_code)
        if sent != pdf_sha256.lower():
            self._hand_out.acknowledge(delivery_id, pdf_sha256, utc_now)
