"""Deliver: every document goes out once, or it is known why not.

Belongs here: the order of work that makes a message leave at most once.
Does not belong here: the protocol of a channel (``channels``), the outbox rows (``store.deliveries``).

Each row is marked ``sending``, durably, before the channel sees it; the same transaction records the result
of the row before. A sender that dies leaves at most one row in ``sending``: the next one marks it
``unknown``, and a person decides, because nobody can tell whether the other side took it.
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from typing import TypeAlias
from zoneinfo import ZoneInfo

from billing_assets.domain.calendar_rule import PURPOSES, Purpose
from billing_assets.domain.deliveries import (
    SIGNS_OF_OUTAGE,
    Attachment,
    DeliveryState,
    EmailMessageParts,
    SendResult,
    within_attempts,
)
from billing_assets.domain.delivery_waits import Patience
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import Invoice
from billing_assets.domain.numbering import document_file_name
from billing_assets.frames.calendars import CompanyCalendar
from billing_assets.steps.delivery_ports import (
    Channel,
    DocumentStore,
    Finished,
    Press,
    PrintedInvoice,
    QueueCounts,
    QueuedDelivery,
)
from billing_assets.steps.result import Report, StepResult, untold
from billing_assets.steps.run_ports import Issuer, Progress, silent

BATCH = 400
"""Rows read, printed and kept together; memory stays that of one batch."""

_LONGEST_REPLY = 500

PATIENCE = Patience()
"""How refusals are borne, unless the settings say otherwise."""

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


def deliver_documents(  # noqa: PLR0913 - ports and settings, each given by its name
    company_code: str,
    billing_date: date | None,
    *,
    store: DocumentStore,
    press: Press,
    channel: Channel,
    clock: Callable[[], datetime],
    patience: Patience = PATIENCE,
    is_due_only: bool = False,
    server: str = "",
    progress: Progress = silent,
    report: Report = untold,
) -> StepResult:
    """Queue the documents of ``billing_date`` (all dates where None) and send what is queued.

    What was made on a day on which the company does not send is held until its next open day, by the closed
    days as of the run. It leaves with the deliveries of that day or a later one, or once the company's clock
    has come to it. What a hold of the sending clock is of waits until that is over or lifted, and leaves with
    the next deliveries of any date. ``held_count`` says how many of the date wait for either.

    What the channel refuses for now stays queued as often as ``patience`` has it; then it fails and waits for
    a person. A call that is ``is_due_only``, as schedules make it, leaves it alone until its next attempt is
    due; any other call takes up all that waits. A second call after success sends nothing. A message goes to
    the newest address of its payer; what had none is queued again as soon as there is one.
    ``unprintable_count`` is the number of documents with characters that no font of their template has,
    ``print_fault_count`` that of documents that could not be printed as they must be: they fail alone.
    ``report`` is given what was done, also where an error or an interruption ends the sending. ``server``
    is the mail server as a person knows it, to be named where it is down.

    Raises:
        BillingError: ``channel_down``; the fault of printing where nothing of a whole batch can be printed.
    """
    started = time.perf_counter()
    issuer = store.issuer(company_code)
    with store.lock_deliveries(issuer.company_id, progress):
        interrupted = store.settle_interrupted(issuer.company_id)
        now = clock()
        today = now.astimezone(ZoneInfo(issuer.company.time_zone)).date()
        due_at = now if is_due_only else None
        send_dates = _send_dates(issuer, billing_date, store)
        counts = store.queue(issuer.company_id, billing_date, issuer.company.message_domain, send_dates)
        total, held_count = store.queued_counts(issuer.company_id, billing_date, today, due_at)
        dispatch = _Dispatch(
            issuer=issuer,
            store=store,
            press=press,
            channel=channel,
            clock=clock,
            patience=patience,
            tell=lambda done: progress("delivering", done, total),
            outages=Outages(server),
        )
        next_rows = partial(store.next_deliveries, issuer.company_id, billing_date)
        batches = _batches(partial(next_rows, today=today, due_at=due_at))
        try:
            with ThreadPoolExecutor(max_workers=1, thread_name_prefix="printing") as printer:
                for batch, sheets in _printed_ahead(batches, dispatch.print, printer):
                    dispatch.send(batch, sheets)
                    dispatch.outages.raise_if_down()
        finally:
            result = _result(counts, held_count, interrupted, dispatch, time.perf_counter() - started)
            report(result)
    return result


def _result(
    counts: QueueCounts, held_count: int, interrupted: int, dispatch: "_Dispatch", seconds: float
) -> StepResult:
    facts: dict[str, int | str] = {
        "queued_count": counts.queued_count,
        "without_address_count": counts.without_address_count,
        "address_found_count": counts.address_found_count,
        "interrupted_count": interrupted,
        "held_count": held_count,
        **dispatch.facts(),
    }
    return StepResult(step="deliver_documents", facts=facts, seconds={"deliver": seconds})


def _send_dates(issuer: Issuer, billing_date: date | None, store: DocumentStore) -> dict[int, date]:
    """Return run -> the day on which its messages may leave, for runs of days on which nothing is sent."""
    found: dict[int, date] = {}
    for run in store.unqueued_runs(issuer.company_id, billing_date):
        closed = store.closed_days(issuer.company_id, run.closed_day_id)
        company = CompanyCalendar(place_code=issuer.company.place_code, closed=closed)
        day = company.roll(run.billing_date, PURPOSES[Purpose.SEND].roll, Purpose.SEND)
        if day != run.billing_date:
            found[run.run_id] = day
    return found


_REPORTED = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN)


def _batches(next_rows: Callable[..., Sequence[QueuedDelivery]]) -> Iterator[Sequence[QueuedDelivery]]:
    after_id = 0
    while batch := next_rows(after_id=after_id, limit=BATCH):
        yield batch
        after_id = batch[-1].delivery_id


_Batch: TypeAlias = Sequence[QueuedDelivery]
_Sheets: TypeAlias = list[PrintedInvoice]


def _printed_ahead(
    batches: Iterator[_Batch], print_batch: Callable[[_Batch], _Sheets], printer: ThreadPoolExecutor
) -> Iterator[tuple[_Batch, _Sheets]]:
    """Yield each batch with its printed sheets; the next batch is printed while the caller sends this one."""
    waiting: deque[tuple[_Batch, Future[_Sheets]]] = deque()
    for batch in batches:
        waiting.append((batch, printer.submit(print_batch, batch)))
        if len(waiting) > 1:
            ready, sheets = waiting.popleft()
            yield ready, sheets.result()
    for ready, sheets in waiting:
        yield ready, sheets.result()


@dataclass(kw_only=True)
class _Dispatch:
    """The sending of one call: its ports, and what came of it so far."""

    issuer: Issuer
    store: DocumentStore
    press: Press
    channel: Channel
    clock: Callable[[], datetime]
    patience: Patience
    tell: Callable[[int], None]
    outages: Outages
    states: Counter[DeliveryState] = field(default_factory=Counter)
    unprintable_count: int = 0
    print_fault_count: int = 0

    @property
    def with_pdf(self) -> bool:
        """Whether the messages carry the PDF."""
        return self.issuer.company.email_attachment == "pdf"

    def facts(self) -> dict[str, int]:
        """Return what came of the messages, in counts."""
        return {
            **{f"{state.value}_count": self.states[state] for state in _REPORTED},
            "waiting_count": self.states[DeliveryState.QUEUED],
            "unprintable_count": self.unprintable_count,
            "print_fault_count": self.print_fault_count,
        }

    def print(self, batch: Sequence[QueuedDelivery]) -> list[PrintedInvoice]:
        """Print one batch."""
        return list(self.press.print_all([row.job for row in batch], with_pdf=self.with_pdf))

    def send(self, batch: Sequence[QueuedDelivery], printed: Sequence[PrintedInvoice]) -> None:
        """Send one printed batch; whatever ends it early, no answer of the channel is lost."""
        sheets = self._proved(batch, printed)
        answered: Finished | None = None
        try:
            for row, sheet in zip(batch, sheets, strict=True):
                is_begun = self.store.hand_over(answered, row, *_carried(sheet))
                answered = None
                if not is_begun:
                    continue
                answer = self._send_one(row, sheet)
                result = within_attempts(answer, row.refused_count, self.patience.max_attempts)
                answered = self._finished(row, result)
                self.states[result.state] += 1
                self.tell(self.states.total())
                if self.outages.count(answer) >= MAX_OUTAGES:
                    break
        finally:
            if answered is not None:
                self.store.hand_over(answered, None, "")

    def _finished(self, row: QueuedDelivery, result: SendResult) -> Finished:
        now = self.clock()
        again = self.patience.next_attempt_at(result, row.refused_count, now)
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
        if self.with_pdf:
            self.store.keep_renderings([sheet for sheet in good if not sheet.missing_character_count])
        changed = set(self.store.keep_mails(good))
        proved = [_changed(sheet) if sheet.document_id in changed else sheet for sheet in sheets]
        self.print_fault_count += sum(sheet.fault is not None for sheet in proved)
        return proved

    def _first_rendering(self, row: QueuedDelivery, sheet: PrintedInvoice) -> PrintedInvoice:
        """Return the sheet with the kept bytes of its document where it printed differently now."""
        frozen = row.job.pdf_sha256
        if sheet.fault or not self.with_pdf or sheet.pdf_sha256 == frozen or not frozen:
            return sheet
        kept = self.store.kept_pdf(row.job.document_id)
        if not kept:
            return _changed(sheet)
        return replace(sheet, pdf=kept, pdf_sha256=frozen, missing_character_count=0)

    def _send_one(self, row: QueuedDelivery, sheet: PrintedInvoice) -> SendResult:
        """Send one message; what cannot be printed as it must be waits for a person instead."""
        if sheet.fault:
            return SendResult(
                state=DeliveryState.FAILED,
                reply_code=0,
                reason_code=sheet.fault.code,
                reply_text=sheet.fault.found[:_LONGEST_REPLY],
            )
        if sheet.pdf and sheet.missing_character_count:
            return SendResult(
                state=DeliveryState.FAILED, reply_code=0, reason_code="unprintable", reply_text=""
            )
        return self.channel.send(_message(row, sheet, self.issuer, self.clock()))


def _carried(sheet: PrintedInvoice) -> tuple[str, str]:
    """Return the hashes of the PDF and of the mail that the channel is handed; empty where there is none."""
    if sheet.fault:
        return "", ""
    return "" if sheet.missing_character_count else sheet.pdf_sha256, sheet.mail_sha256


def _changed(sheet: PrintedInvoice) -> PrintedInvoice:
    fault = BillingError(
        "rendering_changed",
        f"document {sheet.document_id} would go out differently from its first rendering",
        "use the program version that printed it first, or send it another way and give this delivery up",
    )
    return replace(sheet, fault=fault)


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
