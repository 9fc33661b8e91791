"""The inbox of policy events in the store: what other systems told, and what became of it.

Belongs here: adding, taking, marking and listing rows of ``policy_event``; the store's side of
``steps.event_ports``. Does not belong here: writing the book (``policies``, ``policy_changes``), answering
the requests that events leave (``inbox``).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import Connection, text

from billing_assets.domain.errors import BillingError
from billing_assets.domain.policy_events import AWAITS_TERM, EventCounts, EventKind, OpenEvent, PolicyEvent
from billing_assets.domain.problems import ROW_TAKEN_CODES
from billing_assets.steps.event_rows import SOURCE
from billing_assets.steps.run_ports import Clock, Progress, silent
from billing_assets.store.connection import Database
from billing_assets.store.copy import copy_in
from billing_assets.store.inbox import NUMBERS
from billing_assets.store.locks import LockSpace, hold_lock
from billing_assets.store.policies import IntakeTransaction, SqlIntakeStore
from billing_assets.store.policy_changes import ChangeTransaction, SqlChangeStore

_STAGE = """
create temporary table incoming_event (
    event_number int not null, event_key text not null, event_kind text not null, version bigint not null,
    body text not null
) on commit drop
"""
_ADD = """
insert into policy_event (company_id, event_key, event_kind, version, body, received_at)
select :company, event_key, event_kind, version, cast(body as jsonb), :at
from incoming_event order by event_number
on conflict (company_id, event_key, body_sha256) do nothing
"""
_HAS_TERM = """exists (select from policy p join policy_term t using (policy_id)
    where p.company_id = e.company_id and p.policy_number = e.policy_number
        and t.effective_date = e.effective_date)"""
# A change whose term or day cannot be read does not wait: it is taken and refused.
_CAN_BE_TAKEN = f"""(e.event_kind = 'policy' or e.policy_number = '' or e.effective_date is null
    or {_HAS_TERM})"""
# Of however many are open the oldest are looked at: the work of a batch does not grow with what waits.
_LOOKED_AT = 100_000
_NEXT = f"""
with looked as materialized (
    select e.policy_event_id, e.version, case when e.policy_number = '' then e.policy_event_id::text
        when e.event_kind = 'policy' then e.policy_number else e.record_key end as one_by_one
    from policy_event e
    where e.company_id = :company and e.event_kind = :kind and e.state = 'open'
        and e.policy_event_id <= :upto and {_CAN_BE_TAKEN}
    order by e.policy_event_id limit :looked_at
)
select e.policy_event_id, e.version, e.body::text as original,
    exists (select from policy_event f where f.company_id = e.company_id and f.event_key = e.event_key
        and f.policy_event_id < e.policy_event_id) as is_key_reused,
    coalesce(known.version, 0) as known_version, coalesce(known.is_same, false) as is_known
from (
    select policy_event_id from (
        select distinct on (one_by_one) policy_event_id from looked
        order by one_by_one, version, policy_event_id
    ) lowest order by policy_event_id limit :count
) taken join policy_event e using (policy_event_id)
left join lateral (
    select k.version, bool_or(k.body_sha256 = e.body_sha256) as is_same from policy_event k
    where k.company_id = e.company_id and k.record_key = e.record_key and k.event_kind = e.event_kind
        and k.state <> 'open' and k.reason_code <> all(array['stale', 'event_key_reused'])
        and e.policy_number <> ''
    group by k.version order by k.version desc limit 1
) known on true
order by e.policy_event_id
"""  # noqa: S608 - constants
_SETTLE = """
update policy_event e set state = 'done', reason_code = a.reason_code, answered_at = :at
from unnest(cast(:ids as bigint[]), cast(:reasons as text[])) as a (policy_event_id, reason_code)
where e.policy_event_id = a.policy_event_id and e.state = 'open'
"""
# Of several problems of a row the one that refused it is told; the batch is the last one of the company,
# because this transaction has just written it and imports take turns.
_TAKE = """
with batch as (select max(batch_id) as batch_id from intake_batch where company_id = :company), found as (
    select distinct on (q.row_number) q.row_number, q.problem_id, q.problem_code,
        q.problem_code <> all(:row_taken) as is_refused
    from problem q join batch using (batch_id)
    where q.company_id = :company and q.row_number is not null
    order by q.row_number, is_refused desc, q.problem_id
)
update policy_event e set state = case when f.is_refused then 'refused' else 'done' end,
    reason_code = coalesce(f.problem_code, ''), problem_id = f.problem_id, batch_id = b.batch_id,
    answered_at = :at
from unnest(cast(:ids as bigint[])) with ordinality as a (policy_event_id, row_number)
cross join batch b left join found f on f.row_number = a.row_number
where e.policy_event_id = a.policy_event_id and e.state = 'open'
"""
# The first invoice of what a book of another source has brought is left to the date that its plan gives it.
# Current and former versions are asked for apart: each has an index, and both together have none.
_REQUEST = """
insert into inbox_request (company_id, request_kind, request_key, policy_number, received_at)
select e.company_id, case when e.event_kind = 'policy' and not exists (
        select from policy p join policy_term_version v on v.company_id = p.company_id
            and v.policy_id = p.policy_id and v.superseded_batch_id is null
        join intake_batch b on b.batch_id = v.batch_id and b.source_code <> :source
        where p.company_id = e.company_id and p.policy_number = e.policy_number
    ) and not exists (
        select from policy p join policy_term_version v on v.company_id = p.company_id
            and v.policy_id = p.policy_id and v.superseded_batch_id is not null
        join intake_batch b on b.batch_id = v.batch_id and b.source_code <> :source
        where p.company_id = e.company_id and p.policy_number = e.policy_number
    ) then 'first_invoice' else 'due_now' end,
    'policy event ' || e.policy_event_id, e.policy_number, :at
from policy_event e
where e.policy_event_id = any(cast(:ids as bigint[])) and e.state = 'done' order by e.policy_event_id
"""
_COUNTS = f"""
select count(*) filter (where {_CAN_BE_TAKEN}) as takeable, count(*) as open_count
from policy_event e where e.company_id = :company and e.state = 'open'
"""  # noqa: S608 - constants
_LIST = f"""
select e.policy_event_id as event_id, e.event_key, e.event_kind, e.record_key, e.version, e.received_at,
    e.state, case when e.state = 'open' and not {_CAN_BE_TAKEN} then :awaits else e.reason_code end
        as reason_code, e.problem_id, e.answered_at,
    array(select found.document_number from inbox_request i cross join lateral (
            {NUMBERS.format(run="i.run_id", company="i.company_id", policy="i.policy_number")}
        ) found
        where i.company_id = e.company_id and i.request_key = 'policy event ' || e.policy_event_id
            and i.state = 'done' order by 1) as invoice_numbers
from policy_event e
where e.company_id = :company and (:state = '' or e.state = :state)
    and (:policy = '' or e.policy_number = :policy)
    and (cast(:before as bigint) is null or e.policy_event_id < :before)
order by e.policy_event_id desc limit :limit
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """An event with what became of it, and the invoices that it led to."""

    event_id: int
    event_key: str
    event_kind: str
    record_key: str
    version: int
    received_at: datetime
    state: str
    reason_code: str
    problem_id: int | None
    answered_at: datetime | None
    invoice_numbers: tuple[str, ...]


class SqlEventInbox:
    """The policy events of one company; the implementation of ``steps.event_ports.EventInbox``."""

    def __init__(self, database: Database, company_id: int, clock: Clock) -> None:
        """Use ``database``, and ``clock`` for the instants that rows keep."""
        self.database = database
        self.company_id = company_id
        self.clock = clock

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the right to drain the events; it is free as soon as the block or the process ends."""
        space = LockSpace.POLICY_EVENTS
        with hold_lock(self.database, space, self.company_id, "waiting for another drain", silent):
            yield

    def newest_id(self) -> int:
        """Return the id of the newest event, 0 where there is none."""
        query = text(
            "select coalesce(max(policy_event_id), 0) from policy_event where company_id = :company "
            "and state = 'open'"
        )
        with self.database.transaction() as connection:
            return int(connection.execute(query, {"company": self.company_id}).scalar_one())

    def next_events(self, kind: EventKind, up_to_id: int, count: int) -> tuple[OpenEvent, ...]:
        """Return open events of a kind, oldest first; see ``steps.event_ports.EventInbox``."""
        values = {
            "company": self.company_id,
            "kind": kind.value,
            "upto": up_to_id,
            "count": count,
            "looked_at": _LOOKED_AT,
        }
        with self.database.transaction() as connection:
            rows = connection.execute(text(_NEXT), values).all()
        return tuple(
            OpenEvent(
                event_id=row.policy_event_id,
                event_kind=kind,
                version=row.version,
                fields=_fields(row.original),
                original=row.original,
                is_key_reused=row.is_key_reused,
                known_version=row.known_version,
                is_known=row.is_known,
            )
            for row in rows
        )

    def settle(self, reasons: Mapping[int, str]) -> None:
        """Mark events as done for the reason that nothing is to be done with them."""
        values = {"ids": list(reasons), "reasons": list(reasons.values()), "at": self.clock()}
        with self.database.transaction() as connection:
            connection.execute(text(_SETTLE), values)

    def counts(self) -> EventCounts:
        """Return how many events are open."""
        with self.database.transaction() as connection:
            row = connection.execute(text(_COUNTS), {"company": self.company_id}).one()
        return EventCounts(takeable=row.takeable, awaiting=row.open_count - row.takeable)

    def book_store(self, event_ids: Sequence[int]) -> SqlIntakeStore:
        """Return a store of imports of policies that marks these events, in the order of the rows."""
        return _BookOfEvents(self, event_ids)

    def change_store(self, event_ids: Sequence[int]) -> SqlChangeStore:
        """Return a store of imports of changes that marks these events, in the order of the rows."""
        return _ChangesOfEvents(self, event_ids)


class _BookOfEvents(SqlIntakeStore):
    """An import of terms that marks its events in its own transaction."""

    def __init__(self, inbox: SqlEventInbox, event_ids: Sequence[int]) -> None:
        super().__init__(inbox.database)
        self.inbox, self.event_ids = inbox, event_ids

    @contextmanager
    def intake(self, company_code: str, progress: Progress) -> Iterator[IntakeTransaction]:
        with super().intake(company_code, progress) as work:
            yield work
            _keep_taken(work.connection, self.inbox, self.event_ids)


class _ChangesOfEvents(SqlChangeStore):
    """An import of changes that marks its events in its own transaction."""

    def __init__(self, inbox: SqlEventInbox, event_ids: Sequence[int]) -> None:
        super().__init__(inbox.database)
        self.inbox, self.event_ids = inbox, event_ids

    @contextmanager
    def intake(self, company_code: str, progress: Progress) -> Iterator[ChangeTransaction]:
        with super().intake(company_code, progress) as work:
            yield work
            _keep_taken(work.connection, self.inbox, self.event_ids)


def _fields(original: str) -> dict[str, object]:
    """Return what an event says; one that is nested deeper than Python reads has a field that is no text."""
    try:
        found: dict[str, object] = json.loads(original, parse_float=str, parse_int=str)
    except RecursionError:
        return {"nested": []}
    return found


def _keep_taken(connection: Connection, inbox: SqlEventInbox, event_ids: Sequence[int]) -> None:
    """Mark the events of the batch that was just written, and leave requests to bill their policies."""
    values = {
        "company": inbox.company_id,
        "ids": list(event_ids),
        "row_taken": list(ROW_TAKEN_CODES),
        "source": SOURCE,
        "at": inbox.clock(),
    }
    if connection.execute(text(_TAKE), values).rowcount != len(event_ids):
        raise BillingError(
            "events_taken_meanwhile",
            "another program took some of these events meanwhile; nothing of this batch is written",
            "run the same command again: it takes what is open",
        )
    connection.execute(text(_REQUEST), values)


def add_events(connection: Connection, company_id: int, events: Sequence[PolicyEvent], at: datetime) -> int:
    """Add the events that the inbox does not have yet, in order; return how many those are.

    The same key with other content is added too: the drain refuses it, so that it is not lost.
    """
    connection.execute(text(_STAGE))
    frame = pl.DataFrame(
        {
            "event_number": range(len(events)),
            "event_key": [event.event_key for event in events],
            "event_kind": [event.event_kind.value for event in events],
            "version": [event.version for event in events],
            "body": [json.dumps(dict(event.body), ensure_ascii=False) for event in events],
        },
        schema_overrides={"event_key": pl.String, "event_kind": pl.String, "version": pl.Int64},
    )
    copy_in(connection, "incoming_event", frame)
    added = connection.execute(text(_ADD), {"company": company_id, "at": at}).rowcount
    connection.execute(text("drop table incoming_event"))
    return added


def list_events(
    connection: Connection,
    company_id: int,
    *,
    state: str = "",
    policy_number: str = "",
    before_id: int | None = None,
    limit: int = 20,
) -> list[EventRow]:
    """Return events, newest first, with the invoices that they led to."""
    values = {
        "company": company_id,
        "state": state,
        "policy": policy_number,
        "before": before_id,
        "limit": limit,
        "awaits": AWAITS_TERM,
    }
    rows = connection.execute(text(_LIST), values).mappings()
    return [EventRow(**{**row, "invoice_numbers": tuple(row["invoice_numbers"])}) for row in rows]
