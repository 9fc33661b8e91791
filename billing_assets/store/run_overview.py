"""Runs at a glance: how far one has come, what comparable dates came to, what was billed on demand.

Belongs here: figures of several runs, or of one that is under way. Does not belong here: one run in full
(``run_listings``).

Whatever a finished run came to is read from the report that it keeps; no row of an invoice is counted here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """How far a run has come: shards and charges committed, of all.

    ``first_at`` and ``last_at`` are when the first and the last shard so far were committed, and
    ``first_charge_count`` the charges of that first one: what came after it tells the speed.
    """

    run_id: int
    shard_count: int
    committed_shard_count: int
    charge_count: int
    committed_charge_count: int
    first_charge_count: int
    first_at: datetime | None
    last_at: datetime | None

    def seconds_left(self, at: datetime) -> int | None:
        """Return how long the rest takes at the speed so far, as of ``at``; None before two shards are done.

        >>> from datetime import timedelta
        >>> start = datetime(2024, 2, 1, 6)
        >>> counts = {"shard_count": 4, "committed_shard_count": 3, "charge_count": 400}
        >>> shards = {"committed_charge_count": 300, "first_charge_count": 100}
        >>> when = {"first_at": start, "last_at": start + timedelta(seconds=20)}
        >>> progress = RunProgress(run_id=1, **counts, **shards, **when)
        >>> progress.charges_a_second, progress.seconds_left(start + timedelta(seconds=24))
        (10, 6)
        """
        if not self.charges_a_second or self.last_at is None:
            return None
        rest = self.charge_count - self.committed_charge_count
        since = int((at - self.last_at).total_seconds())
        return max(0, rest // self.charges_a_second - since)

    @property
    def charges_a_second(self) -> int:
        """How many charges were committed a second, 0 before two shards are done."""
        if self.first_at is None or self.last_at is None:
            return 0
        seconds = (self.last_at - self.first_at).total_seconds()
        return int((self.committed_charge_count - self.first_charge_count) / seconds) if seconds else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DateVolume:
    """What the billing runs of a date came to in one currency."""

    billing_date: date
    currency: str
    invoice_count: int
    total_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDemandDay:
    """What was billed on demand on a business date, in one currency."""

    billing_date: date
    run_count: int
    currency: str
    invoice_count: int
    total_minor: int


_PROGRESS = """
select r.run_id, count(s.shard_number) as shard_count, count(s.committed_at) as committed_shard_count,
    r.due_count as charge_count, coalesce(sum(s.due_count), 0)::bigint as committed_charge_count,
    coalesce((array_agg(s.due_count order by s.committed_at) filter (where s.committed_at is not null))[1], 0)
        as first_charge_count,
    min(s.committed_at) as first_at, max(s.committed_at) as last_at
from billing_run r left join run_shard s using (run_id)
where r.company_id = :company and r.state = 'running'
group by r.run_id, r.due_count order by r.run_id
"""
_VOLUMES = """
select r.billing_date, i.currency, sum(i.count)::bigint as invoice_count,
    sum(i.total_minor)::bigint as total_minor
from billing_run r cross join lateral jsonb_to_recordset(r.report -> 'invoices')
    as i (currency text, count bigint, total_minor bigint)
where r.company_id = :company and r.billing_date = any(:days) and r.state = 'finalised'
    and r.run_kind = 'billing'
group by r.billing_date, i.currency order by r.billing_date, i.currency
"""
# By the clock of the company: a run counts for the day on which it was final.
_BILLED = """
select (r.finalised_at at time zone :zone)::date as billing_date, i.currency,
    sum(i.count)::bigint as invoice_count, sum(i.total_minor)::bigint as total_minor
from billing_run r cross join lateral jsonb_to_recordset(r.report -> 'invoices')
    as i (currency text, count bigint, total_minor bigint)
where r.company_id = :company and r.finalised_at >= :since and r.run_kind = 'billing'
group by 1, 2 order by 1 desc, 2
"""
_ON_DEMAND = """
select r.billing_date, count(distinct r.run_id) as run_count, i.currency,
    sum(i.count)::bigint as invoice_count, sum(i.total_minor)::bigint as total_minor
from billing_run r cross join lateral jsonb_to_recordset(r.report -> 'invoices')
    as i (currency text, count bigint, total_minor bigint)
where r.company_id = :company and r.billing_date = any(:days) and r.run_kind = 'on_demand'
group by r.billing_date, i.currency order by r.billing_date desc, i.currency
"""


def runs_in_progress(connection: Connection, company_id: int) -> list[RunProgress]:
    """Return how far each run that is under way has come."""
    rows = connection.execute(text(_PROGRESS), {"company": company_id}).mappings()
    return [RunProgress(**row) for row in rows]


def volumes_of(connection: Connection, company_id: int, days: Sequence[date]) -> list[DateVolume]:
    """Return what the finished billing runs of these dates came to, by date and currency."""
    return [DateVolume(**row) for row in _of_days(connection, _VOLUMES, company_id, days)]


def billed_since(
    connection: Connection, company_id: int, since: datetime, time_zone: str
) -> list[DateVolume]:
    """Return what billing runs came to that were final since an instant, by the day on which they were."""
    values = {"company": company_id, "since": since, "zone": time_zone}
    return [DateVolume(**row) for row in connection.execute(text(_BILLED), values).mappings()]


def billed_on_demand(connection: Connection, company_id: int, days: Sequence[date]) -> list[OnDemandDay]:
    """Return what was billed on demand on these business dates, the newest first."""
    return [OnDemandDay(**row) for row in _of_days(connection, _ON_DEMAND, company_id, days)]


def _of_days(connection: Connection, query: str, company_id: int, days: Sequence[date]) -> list[Any]:
    values = {"company": company_id, "days": list(days)}
    return list(connection.execute(text(query), values).mappings())
