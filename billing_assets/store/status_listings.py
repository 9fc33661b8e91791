"""Events of invoices as others read them: from a number on, of some kinds, of an invoice or a policy.

Belongs here: reading what was told, and how far telling is behind. Does not belong here: telling
(``statuses``), subscriptions (``status_subscriptions``).

A reader that goes on behind the last number it has seen misses nothing, because numbers become visible in
their order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from billing_assets.domain.errors import BillingError
from billing_assets.domain.statuses import FactKind, StatusEvent, StatusKind

_COLUMNS = """e.event_number, e.event_kind, e.fact_kind, e.fact_id, e.fact_turn, e.invoice_id,
    e.invoice_number, e.policy_numbers, e.related_number, e.currency, e.total_minor, e.amount_minor,
    e.open_minor, e.due_date, e.occurred_date, e.channel, e.reason_code, e.told_at"""
_ALL = f"""
select {_COLUMNS} from status_event e where e.company_id = :company and e.event_number > :after
order by e.event_number limit :limit
"""  # noqa: S608 - constants
# Of each kind so many from its own index: a rare kind is found among millions of others.
_OF_KINDS = f"""
select {_COLUMNS} from unnest(cast(:kinds as text[])) as k (kind) cross join lateral (
    select * from status_event where company_id = :company and event_kind = k.kind and event_number > :after
    order by event_number limit :limit
) e order by e.event_number limit :limit
"""  # noqa: S608 - constants
_NEWEST = f"""
select {_COLUMNS} from status_event e where e.company_id = :company
    and (cast(:before as bigint) is null or e.event_number < :before)
    and (:kind = '' or e.event_kind = :kind)
order by e.event_number desc limit :limit
"""  # noqa: S608 - constants
_OF_INVOICE = f"""
select {_COLUMNS} from status_account a join status_event e using (invoice_id)
where a.company_id = :company and a.invoice_number = :invoice
    and (cast(:before as bigint) is null or e.event_number < :before)
    and (:kind = '' or e.event_kind = :kind)
order by e.event_number desc limit :limit
"""  # noqa: S608 - constants
_ONE = f"select {_COLUMNS} from status_event e where e.company_id = :company and e.event_number = :number"  # noqa: S608
_LAG = """
select coalesce((select last_number from status_book where company_id = :company), 0) as last_number,
    s.source_count, s.fact_count, s.oldest_at
from (select count(*) as source_count, coalesce(sum(cardinality(fact_ids)), 0)::bigint as fact_count,
    min(recorded_at) as oldest_at from status_source where company_id = :company) s
"""

_COUNTS = """
select event_kind, count(*) from status_event
where company_id = :company and event_number > :after group by event_kind
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusLag:
    """How far telling is behind: what was recorded and not told yet, and since when the first of it waits."""

    last_number: int
    source_count: int
    fact_count: int
    oldest_at: datetime | None


def read_events(
    connection: Connection,
    company_id: int,
    *,
    after_number: int,
    limit: int,
    kinds: Sequence[StatusKind] = tuple(StatusKind),
) -> list[StatusEvent]:
    """Return the events behind a number, of some kinds, in their order."""
    is_all = len(kinds) == len(StatusKind)
    values = {"company": company_id, "after": after_number, "limit": limit, "kinds": [*kinds]}
    rows = connection.execute(text(_ALL if is_all else _OF_KINDS), values)
    return [_event(row) for row in rows]


def list_events(
    connection: Connection,
    company_id: int,
    *,
    kind: str = "",
    invoice_number: str = "",
    before_number: int | None = None,
    limit: int = 20,
) -> list[StatusEvent]:
    """Return events, the newest first."""
    values = {
        "company": company_id,
        "kind": kind,
        "invoice": invoice_number,
        "before": before_number,
        "limit": limit,
    }
    query = _OF_INVOICE if invoice_number else _NEWEST
    return [_event(row) for row in connection.execute(text(query), values)]


def read_event(connection: Connection, company_id: int, event_number: int) -> StatusEvent:
    """Return one event, or raise ``status_unknown``."""
    row = connection.execute(text(_ONE), {"company": company_id, "number": event_number}).first()
    if row is None:
        raise BillingError(
            "status_unknown", f"there is no event {event_number}", "'billing statuses list' has them"
        )
    return _event(row)


def read_lag(connection: Connection, company_id: int) -> StatusLag:
    """Return how far telling is behind."""
    row = connection.execute(text(_LAG), {"company": company_id}).mappings().one()
    return StatusLag(**row)


def count_events(connection: Connection, company_id: int, after_number: int) -> dict[str, int]:
    """Return kind -> number of events behind a number."""
    rows = connection.execute(text(_COUNTS), {"company": company_id, "after": after_number})
    return {row[0]: row[1] for row in rows}


def _event(row: Row[Any]) -> StatusEvent:
    plain = {name: getattr(row, name) for name in StatusEvent.__slots__}
    return StatusEvent(
        **{
            **plain,
            "event_kind": StatusKind(row.event_kind),
            "fact_kind": FactKind(row.fact_kind),
            "policy_numbers": tuple(row.policy_numbers),
        }
    )
