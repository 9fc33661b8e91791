"""The proof that a document was sent: what, when, by which way, to whom, and what the other side answered.

Belongs here: the proof as a value, and whether it proves anything. Does not belong here: the rows that it is
read from (``store.delivery_proofs``), what follows from it, such as the day from which a notice counts.
"""

from dataclasses import dataclass
from datetime import datetime

from billing_assets.domain.deliveries import DeliveryState


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAttempt:
    """One time that a document was handed over, and the answer; instants are UTC."""

    attempt_number: int
    started_at: datetime
    ended_at: datetime | None
    state: str
    reply_code: int
    reason_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryProof:
    """What is known of one delivery of a document, for whoever has to prove that it was sent.

    ``recipient`` is of the last attempt: the e-mail address, also that by which an inbox in the portal opens;
    the code of the endpoint or of the partner who fetched the document; the postal address. It is personal
    data. ``message_key`` is the Message-ID of an e-mail or the ``webhook-id`` of a push; what is put into an
    inbox, fetched or posted has none. ``pdf_sha256`` and ``mail_sha256`` are hashes (hex) of the PDF and of
    the mail's own words that were handed over, empty where there was none; ``mail_form`` is what the mail had
    of the document: attached, linked or bare. ``is_pdf_intact``: the PDF that
    is kept still has that hash; None where no PDF was handed over. ``reply_text`` is the other side's last
    wording, or the folder that a letter is in.
    """

    delivery_id: int
    document_kind: str
    document_number: str
    channel: str
    state: str
    recipient: str
    message_key: str
    pdf_sha256: str
    mail_sha256: str
    mail_form: str
    is_pdf_intact: bool | None
    reply_text: str
    attempts: tuple[DeliveryAttempt, ...]

    @property
    def proven_at(self) -> datetime | None:
        """When the other side had accepted it; None where it did not, it came back, or the PDF has changed.

        A letter is accepted when it is in the folder for the print shop: that it was posted, and when, the
        print shop proves. What a person decided to count as delivered is no proof: the decision stands in
        the history of the delivery.

        >>> at = datetime(2025, 1, 31, 9)
        >>> taken = DeliveryAttempt(
        ...     attempt_number=1,
        ...     started_at=at,
        ...     ended_at=at,
        ...     state="sent",
        ...     reply_code=250,
        ...     reason_code="accepted",
        ... )
        >>> proof = DeliveryProof(
        ...     delivery_id=7,
        ...     document_kind="invoice",
        ...     document_number="INV-1",
        ...     channel="email",
        ...     state="sent",
        ...     recipient="anna@example.com",
        ...     message_key="853fd815@billing.example",
        ...     pdf_sha256="ab",
        ...     mail_sha256="cd",
        ...     mail_form="attached",
        ...     is_pdf_intact=True,
        ...     reply_text="kept",
        ...     attempts=(taken,),
        ... )
        >>> proof.proven_at == at
        True
        """
        if self.state != DeliveryState.SENT or self.is_pdf_intact is False:
            return None
        taken = [each.ended_at for each in self.attempts if each.state == DeliveryState.SENT]
        return taken[-1] if taken else None
