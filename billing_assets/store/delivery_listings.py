"""Deliveries as people follow them: counts, the worklist, and one with all that became of it.

Belongs here: read models of the outbox. Does not belong here: any writing (``deliveries``,
``delivery_decisions``).

A list never holds an address: it says whether a newer one is known.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from billing_assets.domain.decisions import GIVEN_UP_REASON, DecidedDelivery, delivery_unknown
from billing_assets.domain.delivery_channels import ONE_BY_ONE, DeliveryChannel
from billing_assets.domain.delivery_proofs import DeliveryAttempt
from billing_assets.domain.delivery_waits import NextStep, next_step
from billing_assets.domain.numbering import document_number
from billing_assets.store.bounces import BounceRow, bounces_of
from billing_assets.store.delivery_decisions import decisions_of
from billing_assets.store.delivery_fallbacks import FALLS_BACK, NEXT_WAY, never
from billing_assets.store.delivery_proofs import attempts_of
from billing_assets.store.delivery_queue import (
    HAS_ITS_DAY,
    IS_DUE,
    MAY_LEAVE,
    NEWEST_ADDRESS,
    OF_DATE,
    OTHER_WAY,
)
from billing_assets.store.pulled_deliveries import NOT_FETCHED

# What 'billing deliver' of the date would do: send what waits and what has an address by now, and let go by
# the next channel what failed.
_OF_WAITING = f"""
from delivery v join document d using (document_id) join invoice i using (invoice_id)
join billing_run r using (run_id)
{NEWEST_ADDRESS}
"""
_WAITING_DATES = f"""
select r.billing_date {_OF_WAITING}
where v.company_id = :company and v.state in ('queued', 'failed') and v.channel = any(:channels)
    and v.channel = any(newest.ways) and {MAY_LEAVE} and {HAS_ITS_DAY} and {IS_DUE}
union
select r.billing_date {_OF_WAITING} {NEXT_WAY}
where v.company_id = :company and v.state = 'failed' and {FALLS_BACK}
union
select r.billing_date {_OF_WAITING}
where v.company_id = :company and {NOT_FETCHED}
order by 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """A delivery as people follow it.

    ``send_date`` is the day until which it is, or was, held, or None; ``next_attempt_at`` when it is tried
    again by itself, None where that is at once or never. ``has_address``: an e-mail address of
    the payer is known. ``has_newer_address``: the payer's
    newest e-mail address is another one than the last attempt used, or, before any attempt, there is one
    where the invoice had none.
    """

    delivery_id: int
    invoice_number: str
    billing_date: date
    channel: str
    message_id: str
    state: str
    reason_code: str
    reply_code: int
    reply_text: str
    owner: str
    attempt_count: int
    send_date: date | None
    next_attempt_at: datetime | None
    other_way: str
    next_way: str
    has_address: bool
    has_newer_address: bool
    queued_at: datetime
    changed_at: datetime

    @property
    def next_step(self) -> NextStep:
        """What happens next to it by itself."""
        return next_step(
            self.state,
            self.reason_code,
            has_instant=self.next_attempt_at is not None,
            is_untried=self.attempt_count == 0,
            has_next_way=bool(self.next_way),
            channel=self.channel,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryDetail:
    """One delivery with its attempts, what came back of it and the decisions of people, each oldest first."""

    delivery: DeliveryRow
    attempts: tuple[DeliveryAttempt, ...]
    bounces: tuple[BounceRow, ...]
    decisions: tuple[DecidedDelivery, ...]


_COUNTS = """
select state, count(*) from delivery where company_id = :company group by state
order by array_position(array['queued', 'sending', 'sent', 'failed', 'unknown'], state)
"""
_COUNTS_OF_RUN = """
select v.state, count(*) from delivery v join document d using (document_id) join invoice i using (invoice_id)
where v.company_id = :company and i.run_id = :run group by v.state
order by array_position(array['queued', 'sending', 'sent', 'failed', 'unknown'], v.state)
"""

_REASONS = """
select state, reason_code, count(*) as delivery_count, min(changed_at) as since
from delivery
where company_id = :company and state <> 'sent' and (:with_given_up or reason_code <> :given_up)
group by state, reason_code order by count(*) desc, state, reason_code
"""

_DELIVERIES = f"""
select v.*, s.prefix, i.invoice_number, r.billing_date, v.channel = any(newest.ways) as has_address,
    coalesce({OTHER_WAY}, '') as other_way, coalesce(following.channel, '') as next_way,
    v.channel = 'email' and newest.email <> '' and newest.email <> coalesce((
    select coalesce(y.content::json ->> 'email', '') from delivery_attempt a
    join payer_version y on y.payer_version_id = coalesce(a.payer_version_id, i.payer_version_id)
    where a.delivery_id = v.delivery_id order by a.attempt_number desc limit 1
    ), frozen.content::json ->> 'email', '') as has_newer_address
from delivery v join document d using (document_id) join invoice i using (invoice_id)
join number_series s using (number_series_id) join billing_run r using (run_id)
join payer_version frozen on frozen.payer_version_id = i.payer_version_id
{NEWEST_ADDRESS}
left join lateral (select chosen.channel from (select) as one {NEXT_WAY}) following on {FALLS_BACK}
where v.company_id = :company
"""  # noqa: S608 - constants


def count_deliveries(connection: Connection, company_id: int, *, run_id: int | None = None) -> dict[str, int]:
    """Return state -> deliveries, of a run or of all; states that do not occur are left out."""
    query = text(_COUNTS if run_id is None else _COUNTS_OF_RUN)
    return {row[0]: row[1] for row in connection.execute(query, {"company": company_id, "run": run_id})}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonCount:
    """How many deliveries are in a state for one reason, and since when the first of them is."""

    state: str
    reason_code: str
    delivery_count: int
    since: datetime


def count_reasons(
    connection: Connection, company_id: int, *, with_given_up: bool = False
) -> list[ReasonCount]:
    """Return why deliveries are not sent, the most frequent reason first."""
    values = {"company": company_id, "with_given_up": with_given_up, "given_up": GIVEN_UP_REASON}
    return [ReasonCount(**row) for row in connection.execute(text(_REASONS), values).mappings()]


def count_given_up(connection: Connection, company_id: int) -> int:
    """Return how many of the failed deliveries were given up."""
    query = text(
        "select count(*) from delivery where company_id = :company and state <> 'sent' "
        "and reason_code = :given_up"
    )
    return int(connection.execute(query, {"company": company_id, "given_up": GIVEN_UP_REASON}).scalar_one())


def deliveries_of(connection: Connection, company_id: int, invoice_id: int) -> list[DeliveryRow]:
    """Return the deliveries of one invoice, oldest first."""
    query = text(f"{_DELIVERIES} and i.invoice_id = :invoice order by v.delivery_id")
    values = {"company": company_id, "invoice": invoice_id, "never": never()}
    return [_delivery(row) for row in connection.execute(query, values)]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingLater:
    """How many messages have their next attempt later, and when the first and the last of them have it."""

    delivery_count: int
    first_at: datetime | None
    last_at: datetime | None


def count_waiting_later(
    connection: Connection, company_id: int, billing_date: date | None, at: datetime
) -> WaitingLater:
    """Return what a call at ``at`` that takes up only what is due leaves alone, of one date or of all."""
    query = f"""
        select count(*) as delivery_count, min(next_attempt_at) as first_at, max(next_attempt_at) as last_at
        from delivery v join document d using (document_id) join invoice i using (invoice_id)
        join billing_run r using (run_id)
        where v.company_id = :company and v.state = 'queued' and v.next_attempt_at > :at and {OF_DATE}
    """  # noqa: S608 - constants
    values = {"company": company_id, "day": billing_date, "at": at}
    return WaitingLater(**connection.execute(text(query), values).mappings().one())


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFilter:
    """Which undelivered ones, longest waiting first, above ``after_id``; an empty field asks for nothing."""

    state: str = ""
    reason_code: str = ""
    billing_date: date | None = None
    with_given_up: bool = False
    after_id: int = 0
    limit: int = 20


UNSENT_REASONS = """
with recursive reason as (
    (select state, reason_code from delivery where company_id = :company and state <> 'sent'
     order by 1, 2 limit 1)
    union all
    select n.state, n.reason_code from reason r cross join lateral (
        select state, reason_code from delivery where company_id = :company and state <> 'sent'
            and (state, reason_code) > (r.state, r.reason_code) order by 1, 2 limit 1) n
)
"""
"""The first state and reason, then from each the next: as many probes of the index as there are reasons."""

# The longest waiting of each reason, and of these the longest waiting: millions of others are not looked at.
_PAGE = """, page as materialized (
    select v.* from reason r cross join lateral (
        select * from delivery v where v.company_id = :company and v.state <> 'sent' and v.state = r.state
            and v.reason_code = r.reason_code and v.delivery_id > :after {of_day}
        order by v.delivery_id limit :limit
    ) v
    where (:with_given_up or r.reason_code <> :given_up) and (:state = '' or r.state = :state)
        and (:reason = '' or r.reason_code = :reason)
    order by v.delivery_id limit :limit
)
"""
_OF_DAY = """and exists (select from document d join invoice i using (invoice_id)
    join billing_run r using (run_id) where d.document_id = v.document_id and r.billing_date = :day)
"""


def list_undelivered(connection: Connection, company_id: int, wanted: DeliveryFilter) -> list[DeliveryRow]:
    """Return deliveries that were not accepted, longest waiting first, at most ``wanted.limit``."""
    page = _PAGE.format(of_day=_OF_DAY if wanted.billing_date else "")
    rows = _DELIVERIES.replace("from delivery v", "from page v")
    values = {
        "company": company_id,
        "state": wanted.state,
        "reason": wanted.reason_code,
        "with_given_up": wanted.with_given_up,
        "given_up": GIVEN_UP_REASON,
        "never": never(),
        "day": wanted.billing_date,
        "after": wanted.after_id,
        "limit": wanted.limit,
    }
    query = text(f"{UNSENT_REASONS}{page}{rows} order by v.delivery_id")
    return [_delivery(row) for row in connection.execute(query, values)]


def find_deliveries(connection: Connection, company_id: int, ids: Sequence[int]) -> list[DeliveryRow]:
    """Return these deliveries, whatever their state."""
    query = text(f"{_DELIVERIES} and v.delivery_id = any(:ids) order by v.delivery_id")
    return [
        _delivery(row)
        for row in connection.execute(query, {"company": company_id, "ids": list(ids), "never": never()})
    ]


def show_delivery(connection: Connection, company_id: int, delivery_id: int) -> DeliveryDetail:
    """Return one delivery with its history, or raise ``delivery_unknown``."""
    values = {"company": company_id, "delivery": delivery_id, "never": never()}
    row = connection.execute(text(f"{_DELIVERIES} and v.delivery_id = :delivery"), values).first()
    if row is None:
        raise delivery_unknown(delivery_id)
    return DeliveryDetail(
        delivery=_delivery(row),
        attempts=attempts_of(connection, delivery_id),
        bounces=tuple(bounces_of(connection, company_id, delivery_id)),
        decisions=tuple(decisions_of(connection, company_id, delivery_id)),
    )


def _delivery(row: Any) -> DeliveryRow:  # noqa: ANN401 - a row of SQLAlchemy
    return DeliveryRow(
        delivery_id=row.delivery_id,
        invoice_number=document_number(row.prefix, row.invoice_number),
        billing_date=row.billing_date,
        channel=row.channel,
        message_id=row.message_id,
        state=row.state,
        reason_code=row.reason_code,
        reply_code=row.reply_code,
        reply_text=row.reply_text,
        owner=row.owner,
        attempt_count=row.attempt_count,
        send_date=row.send_date,
        next_attempt_at=row.next_attempt_at,
        other_way=row.other_way,
        next_way=row.next_way,
        has_address=row.has_address,
        has_newer_address=row.has_newer_address,
        queued_at=row.queued_at,
        changed_at=row.changed_at,
    )


def list_waiting_dates(
    connection: Connection, company_id: int, today: date, due_at: datetime | None = None, *, at: datetime
) -> list[date]:
    """Return the billing dates of which a delivery waits for another attempt, oldest first.

    With ``due_at`` only those of which one may be tried again by then.

    What was refused as often as is allowed waits no more: it has failed, and a person decides on it. What is
    held waits from its own day on. What nobody has fetched by ``at``, though it was to be, goes another way.
    """
    values = {
        "at": at,
        "company": company_id,
        "day": None,
        "today": today,
        "due_at": due_at,
        "channels": list(ONE_BY_ONE),
        "never": never(),
    }
    return list(connection.execute(text(_WAITING_DATES), values).scalars())


def list_letter_dates(connection: Connection, company_id: int, today: date) -> list[date]:
    """Return the billing dates of which a document waits to go by post, oldest first."""
    values = {
        "company": company_id,
        "day": None,
        "today": today,
        "channel": DeliveryChannel.PRINT_POST.value,
    }
    query = f"""
        select distinct r.billing_date from delivery v join document d using (document_id)
        join invoice i using (invoice_id) join billing_run r using (run_id)
        where v.company_id = :company and v.state = 'queued' and v.channel = :channel
            and {HAS_ITS_DAY}
        order by 1
    """  # noqa: S608 - constants
    return list(connection.execute(text(query), values).scalars())
