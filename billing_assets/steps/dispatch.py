"""The sending of one call: each message by its channel, and what came of it.

Belongs here: proving what was printed, handing over, answers of channels in trouble.
Does not belong here: which rows are sent and in what order (``deliver_documents``), the protocol of a channel
(``channels``).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from billing_assets.domain.deliveries import (
    CHANNEL_FAULTS,
    ENDPOINT_OUTAGES,
    GAVE_UP,
    MAX_ENDPOINT_OUTAGES,
    OWN_FAULTS,
    SIGNS_OF_OUTAGE,
    Attachment,
    DeliveryState,
    EmailMessageParts,
    SendResult,
    may_have_taken,
    within_attempts,
)
from billing_assets.domain.delivery_channels import DeliveryChannel
from billing_assets.domain.delivery_waits import Patience
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import Invoice
from billing_assets.domain.mail_forms import MailForm, with_addresses
from billing_assets.domain.numbering import document_file_name
from billing_assets.steps.delivery_ports import (
    NOTHING,
    Carried,
    DocumentLinks,
    DocumentStore,
    Finished,
    Press,
    PrintedInvoice,
    QueuedDelivery,
    Ways,
    rendering_changed,
)
from billing_assets.steps.run_ports import Issuer

_LONGEST_REPLY = 500

MAX_OUTAGES = 5
"""So many answers in a row that a channel in trouble gives mean that it is down."""


class Outages:
    """Counts answers in a row that a channel in trouble gives.

    >>> refused = SendResult(
    ...     state=DeliveryState.QUEUED, reply_code=0, reason_code="connect_failed", reply_text=""
    ... )
    >>> outages = Outages()
    >>> [outages.count(refused) for _ in range(3)]
    [1, 2, 3]
    """

    def __init__(self, server: str = "") -> None:
        """Begin with a channel that works; ``server`` is how a person knows it, as host:port."""
        self.server = server
        self.in_a_row = 0
        self.last_reason = ""

    def count(self, result: SendResult) -> int:
        """Take in one answer; return how many outages stand in a row."""
        is_outage = result.reason_code in SIGNS_OF_OUTAGE
        self.in_a_row = self.in_a_row + 1 if is_outage else 0
        self.last_reason = result.reason_code
        return self.in_a_row

    def raise_if_down(self) -> None:
        """Raise ``channel_down`` when the channel has to be looked at by a person."""
        if self.in_a_row >= MAX_OUTAGES:
            name = f"the mail server {self.server}".strip()
            raise BillingError(
                "channel_down",
                f"{name} failed {self.in_a_row} times in a row ({self.last_reason})",
                "look at the settings BILLING_SMTP_HOST and BILLING_SMTP_PORT, and at the server; what was "
                "not sent is still queued for 'billing deliver'",
            )


_PORTAL_CLOSED = SendResult(
    state=DeliveryState.FAILED, reply_code=0, reason_code="portal_closed", reply_text=""
)
_REPORTED = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN)


@dataclass(kw_only=True)
class Dispatch:
    """The sending of one call: its ports, and what came of it so far."""

    issuer: Issuer
    store: DocumentStore
    press: Press
    ways: Ways
    clock: Callable[[], datetime]
    patience: Patience
    tell: Callable[[int], None]
    outages: Outages
    endpoints_down: Counter[str] = field(default_factory=Counter)
    states: Counter[DeliveryState] = field(default_factory=Counter)
    unprintable_count: int = 0
    print_fault_count: int = 0

    def mail_form(self, row: QueuedDelivery) -> tuple[MailForm, int]:
        """Return what the message of a row has of its PDF, and above which size a link instead; 0: never.

        What was printed for a mail before goes out as it was: the company may have come to want it otherwise.
        """
        if row.channel != DeliveryChannel.EMAIL:
            return MailForm.ATTACHED, 0
        if row.first_form is not None:
            return row.first_form, 0
        return self.issuer.company.mail_form, self.issuer.company.pdf_limit_bytes

    def facts(self) -> dict[str, int]:
        """Return what came of the messages, in counts."""
        return {
            **{f"{state.value}_count": self.states[state] for state in _REPORTED},
            "waiting_count": self.states[DeliveryState.QUEUED],
            "unprintable_count": self.unprintable_count,
            "print_fault_count": self.print_fault_count,
        }

    def print(self, batch: Sequence[QueuedDelivery]) -> list[PrintedInvoice]:
        """Print one batch, and PDFs of those alone whose message carries one."""
        printed: dict[int, PrintedInvoice] = {}
        forms = [self.mail_form(row) for row in batch]
        for form, limit in sorted(set(forms)):
            rows = [row for row, wanted in zip(batch, forms, strict=True) if wanted == (form, limit)]
            sheets = self.press.print_all([row.job for row in rows], form=form, pdf_limit_bytes=limit)
            printed |= zip((row.delivery_id for row in rows), sheets, strict=True)
        return [printed[row.delivery_id] for row in batch]

    def send(self, batch: Sequence[QueuedDelivery], printed: Sequence[PrintedInvoice]) -> None:
        """Send one printed batch; whatever ends it early, no answer of the channel is lost."""
        sheets = self._proved(batch, printed)
        answered: Finished | None = None
        try:
            for row, sheet in zip(batch, sheets, strict=True):
                if self.is_down(row):
                    continue
                is_begun = self.store.hand_over(answered, row, _carried(row, sheet))
                answered = None
                if not is_begun:
                    continue
                answer = self._send_one(row, sheet)
                answered = self._finished(row, answer)
                self.states[answered.result.state] += 1
                self.tell(self.states.total())
                if self._count_outage(row, answer) >= MAX_OUTAGES:
                    break
        finally:
            if answered is not None:
                self.store.hand_over(answered, None)

    def is_down(self, row: QueuedDelivery) -> bool:
        """Tell whether the endpoint of a row is left alone for the rest of this call."""
        return row.channel == DeliveryChannel.API_PUSH and (
            self.endpoints_down[row.endpoint_code] >= MAX_ENDPOINT_OUTAGES
        )

    def _count_outage(self, row: QueuedDelivery, answer: SendResult) -> int:
        """Take in one answer; return how many outages of the mail server stand in a row."""
        if row.channel == DeliveryChannel.PORTAL:
            return 0
        if row.channel != DeliveryChannel.API_PUSH:
            return self.outages.count(answer)
        is_down = answer.reason_code in ENDPOINT_OUTAGES
        self.endpoints_down[row.endpoint_code] = is_down * (self.endpoints_down[row.endpoint_code] + 1)
        return 0

    def _finished(self, row: QueuedDelivery, answer: SendResult) -> Finished:
        now, patience = self.clock(), self.patience
        # A mail server is ours and serves all; an endpoint that is gone for good has to come to an end.
        is_push = row.channel == DeliveryChannel.API_PUSH
        spared = OWN_FAULTS if is_push else CHANNEL_FAULTS
        result = within_attempts(answer, row.refused_count, patience.max_attempts, spared=spared)
        if (
            is_push
            and result.reason_code == GAVE_UP
            and (row.is_doubtful or may_have_taken(answer.reply_code))
        ):
            # It may have arrived: no other way is taken, and a person asks.
            result = replace(result, state=DeliveryState.UNKNOWN)
        again = patience.next_attempt_at(result, row.refused_count, now, counts_faults=is_push)
        return Finished(row=row, result=result, ended_at=now, next_attempt_at=again)

    def _proved(
        self, batch: Sequence[QueuedDelivery], printed: Sequence[PrintedInvoice]
    ) -> list[PrintedInvoice]:
        """Return the sheets as they may be sent: each is its document's first rendering, or has a fault.

        Raises the fault where nothing of a batch of some size can be printed: that is no matter of one
        document, and nothing is marked as failed for it.
        """
        sheets = [self._first_rendering(row, sheet) for row, sheet in zip(batch, printed, strict=True)]
        faults = [sheet.fault for sheet in sheets if sheet.fault]
        if len(faults) == len(sheets) >= MAX_OUTAGES:
            raise faults[0]
        good = [sheet for sheet in sheets if sheet.fault is None]
        self.unprintable_count += sum(sheet.missing_character_count > 0 for sheet in good)
        kept = [sheet for sheet in good if sheet.pdf and not sheet.fault_code]
        changed = set(self.store.keep_renderings(kept))
        mailed = {row.job.document_id for row in batch if row.channel == DeliveryChannel.EMAIL} - changed
        changed |= set(self.store.keep_mails([sheet for sheet in good if sheet.document_id in mailed]))
        proved = [_changed(sheet) if sheet.document_id in changed else sheet for sheet in sheets]
        self.print_fault_count += sum(sheet.fault is not None for sheet in proved)
        return proved

    def _first_rendering(self, row: QueuedDelivery, sheet: PrintedInvoice) -> PrintedInvoice:
        """Return the sheet with the kept bytes of its document where it printed differently now."""
        frozen = row.job.pdf_sha256
        if sheet.fault or not sheet.pdf or sheet.pdf_sha256 == frozen or not frozen:
            return sheet
        kept = self.store.kept_pdf(row.job.document_id)
        if not kept:
            return _changed(sheet)
        return replace(sheet, pdf=kept, pdf_sha256=frozen, missing_character_count=0)

    def _send_one(self, row: QueuedDelivery, sheet: PrintedInvoice) -> SendResult:
        """Send one message; what cannot be printed as it must be waits for a person instead."""
        if sheet.fault_code:
            return SendResult(
                state=DeliveryState.FAILED,
                reply_code=0,
                reason_code=sheet.fault_code,
                reply_text=sheet.fault.found[:_LONGEST_REPLY] if sheet.fault else "",
            )
        if row.channel == DeliveryChannel.API_PUSH:
            return self.ways.push.push(row, sheet.pdf, self.clock())
        if row.channel == DeliveryChannel.PORTAL:
            return self._put(row, sheet)
        if sheet.form is MailForm.LINKED:
            if self.ways.links is None:
                return _PORTAL_CLOSED
            sheet = self._with_link(row, sheet, self.ways.links)
        return self.ways.mail.send(_message(row, sheet, self.issuer, self.clock()))

    def _with_link(self, row: QueuedDelivery, sheet: PrintedInvoice, links: DocumentLinks) -> PrintedInvoice:
        """Return the sheet with a link of this sending alone."""
        url, _ends_at = links.make(self.issuer.company_id, row.payer_id, row.invoice_id)
        text, html = with_addresses(sheet.text, sheet.html, document_url=url, portal_url=links.home)
        return replace(sheet, text=text, html=html)

    def _put(self, row: QueuedDelivery, sheet: PrintedInvoice) -> SendResult:
        """Put a document into its payer's inbox; where there is no portal it goes on the next way."""
        if self.ways.inboxes is None:
            return _PORTAL_CLOSED
        return self.ways.inboxes.put(row, sheet.pdf_sha256, self.clock())


def _carried(row: QueuedDelivery, sheet: PrintedInvoice) -> Carried:
    """Return what the channel is handed."""
    if sheet.fault_code:
        return NOTHING
    if row.channel != DeliveryChannel.EMAIL:
        return Carried(pdf_sha256=sheet.pdf_sha256)
    is_attached = sheet.form is MailForm.ATTACHED
    return Carried(
        pdf_sha256=sheet.pdf_sha256 if is_attached else "",
        mail_sha256=sheet.mail_sha256,
    )


def _changed(sheet: PrintedInvoice) -> PrintedInvoice:
    return replace(sheet, fault=rendering_changed(sheet.document_id))


def _message(
    row: QueuedDelivery, sheet: PrintedInvoice, issuer: Issuer, dated_at: datetime
) -> EmailMessageParts:
    invoice = row.job.invoice
    attachments = (_attachment(invoice, sheet),) if sheet.pdf and sheet.form is MailForm.ATTACHED else ()
    return EmailMessageParts(
        message_id=row.message_id,
        dated_at=dated_at,
        from_name=issuer.company.name,
        from_email=issuer.company.email,
        to_email=row.to_email,
        subject=sheet.subject,
        text=sheet.text,
        html=sheet.html,
        language=sheet.language,
        attachments=attachments,
    )


def _attachment(invoice: Invoice, sheet: PrintedInvoice) -> Attachment:
    return Attachment(
        file_name=document_file_name(invoice.invoice_number, "pdf"),
        media_type="application/pdf",
        content=sheet.pdf,
    )
