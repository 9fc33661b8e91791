"""Hand out: a partner's system fetches a document and says that it has it; then it is sent.

Belongs here: the order of work. Does not belong here: who the partner is (``wiring.pull_desk``), what
waits and for how long (``store.pulled_deliveries``), HTTP (``portal.api``).

Fetching changes nothing, so that a partner may fetch as often as it likes and die in between. A delivery is
sent when the partner names the hash of the PDF, which nobody knows who has not got it.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from billing_assets.domain.decisions import delivery_unknown
from billing_assets.domain.deliveries import DeliveryState, SendResult
from billing_assets.domain.delivery_channels import DeliveryChannel
from billing_assets.domain.errors import BillingError
from billing_assets.steps.delivery_ports import (
    Carried,
    DocumentStore,
    Finished,
    Press,
    QueuedDelivery,
    Which,
    rendering_changed,
)

_ACCEPTED = SendResult(
    state=DeliveryState.SENT, reply_code=0, reason_code="accepted", reply_text="acknowledged by the partner"
)


class HandOut:
    """What waits for one partner of a company, as of a day."""

    def __init__(
        self, company_id: int, partner_code: str, today: date, *, store: DocumentStore, press: Press
    ) -> None:
        """Hand out what may leave ``today`` of payers whose endpoint is ``partner_code``."""
        self._company_id, self._today, self._store, self._press = company_id, today, store, press
        self._which = Which(channels=(DeliveryChannel.PULL.value,), partner_code=partner_code)

    def waiting(self, after_id: int, limit: int) -> Sequence[QueuedDelivery]:
        """Return what waits to be fetched, in order, above a delivery."""
        return self._store.next_deliveries(self._company_id, None, after_id, limit, self._today, self._which)

    def fetched(self, delivery_id: int) -> tuple[QueuedDelivery, bytes]:
        """Return a delivery that waits, and its PDF: the first rendering, the same bytes each time.

        Raises ``delivery_unknown`` where it does not wait for this partner; the fault of printing;
        ``rendering_changed`` where it would go out differently from its first rendering.
        """
        row = self._one(delivery_id)
        kept = self._store.kept_pdf(row.job.document_id)
        if kept:
            return row, kept
        (sheet,) = self._press.print_all([row.job])
        if sheet.fault:
            raise sheet.fault
        if sheet.missing_character_count:
            raise BillingError(
                "unprintable",
                f"document {row.job.document_id} has characters that no font of its template has",
                "use a template whose fonts have them; a person decides on the delivery",
            )
        for document_id in self._store.keep_renderings([sheet]):
            raise rendering_changed(document_id)
        return row, sheet.pdf

    def acknowledge(self, delivery_id: int, pdf_sha256: str, clock: Callable[[], datetime]) -> None:
        """Take the word of the partner that it has the document with this hash; then it is sent.

        Raises ``delivery_unknown``; ``content_differs`` where the hash is another one, or the document was
        never fetched.
        """
        row = self._one(delivery_id)
        if not row.job.pdf_sha256 or pdf_sha256.lower() != row.job.pdf_sha256:
            raise BillingError(
                "content_differs",
                f"the hash is not that of the document of delivery {delivery_id}",
                "fetch the document, and send the SHA-256 of its PDF as it came",
            )
        if self._store.hand_over(None, row, Carried(pdf_sha256=row.job.pdf_sha256)):
            self._store.hand_over(Finished(row=row, result=_ACCEPTED, ended_at=clock()), None)

    def _one(self, delivery_id: int) -> QueuedDelivery:
        found = self.waiting(delivery_id - 1, 1)
        if not found or found[0].delivery_id != delivery_id:
            raise delivery_unknown(delivery_id)
        return found[0]
