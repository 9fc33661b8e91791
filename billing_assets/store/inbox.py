"""The inbox in the store: requests as they were handed in, and what became of each.

Belongs here: adding, listing, taking and marking rows of ``inbox_request``.
Does not belong here: answering a request (``steps.invoice_on_demand``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, Row, text

from billing_assets.domain.errors import BillingError
from billing_assets.domain.on_demand import (
    RUN_HELD,
    Answer,
    InboxEntry,
    Request,
    RequestKind,
    RequestState,
)
from billing_assets.domain.runs import RunState
from billing_assets.store.copy import copy_in
from billing_assets.store.locks import IS_HELD, LockSpace

_STAGE = """
create temporary table inbox_entry (
    entry_number int not null, request_key text not null, policy_number text not null, until_date date
) on commit drop
"""
_ADD = """
insert into inbox_request (company_id, request_key, policy_number, until_date, received_at)
select :company, request_key, policy_number, until_date, :at from inbox_entry order by entry_number
on conflict (company_id, request_key) do nothing
"""
_REUSED = """
select e.request_key, e.policy_number, i.policy_number as kept_policy_number
from inbox_entry e
join inbox_request i on i.company_id = :company and i.request_key = e.request_key
where i.policy_number <> e.policy_number
order by e.entry_number
"""
_NAMED_KEYS = 100
_NEXT = """
select request_id, request_kind, policy_number, until_date from inbox_request
where company_id = :company and state in ('queued', 'waiting') and request_id > :after
order by request_id limit :count for update skip locked
"""
_KEEP = """
update inbox_request i
set state = a.state, reason_code = a.reason_code, run_id = a.run_id, answered_at = :at,
    until_date = coalesce(i.until_date, a.until_date)
from unnest(cast(:ids as bigint[]), cast(:states as text[]), cast(:reasons as text[]),
    cast(:runs as bigint[]), cast(:until as date[])) as a (request_id, state, reason_code, run_id, until_date)
where i.request_id = a.request_id
"""
_KEEP_WAITING = """
insert into inbox_request (company_id, request_key, policy_number, until_date, received_at, state,
    reason_code, run_id, answered_at)
values (:company, :key, :policy, :until, :at, :state, :reason, :run, :at)
returning request_id
"""
# The invoices of a request are those that its run issued for its policy; a run that it waits for is another.
NUMBERS = """
select distinct document_number(s.prefix, n.invoice_number)
from policy p join policy_term t using (policy_id)
join due_charge d on d.run_id = {run} and d.policy_term_id = t.policy_term_id
join invoice n on n.invoice_id = d.invoice_id join number_series s using (number_series_id)
where p.company_id = {company} and p.policy_number = {policy} order by 1
"""
_ROWS = f"""
select i.request_id, i.request_kind, i.request_key, i.policy_number, i.until_date, i.received_at, i.state,
    i.reason_code, i.run_id, i.answered_at,
    case when i.state = 'waiting' then '{{}}'
        else array({NUMBERS.format(run="i.run_id", company="i.company_id", policy="i.policy_number")})
    end as invoice_numbers
from inbox_request i
where i.company_id = :company
"""  # noqa: S608 - constants
_COUNT_OPEN = f"""
select count(*) from inbox_request
where company_id = :company and (state = 'queued' or (state = 'waiting' and not {IS_HELD} and (
    reason_code <> :held or not exists (
        select from billing_run where company_id = :company and state = 'held'))))
    and (request_kind <> 'invoice' or not :is_of_events)
"""  # noqa: S608 - constants
_LIST = (
    _ROWS
    + """ and (:state = '' or i.state = :state) and (:policy = '' or i.policy_number = :policy)
    and (cast(:before as bigint) is null or i.request_id < :before)
order by i.request_id desc limit :limit"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    """A request with its answer; ``until_date`` is what was asked, or what the next installment came to.

    Of one that waits for a held run ``run_id`` is that run.
    """

    request_id: int
    request_kind: str
    request_key: str
    policy_number: str
    until_date: date | None
    received_at: datetime
    state: str
    reason_code: str
    run_id: int | None
    answered_at: datetime | None
    invoice_numbers: tuple[str, ...]


def add_requests(connection: Connection, company_id: int, entries: Sequence[InboxEntry], at: datetime) -> int:
    """Add the entries whose keys the inbox does not have yet, in order; return how many those are.

    Raises:
        BillingError: ``request_key_reused`` for a key that the inbox, or an entry before, has for another
            policy: left out like a repeated one, that policy would never be billed.
    """
    connection.execute(text(_STAGE))
    frame = pl.DataFrame(
        {
            "entry_number": range(len(entries)),
            "request_key": [entry.request_key for entry in entries],
            "policy_number": [entry.policy_number for entry in entries],
            "until_date": [entry.until for entry in entries],
        },
        schema={
            "entry_number": pl.Int64,
            "request_key": pl.String,
            "policy_number": pl.String,
            "until_date": pl.Date,
        },
    )
    copy_in(connection, "inbox_entry", frame)
    added_count = connection.execute(text(_ADD), {"company": company_id, "at": at}).rowcount
    reused = connection.execute(text(_REUSED), {"company": company_id}).all()
    if reused:
        named = "; ".join(
            f"key '{row.request_key}' asks for policy {row.policy_number}, and a request before it has it "
            f"for policy {row.kept_policy_number}"
            for row in reused[:_NAMED_KEYS]
        )
        more = f"; and {len(reused) - _NAMED_KEYS:,} more" if len(reused) > _NAMED_KEYS else ""
        raise BillingError(
            "request_key_reused", f"{named}{more}", "give each request a key of its own; nothing was added"
        )
    return added_count


def next_requests(connection: Connection, company_id: int, after_id: int, count: int) -> tuple[Request, ...]:
    """Return the oldest open requests beyond ``after_id`` and hold their rows for this transaction."""
    values = {"company": company_id, "after": after_id, "count": count}
    rows = connection.execute(text(_NEXT), values).all()
    return tuple(
        Request(
            request_id=row.request_id,
            policy_number=row.policy_number,
            until=row.until_date,
            request_kind=RequestKind(row.request_kind),
        )
        for row in rows
    )


def keep_answers(connection: Connection, answers: Sequence[Answer], at: datetime) -> None:
    """Mark requests with their answers."""
    values = {
        "ids": [answer.request.request_id for answer in answers],
        "states": [answer.state.value for answer in answers],
        "reasons": [answer.reason_code for answer in answers],
        "runs": [answer.run_id for answer in answers],
        "until": [answer.until for answer in answers],
        "at": at,
    }
    connection.execute(text(_KEEP), values)


def keep_waiting(
    connection: Connection, company_id: int, request_key: str, answer: Answer, at: datetime
) -> int:
    """Put a request that has to wait into the inbox, with what it waits for; return its id."""
    values = {
        "company": company_id,
        "key": request_key,
        "policy": answer.request.policy_number,
        "until": answer.until,
        "at": at,
        "state": RequestState.WAITING.value,
        "reason": answer.reason_code,
        "run": answer.run_id,
    }
    return int(connection.execute(text(_KEEP_WAITING), values).scalar_one())


def list_requests(
    connection: Connection,
    company_id: int,
    *,
    state: str = "",
    policy_number: str = "",
    before_id: int | None = None,
    limit: int = 20,
) -> list[InboxRow]:
    """Return requests, newest first, with the invoices that they led to."""
    values = {
        "company": company_id,
        "state": state,
        "policy": policy_number,
        "before": before_id,
        "limit": limit,
    }
    return [_inbox_row(row) for row in connection.execute(text(_LIST), values)]


def show_request(connection: Connection, company_id: int, request_id: int) -> InboxRow:
    """Return a request; raises ``request_unknown``."""
    query = text(f"{_ROWS} and i.request_id = :request")
    row = connection.execute(query, {"company": company_id, "request": request_id}).first()
    if row is None:
        raise BillingError(
            "request_unknown",
            f"the inbox has no request {request_id}",
            "'billing inbox list' shows the requests",
        )
    return _inbox_row(row)


def numbers_of(connection: Connection, company_id: int, run_id: int, policy_number: str) -> tuple[str, ...]:
    """Return the numbers of the documents that a run issued for a policy."""
    query = text(NUMBERS.format(run=":run", company=":company", policy=":policy"))
    values = {"run": run_id, "company": company_id, "policy": policy_number}
    return tuple(connection.execute(query, values).scalars())


def count_open(connection: Connection, company_id: int, *, is_of_events: bool = False) -> int:
    """Return how many requests are open, or those of them that events of policies have left.

    Those that wait for a run do not count while it may be on.
    """
    values = {
        "company": company_id,
        "space": int(LockSpace.RUNS),
        "held": RUN_HELD,
        "is_of_events": is_of_events,
    }
    return int(connection.execute(text(_COUNT_OPEN), values).scalar_one())


def has_run_under_way(connection: Connection, company_id: int) -> bool:
    """Tell whether a run of the company has begun and not ended, be it that it was interrupted."""
    query = text("select exists (select from billing_run where company_id = :company and state = :state)")
    values = {"company": company_id, "state": RunState.RUNNING.value}
    return bool(connection.execute(query, values).scalar_one())


def _inbox_row(row: Row[Any]) -> InboxRow:
    return InboxRow(
        request_id=row.request_id,
        request_kind=row.request_kind,
        request_key=row.request_key,
        policy_number=row.policy_number,
        until_date=row.until_date,
        received_at=row.received_at,
        state=row.state,
        reason_code=row.reason_code,
        run_id=row.run_id,
        answered_at=row.answered_at,
        invoice_numbers=tuple(row.invoice_numbers),
    )
