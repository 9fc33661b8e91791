"""Documents and the outbox in the store.

Belongs here: document rows, delivery rows and their attempts.
Does not belong here: filling the outbox (``delivery_queue``), first renderings (``renderings``), printing
(``documents``), the dialogue with a mail server (``channels``).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, text

from billing_assets.domain.attempts import FIRST_OWNER
from billing_assets.domain.calendar_rule import ClosedDays
from billing_assets.domain.deliveries import (
    CHANNEL_FAULTS,
    FAULT_OF_THEIRS,
    OWN_FAULTS,
    PRINT_FAULTS,
    TIMED_OUT,
)
from billing_assets.domain.errors import BillingError
from billing_assets.domain.mail_forms import MailForm
from billing_assets.steps.delivery_ports import (
    EVERY,
    NOTHING,
    Carried,
    Finished,
    PrintedInvoice,
    PrintJob,
    QueueCounts,
    QueuedDelivery,
    UnqueuedRun,
    Which,
)
from billing_assets.steps.run_ports import Clock, Progress
from billing_assets.store.closed_days import read_closed_days
from billing_assets.store.companies import CompanyStore
from billing_assets.store.connection import Database
from billing_assets.store.delivery_fallbacks import fall_back
from billing_assets.store.delivery_queue import (
    HAS_ITS_DAY,
    IS_DUE,
    IS_HELD_UNTIL,
    NEWEST_ADDRESS,
    OF_DATE,
    queue_deliveries,
    unqueued_runs,
)
from billing_assets.store.holds import HAS_WAITED, NO_HOLD_STOPS
from billing_assets.store.invoice_reader import read_invoices
from billing_assets.store.locks import LockSpace, hold_lock
from billing_assets.store.portal_documents import settle_portal
from billing_assets.store.pulled_deliveries import give_up_unfetched, set_fetch_times
from billing_assets.store.renderings import keep_mails, keep_renderings, kept_pdf

_MAKE_DOCUMENTS = f"""
insert into document (company_id, invoice_id, snapshot_sha256, recorded_at)
select i.company_id, i.invoice_id, i.snapshot_sha256, :at
from invoice i join billing_run r using (run_id)
where i.company_id = :company and {OF_DATE}
    and not exists (select from document d where d.invoice_id = i.invoice_id)
order by i.invoice_id
on conflict (invoice_id) do nothing
"""  # noqa: S608 - constants

_PROOFS = f"""
select distinct on (y.content::json ->> 'language', i.template_version_id)
    d.document_id, i.invoice_id, i.template_version_id, coalesce(encode(d.pdf_sha256, 'hex'), '')
from document d join invoice i using (invoice_id) join billing_run r using (run_id)
join payer_version y using (payer_version_id)
where d.company_id = :company and {OF_DATE}
    and not exists (select from delivery v where v.document_id = d.document_id)
order by y.content::json ->> 'language', i.template_version_id, i.invoice_id
"""  # noqa: S608 - constants

# What was held until a date, or by a hold, belongs to the deliveries after, whatever date it was billed on.
_IS_QUEUED = (
    f"v.company_id = :company and v.state = 'queued' and ({OF_DATE} or {IS_HELD_UNTIL} or {HAS_WAITED})"
)

_MAY_GO = f"({HAS_ITS_DAY} and {NO_HOLD_STOPS})"

_QUEUED_COUNTS = f"""
select count(*) filter (where {_MAY_GO} and {IS_DUE}), count(*) filter (where not {_MAY_GO})
from delivery v join document d using (document_id) join invoice i using (invoice_id)
join billing_run r using (run_id)
where {_IS_QUEUED} and v.channel = any(:channels)
"""  # noqa: S608 - constants

# A person who says "again" gives the message all its attempts anew.
_NEXT = f"""
select v.delivery_id, v.channel, v.message_id, v.attempt_count, d.document_id, i.invoice_id,
    i.template_version_id,
    coalesce(encode(d.pdf_sha256, 'hex'), '') as pdf_hex, newest.payer_version_id, newest.email,
    newest.endpoint_code, v.channel = 'api_push' and exists (select from delivery_attempt a
        where a.delivery_id = v.delivery_id
            and (a.reply_code >= :fault_of_theirs or a.reply_code = :timed_out)) as is_doubtful,
    coalesce(d.mail_form, case when v.mail_sha256 is not null
        then case when v.content_sha256 is null then 'bare' else 'attached' end end) as first_form,
    i.payer_id,
    (select count(*) from delivery_attempt a
        where a.delivery_id = v.delivery_id and a.state = 'queued'
            and a.reason_code <> all(case v.channel when 'api_push' then cast(:own_faults as text[])
                else :faults end)
            and a.attempt_number > coalesce((select max(e.attempt_count) from delivery_decision e
                where e.delivery_id = v.delivery_id and e.decision = 'again'), 0)) as refused_count
from delivery v join document d using (document_id) join invoice i using (invoice_id)
join billing_run r using (run_id)
{NEWEST_ADDRESS}
where {_IS_QUEUED} and {_MAY_GO} and {IS_DUE} and v.delivery_id > :after
    and v.channel = any(newest.ways) and v.channel = any(:channels)
    and (:partner = '' or newest.endpoint_code = :partner)
    and (cast(:untouched_since as timestamptz) is null or not exists (select from delivery_attempt a
        where a.delivery_id = v.delivery_id and a.started_at >= :untouched_since))
    and (v.channel <> 'email' or lower(split_part(newest.email, '@', 2)) <> all(:full_domains))
order by v.delivery_id limit :limit
"""  # noqa: S608 - constants

_RULES_OF_ATTEMPTS: Mapping[str, object] = MappingProxyType(
    {
        "faults": sorted(CHANNEL_FAULTS),
        "own_faults": sorted(OWN_FAULTS),
        "print_faults": sorted(PRINT_FAULTS),
        "fault_of_theirs": FAULT_OF_THEIRS,
        "timed_out": TIMED_OUT,
    }
)
"""What ``_NEXT`` asks of the attempts before, by the rules of ``domain.deliveries``."""

_INTERRUPTED = """
with left_over as (
    update delivery set state = 'unknown', reason_code = 'sender_died', owner = :owner, changed_at = :at
    where company_id = :company and state = 'sending' returning delivery_id, attempt_count
)
update delivery_attempt a set state = 'unknown', reason_code = 'sender_died', ended_at = :at
from left_over o where a.delivery_id = o.delivery_id and a.attempt_number = o.attempt_count
"""

# A sender that only lost its lock was taken for dead; its answer is worth more than that guess, and that the
# message was accepted is worth more than what a person decided meanwhile. After a further attempt has begun
# the row is no longer its own.
_FINISH = """
with held as (
    select delivery_id, attempt_count from delivery
    where delivery_id = :delivery and attempt_count = :attempt for update
), settled as (
    update delivery v set state = :state, reply_code = :reply, reason_code = :reason,
        reply_text = :reply_text, changed_at = :at, next_attempt_at = :next_attempt_at,
        owner = case when :state in ('unknown', 'failed') then :owner else '' end
    from held where v.delivery_id = held.delivery_id and (v.state = 'sending' or :state = 'sent'
        or (v.state = 'unknown' and v.reason_code = 'sender_died'))
)
update delivery_attempt a set state = :state, reply_code = :reply, reason_code = :reason, ended_at = :at
from held where a.delivery_id = held.delivery_id and a.attempt_number = held.attempt_count
    and (a.state in ('sending', :state) or (a.state = 'unknown' and a.reason_code = 'sender_died'))
"""

_BEGIN = """
with begun as (
    update delivery set state = 'sending', attempt_count = attempt_count + 1, changed_at = :at,
        next_attempt_at = null,
        content_sha256 = decode(nullif(:hash, ''), 'hex'), mail_sha256 = decode(nullif(:mail, ''), 'hex')
    where delivery_id = :delivery and state = 'queued' and attempt_count = :attempts
    returning delivery_id, attempt_count
)
insert into delivery_attempt (delivery_id, attempt_number, started_at, payer_version_id)
select delivery_id, attempt_count, :at, :payer_version from begun
"""

_GIVEN_UP_MEANWHILE = """
select exists (select from delivery
    where delivery_id = :delivery and state = 'failed' and attempt_count = :attempts)
"""


class SqlDocumentStore(CompanyStore):
    """Documents and outbox in PostgreSQL; the implementation of ``steps.delivery_ports.DocumentStore``."""

    def __init__(self, database: Database, clock: Clock, *, pull_days: int = 5) -> None:
        """Use ``database``, and ``clock`` for the instants that rows keep.

        What partners fetch waits for ``pull_days``.
        """
        super().__init__(database, clock)
        self.pull_days = pull_days

    def make_documents(self, company_id: int, billing_date: date | None) -> int:
        """Add the missing document rows; return how many."""
        values = {"company": company_id, "day": billing_date, "at": self.clock()}
        with self.database.transaction() as connection:
            return connection.execute(text(_MAKE_DOCUMENTS), values).rowcount

    def proof_jobs(self, company_id: int, billing_date: date | None) -> Sequence[PrintJob]:
        """Return one unsent document per language and template version."""
        with self.database.transaction() as connection:
            rows = connection.execute(text(_PROOFS), {"company": company_id, "day": billing_date}).all()
            return _jobs(connection, [tuple(row) for row in rows])

    @contextmanager
    def lock_deliveries(self, company_id: int, progress: Progress) -> Iterator[None]:
        """Hold the company's delivery lock on a session of its own."""
        waits_for = "waiting for another delivery of this company"
        with hold_lock(self.database, LockSpace.DELIVERIES, company_id, waits_for, progress):
            yield

    def settle_interrupted(self, company_id: int) -> int:
        """Mark rows that a dead sender left behind as unknown, with an owner; of an inbox all is known."""
        at = self.clock()
        values = {"company": company_id, "at": at, "owner": FIRST_OWNER}
        with self.database.transaction() as connection:
            settle_portal(connection, company_id, at)
            return connection.execute(text(_INTERRUPTED), values).rowcount

    def closed_days(self, company_id: int, closed_day_id: int) -> ClosedDays:
        """Return what the company has closed itself, by the rows up to that one."""
        with self.database.transaction() as connection:
            return read_closed_days(connection, company_id, closed_day_id)

    def unqueued_runs(self, company_id: int, billing_date: date | None) -> Sequence[UnqueuedRun]:
        """Return the runs that have a document without its outbox row."""
        with self.database.transaction() as connection:
            return unqueued_runs(connection, company_id, billing_date)

    def queue(
        self,
        company_id: int,
        billing_date: date | None,
        message_domain: str,
        send_dates: Mapping[int, date] = MappingProxyType({}),
    ) -> QueueCounts:
        """Add the missing outbox rows; what has no address fails, and is queued again once it has one."""
        at = self.clock()
        with self.database.transaction() as connection:
            counts = queue_deliveries(connection, company_id, billing_date, message_domain, send_dates, at=at)
            give_up_unfetched(connection, company_id, at=at)
            fallen = fall_back(connection, company_id, billing_date, message_domain, at=at)
            set_fetch_times(connection, company_id, self.pull_days, at=at)
            return replace(counts, fallen_back_count=fallen)

    def queued_counts(
        self,
        company_id: int,
        billing_date: date | None,
        today: date = date.max,
        which: Which = EVERY,
    ) -> tuple[int, int]:
        """Return how many rows wait to be sent, and how many wait for their day or the end of a hold."""
        values = {
            "company": company_id,
            "day": billing_date,
            "today": today,
            "due_at": which.due_at,
            "channels": list(which.channels),
        }
        with self.database.transaction() as connection:
            due_count, held_count = connection.execute(text(_QUEUED_COUNTS), values).one()
        return due_count, held_count

    def next_deliveries(
        self,
        company_id: int,
        billing_date: date | None,
        after_id: int,
        limit: int,
        today: date = date.max,
        which: Which = EVERY,
    ) -> Sequence[QueuedDelivery]:
        """Return the next queued rows that may leave, with their complete invoices."""
        values = {
            "company": company_id,
            "day": billing_date,
            "after": after_id,
            "limit": limit,
            "today": today,
            "due_at": which.due_at,
            "channels": list(which.channels),
            "full_domains": list(which.full_domains),
            **_RULES_OF_ATTEMPTS,
            "untouched_since": which.untouched_since,
            "partner": which.partner_code,
        }
        with self.database.transaction() as connection:
            rows = connection.execute(text(_NEXT), values).all()
            jobs = _jobs(
                connection, [(r.document_id, r.invoice_id, r.template_version_id, r.pdf_hex) for r in rows]
            )
        return [
            QueuedDelivery(
                delivery_id=row.delivery_id,
                channel=row.channel,
                endpoint_code=row.endpoint_code,
                is_doubtful=row.is_doubtful,
                first_form=MailForm(row.first_form) if row.first_form else None,
                payer_id=row.payer_id,
                invoice_id=row.invoice_id,
                message_id=row.message_id,
                attempt_count=row.attempt_count,
                refused_count=row.refused_count,
                to_email=row.email,
                payer_version_id=row.payer_version_id,
                job=job,
            )
            for row, job in zip(rows, jobs, strict=True)
        ]

    def keep_renderings(self, printed: Sequence[PrintedInvoice]) -> Sequence[int]:
        """Keep first renderings; return the documents whose bytes differ from the first ones."""
        return keep_renderings(self.database, printed, self.clock())

    def kept_pdf(self, document_id: int) -> bytes:
        """Return the kept bytes of a document's first rendering; empty where none are kept."""
        return kept_pdf(self.database, document_id)

    def keep_mails(self, printed: Sequence[PrintedInvoice]) -> Sequence[int]:
        """Keep hashes of first mails; return the documents whose mail differs from the first one."""
        return keep_mails(self.database, printed)

    def hand_over(
        self,
        finished: Finished | None,
        following: QueuedDelivery | None,
        carried: Carried = NOTHING,
    ) -> bool:
        """Record one result and mark the next row as sending, in one committed transaction.

        False where the next row was given up meanwhile: it is not to be sent.
        """
        with self.database.transaction() as connection:
            if finished is not None:
                row_count = connection.execute(text(_FINISH), _finish_values(finished)).rowcount
                _require_own(row_count == 1, finished.row)
            return following is None or self._begin(connection, following, carried)

    def _begin(self, connection: Connection, row: QueuedDelivery, carried: Carried) -> bool:
        values = {
            "delivery": row.delivery_id,
            "attempts": row.attempt_count,
            "payer_version": row.payer_version_id,
            "at": self.clock(),
            "hash": carried.pdf_sha256,
            "mail": carried.mail_sha256,
        }
        if connection.execute(text(_BEGIN), values).rowcount == 1:
            return True
        _require_own(connection.execute(text(_GIVEN_UP_MEANWHILE), values).scalar_one(), row)
        return False


def _jobs(connection: Connection, rows: Sequence[tuple[int, int, int, str]]) -> list[PrintJob]:
    invoices = read_invoices(connection, [row[1] for row in rows])
    return [
        PrintJob(document_id=row[0], template_version_id=row[2], invoice=invoice, pdf_sha256=row[3])
        for row, invoice in zip(rows, invoices, strict=True)
    ]


def _require_own(is_own: bool, row: QueuedDelivery) -> None:
    if not is_own:
        raise BillingError(
            "delivery_taken",
            f"delivery {row.delivery_id} is in the hands of another program",
            "another program sends for this company; run 'billing deliver' again when it has ended",
        )


def _finish_values(finished: Finished) -> dict[str, Any]:
    result = finished.result
    return {
        "delivery": finished.row.delivery_id,
        "attempt": finished.row.attempt_count + 1,
        "state": result.state.value,
        "reply": result.reply_code,
        "reason": result.reason_code,
        "reply_text": result.reply_text,
        "owner": FIRST_OWNER,
        "at": finished.ended_at,
        "next_attempt_at": finished.next_attempt_at,
    }
