"""Post: what goes by post leaves as one folder for a print shop, each document in one folder only.

Belongs here: the order of work that puts each document into at most one folder.
Does not belong here: what is in the folder (``channels.print_post``), the outbox rows (``store.deliveries``).

All PDFs are kept first. Then the rows of the folder are marked ``sending``, durably, before it is written,
and ``sent`` when it is there. A program that dies in between leaves them to the next call of this or of
``deliver_documents``, which marks them ``unknown``: whether the folder is there, a person can see.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Protocol

from billing_assets.domain.deliveries import DeliveryState, SendResult
from billing_assets.domain.delivery_channels import DeliveryChannel
from billing_assets.domain.invoices import Invoice
from billing_assets.steps.delivery_ports import (
    Carried,
    DocumentStore,
    Finished,
    Press,
    QueuedDelivery,
    Which,
    rendering_changed,
)
from billing_assets.steps.result import StepResult
from billing_assets.steps.run_ports import Progress, silent

MOST_LETTERS = 5_000
"""Documents of one folder: what a print shop takes as one job."""

_PRINTED_TOGETHER = 200
_WHICH = Which(channels=(DeliveryChannel.PRINT_POST.value,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A document on its way into the folder."""

    invoice: Invoice
    pdf: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedBatch:
    """A folder that is there."""

    name: str
    document_count: int
    sheet_count: int


class LetterWriter(Protocol):
    """Writes folders for a print shop."""

    def write(self, batch_name: str, letters: Iterator[Letter]) -> PostedBatch:
        """Write a folder whole or raise."""
        ...

    def is_there(self, batch_name: str) -> bool:
        """Tell whether the folder has its name; it has it only whole."""
        ...

    def fault_of(self, letter: Letter) -> str:
        """Return the code of why a letter can be in no folder, empty where it can."""
        ...


def post_letters(
    company_code: str,
    *,
    store: DocumentStore,
    press: Press,
    writer: LetterWriter,
    clock: Callable[[], datetime],
    progress: Progress = silent,
) -> StepResult:
    """Write what waits to go by post into folders, ``MOST_LETTERS`` documents each, until nothing waits.

    ``posted_count`` documents are in ``folder_count`` folders; ``print_fault_count`` could not be printed and
    wait for a person. The documents are those that are queued: 'billing deliver' queues.

    Raises:
        BillingError: the fault of the disk; the documents of the folder wait as before.
    """
    started = time.perf_counter()
    issuer = store.issuer(company_code)
    desk = _LetterDesk(store=store, press=press, writer=writer, clock=clock)
    with store.lock_deliveries(issuer.company_id, progress):
        store.settle_interrupted(issuer.company_id)
        now = clock()
        today = issuer.company.date_at(now)
        total, _ = store.queued_counts(issuer.company_id, None, today, _WHICH)
        after_id = 0
        while rows := store.next_deliveries(issuer.company_id, None, after_id, MOST_LETTERS, today, _WHICH):
            desk.post(company_code, rows, now)
            after_id = rows[-1].delivery_id
            progress("posting", desk.posted_count + desk.fault_count, total)
    return StepResult(
        step="post_letters", facts=desk.facts(), seconds={"post": time.perf_counter() - started}
    )


@dataclass(kw_only=True)
class _LetterDesk:
    """The folders of one call."""

    store: DocumentStore
    press: Press
    writer: LetterWriter
    clock: Callable[[], datetime]
    posted_count: int = 0
    folder_count: int = 0
    sheet_count: int = 0
    fault_count: int = 0
    last_folder: str = ""

    def facts(self) -> dict[str, int | str]:
        """Return what was done, in counts, and the name of the last folder."""
        return {
            "posted_count": self.posted_count,
            "folder_count": self.folder_count,
            "sheet_count": self.sheet_count,
            "print_fault_count": self.fault_count,
            "last_folder": self.last_folder,
        }

    def post(self, company_code: str, rows: Sequence[QueuedDelivery], now: datetime) -> None:
        """Print the rows, and write those that can be printed into one folder."""
        starts = range(0, len(rows), _PRINTED_TOGETHER)
        printed = [
            each for start in starts for each in self._printed(rows[start : start + _PRINTED_TOGETHER])
        ]
        if not printed:
            return
        name, begun = f"{company_code}-{now:%Y-%m-%d}-{printed[0][0].delivery_id}", list[QueuedDelivery]()
        try:
            for row, pdf_sha256 in printed:
                if self.store.hand_over(None, row, Carried(pdf_sha256=pdf_sha256)):
                    begun.append(row)
            batch = self.writer.write(name, self._letters(begun))
        except BaseException:
            # Whatever broke off: the folder is there whole, or nothing of it is.
            if self.writer.is_there(name):
                self._finish(begun, DeliveryState.SENT, "accepted", name)
            else:
                self._finish(begun, DeliveryState.QUEUED, "print_folder_failed")
            raise
        self._finish(begun, DeliveryState.SENT, "accepted", name)
        self.posted_count += batch.document_count
        self.sheet_count += batch.sheet_count
        self.folder_count += 1
        self.last_folder = batch.name

    def _printed(self, rows: Sequence[QueuedDelivery]) -> Iterator[tuple[QueuedDelivery, str]]:
        """Keep the PDFs of rows that have none; yield what can go with its hash, and let the others fail."""
        pdfs = {row.job.document_id: self.store.kept_pdf(row.job.document_id) for row in rows}
        new = [row.job for row in rows if not pdfs[row.job.document_id]]
        sheets = list(self.press.print_all(new)) if new else []
        faults = {sheet.document_id: sheet.fault_code for sheet in sheets}
        good = [sheet for sheet in sheets if not sheet.fault_code]
        faults |= {each: rendering_changed(each).code for each in self.store.keep_renderings(good)}
        pdfs |= {sheet.document_id: sheet.pdf for sheet in good}
        for row in rows:
            pdf = pdfs[row.job.document_id]
            letter = Letter(invoice=row.job.invoice, pdf=pdf)
            reason = faults.get(row.job.document_id) or self.writer.fault_of(letter)
            if not reason:
                yield row, sha256(pdf).hexdigest()
            elif self.store.hand_over(None, row):
                self.fault_count += 1
                self._finish([row], DeliveryState.FAILED, reason)

    def _letters(self, rows: Sequence[QueuedDelivery]) -> Iterator[Letter]:
        # Read again, one by one: the PDFs of a whole folder need not fit into memory.
        for row in rows:
            yield Letter(invoice=row.job.invoice, pdf=self.store.kept_pdf(row.job.document_id))

    def _finish(
        self, rows: Sequence[QueuedDelivery], state: DeliveryState, reason: str, words: str = ""
    ) -> None:
        result = SendResult(state=state, reply_code=0, reason_code=reason, reply_text=words)
        at = self.clock()
        for row in rows:
            self.store.hand_over(Finished(row=row, result=result, ended_at=at), None)
