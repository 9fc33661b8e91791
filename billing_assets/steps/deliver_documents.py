"""Deliver: every document goes out once, or it is known why not.

Belongs here: the order of work that makes a message leave at most once.
Does not belong here: the protocol of a channel (``channels``), the outbox rows (``store.deliveries``).

Each row is marked ``sending``, durably, before the channel sees it; the same transaction records the result
of the row before. A sender that dies leaves at most one row in ``sending``: the next one marks it ``unknown``, and a
person decides, because nobody can tell whether the other side took it.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime

from billing_assets.domain.deliveries import (
    CHANNEL_FAULTS,
    Attachment,
    DeliveryState,
    EmailMessageParts,
    SendResult,
)
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import Invoice
from billing_assets.steps.delivery_ports import Channel, DocumentStore, Press, PrintedInvoice, QueuedDelivery
from billing_assets.steps.result import StepResult
from billing_assets.steps.run_ports import Issuer, Progress, silent

BATCH = 400
"""Rows read, printed and kept together; memory stays that of one batch."""

MAX_OUTAGES = 5
"""So many answers in a row that speak of the channel itself mean that it is down."""


class Outages:
    """Counts answers in a row that speak of the channel and not of the message.

    >>> refused = SendResult(
    ...     state=DeliveryState.QUEUED, reply_code=0, reason_code="connect_failed", reply_text=""
    ... )
    >>> outages = Outages()
    >>> [outages.count(refused) for _ in range(3)]
    [1, 2, 3]
    """

    def __init__(self) -> None:
        """Begin with a channel that works."""
        self.in_a_row = 0
        self.last_reason = ""

    def count(self, result: SendResult) -> int:
        """Take in one answer; return how many outages stand in a row."""
        is_outage = result.reason_code in CHANNEL_FAULTS
        self.in_a_row = self.in_a_row + 1 if is_outage else 0
        self.last_reason = result.reason_code
        return self.in_a_row

    def raise_if_down(self) -> None:
        """Raise ``channel_down`` when the channel has to be looked at by a person."""
        if self.in_a_row >= MAX_OUTAGES:
            raise BillingError(
                "channel_down",
                f"the mail server failed {self.in_a_row} times in a row ({self.last_reason})",
                "look at the SMTP settings and the server; what was not sent is still queued for 'billing deliver'",
            )


def deliver_documents(  # noqa: PLR0913 - the ports of this step
    company_code: str,
    billing_date: date | None,
    *,
    store: DocumentStore,
    press: Press,
    channel: Channel,
    clock: Callable[[], datetime],
    progress: Progress = silent,
) -> StepResult:
    """Queue the documents of ``billing_date`` (all dates where None) and send what is queued.

    What the channel refuses for now stays queued for the next call; a second call after success sends nothing.
    """
    started = time.perf_counter()
    issuer = store.issuer(company_code)
    states: Counter[DeliveryState] = Counter()
    outages = Outages()
    with store.lock_deliveries(issuer.company_id, progress):
        interrupted = store.settle_interrupted(issuer.company_id)
        counts = store.queue(issuer.company_id, billing_date, issuer.company.message_domain)
        total = store.queued_count(issuer.company_id, billing_date)
        for batch in _batches(store, issuer.company_id, billing_date):
            for result in _send_batch(
                batch, issuer, store=store, press=press, channel=channel, clock=clock, outages=outages
            ):
                states[result.state] += 1
                progress("delivering", states.total(), total)
            outages.raise_if_down()
    facts: dict[str, int | str] = {
        "queued_count": counts.queued_count,
        "without_address_count": counts.without_address_count,
        "interrupted_count": interrupted,
    }
    facts.update({f"{state.value}_count": states[state] for state in (*_REPORTED,)})
    facts["waiting_count"] = states[DeliveryState.QUEUED]
    return StepResult(
        step="deliver_documents", facts=facts, seconds={"deliver": time.perf_counter() - started}
    )


_REPORTED = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN)


def _batches(
    store: DocumentStore, company_id: int, billing_date: date | None
) -> Iterator[Sequence[QueuedDelivery]]:
    after_id = 0
    while batch := store.next_deliveries(company_id, billing_date, after_id, BATCH):
        yield batch
        after_id = batch[-1].delivery_id


def _send_batch(  # noqa: PLR0913 - the ports of this step
    batch: Sequence[QueuedDelivery],
    issuer: Issuer,
    *,
    store: DocumentStore,
    press: Press,
    channel: Channel,
    clock: Callable[[], datetime],
    outages: "Outages",
) -> Iterator[SendResult]:
    """Print and send one batch, yielding each result after it is durable."""
    with_pdf = issuer.company.email_attachment == "pdf"
    printed = list(press.print_all([row.job for row in batch], with_pdf=with_pdf))
    if with_pdf:
        store.keep_renderings(printed)
    finished: tuple[QueuedDelivery, SendResult, datetime] | None = None
    for row, sheet in zip(batch, printed, strict=True):
        store.hand_over(finished, row, sheet.pdf_sha256)
        if finished is not None:
            yield finished[1]
        finished = row, channel.send(_message(row, sheet, issuer, clock())), clock()
        if outages.count(finished[1]) >= MAX_OUTAGES:
            break
    store.hand_over(finished, None, "")
    if finished is not None:
        yield finished[1]


def _message(
    row: QueuedDelivery, sheet: PrintedInvoice, issuer: Issuer, dated_at: datetime
) -> EmailMessageParts:
    invoice = row.job.invoice
    attachments = (_attachment(invoice, sheet),) if sheet.pdf else ()
    return EmailMessageParts(
        message_id=row.message_id,
        dated_at=dated_at,
        from_name=issuer.company.name,
        from_email=issuer.company.email,
        to_email=invoice.payer.email,
        subject=sheet.subject,
        text=sheet.text,
        html=sheet.html,
        language=invoice.payer.language,
        attachments=attachments,
    )


def _attachment(invoice: Invoice, sheet: PrintedInvoice) -> Attachment:
    return Attachment(
        file_name=f"{invoice.invoice_number}.pdf", media_type="application/pdf", content=sheet.pdf
    )
