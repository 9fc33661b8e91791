"""Deliver: every document goes out once, or it is known why not.

Belongs here: the order of work that makes a message leave at most once.
Does not belong here: the protocol of a channel (``channels``), the outbox rows (``store.deliveries``).

Each row is marked ``sending``, durably, before the channel sees it; the same transaction records the result
of the row before. A sender that dies leaves at most one row in ``sending``: the next one marks it
``unknown``, and a person decides, because nobody can tell whether the other side took it.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import TypeAlias

from billing_assets.domain.calendar_rule import PURPOSES, Purpose
from billing_assets.domain.delivery_waits import Patience
from billing_assets.domain.errors import BillingError
from billing_assets.domain.mail_forms import MailForm
from billing_assets.frames.calendars import CompanyCalendar
from billing_assets.steps.delivery_ports import (
    DocumentStore,
    Press,
    PrintedInvoice,
    QueueCounts,
    QueuedDelivery,
    Ways,
    Which,
)
from billing_assets.steps.dispatch import Dispatch, Outages
from billing_assets.steps.pace import DomainPace
from billing_assets.steps.result import Report, StepResult, untold
from billing_assets.steps.run_ports import Issuer, Progress, silent

_NextRows: TypeAlias = Callable[..., Sequence[QueuedDelivery]]

BATCH = 400
"""Rows read, printed and kept together; memory stays that of one batch."""

PATIENCE = Patience()
"""How refusals are borne, unless the settings say otherwise."""


def deliver_documents(  # noqa: PLR0913 - ports and settings, each given by its name
    company_code: str,
    billing_date: date | None,
    *,
    store: DocumentStore,
    press: Press,
    ways: Ways,
    clock: Callable[[], datetime],
    patience: Patience = PATIENCE,
    pace: DomainPace | None = None,
    is_due_only: bool = False,
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
    No more messages a minute go to one domain than ``pace`` admits: the call lasts as long as that takes.
    ``unprintable_count`` is the number of documents with characters that no font of their template has,
    ``print_fault_count`` that of documents that could not be printed as they must be: they fail alone.
    ``report`` is given what was done, also where an error or an interruption ends the sending.

    What goes by post is queued and not sent here: see ``post_letters``.

    Raises:
        BillingError: ``links_lead_nowhere`` where mails are to have links and there is no portal;
            ``channel_down``; the fault of printing where nothing of a whole batch can be printed.
    """
    started = time.perf_counter()
    issuer = store.issuer(company_code)
    _require_links(issuer, ways)
    with store.lock_deliveries(issuer.company_id, progress):
        interrupted = store.settle_interrupted(issuer.company_id)
        now = clock()
        today = issuer.company.date_at(now)
        which, pace = Which(due_at=now if is_due_only else None), pace or DomainPace()
        send_dates = _send_dates(issuer, billing_date, store)
        counts = store.queue(issuer.company_id, billing_date, issuer.company.message_domain, send_dates)
        total, held_count = store.queued_counts(issuer.company_id, billing_date, today, which)
        dispatch = Dispatch(
            issuer=issuer,
            store=store,
            press=press,
            ways=ways,
            clock=clock,
            patience=patience,
            tell=lambda done: progress("delivering", done, total),
            outages=Outages(ways.server),
        )
        next_rows = partial(store.next_deliveries, issuer.company_id, billing_date, today=today)
        try:
            _send_all(next_rows, which, dispatch, pace)
            while pace.was_short:
                pace.wait(lambda: dispatch.tell(dispatch.states.total()))
                # What was tried in this call has its own time.
                _send_all(next_rows, replace(which, untouched_since=now), dispatch, pace)
        finally:
            result = _result(counts, held_count, interrupted, dispatch, time.perf_counter() - started)
            report(result)
    return result


def _require_links(issuer: Issuer, ways: Ways) -> None:
    """Refuse to send anything where the company wants links in its mails and there is no portal."""
    company = issuer.company
    if ways.links is None and (company.mail_form is MailForm.LINKED or company.pdf_limit_bytes):
        raise BillingError(
            "links_lead_nowhere",
            "the company's e-mails are to have a link to the document, and there is no portal to lead to",
            "set BILLING_PORTAL_URL, or set email_attachment to 'pdf' without email_pdf_limit_kb by "
            "'billing company set'",
        )


def _result(
    counts: QueueCounts, held_count: int, interrupted: int, dispatch: Dispatch, seconds: float
) -> StepResult:
    facts: dict[str, int | str] = {
        "queued_count": counts.queued_count,
        "without_address_count": counts.without_address_count,
        "address_found_count": counts.address_found_count,
        "fallen_back_count": counts.fallen_back_count,
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


def _send_all(next_rows: _NextRows, which: Which, dispatch: Dispatch, pace: DomainPace) -> None:
    """Send what waits and the pace admits."""
    batches = _batches(next_rows, which, dispatch, pace)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="printing") as printer:
        for batch, sheets in _printed_ahead(batches, dispatch.print, printer):
            dispatch.send(batch, sheets)
            dispatch.outages.raise_if_down()


def _batches(
    next_rows: _NextRows, which: Which, dispatch: Dispatch, pace: DomainPace
) -> Iterator[Sequence[QueuedDelivery]]:
    after_id = 0
    while batch := next_rows(
        after_id=after_id, limit=BATCH, which=replace(which, full_domains=pace.full_domains())
    ):
        after_id = batch[-1].delivery_id
        # What will not be sent is not printed either.
        if admitted := pace.admitted([row for row in batch if not dispatch.is_down(row)]):
            yield admitted


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
