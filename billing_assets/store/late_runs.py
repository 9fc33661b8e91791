"""Billing dates that should be final by now and are not.

Belongs here: asking the ledger of runs. Does not belong here: when a date is late (``steps``), telling of it
(``notification_events``).
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

# A date is final by its finalised run of the whole book. A later plan of it, a rehearsal say, takes nothing
# from that; a run that is under way or held does.
_LATE = """
with first_run as (
    select min(billing_date) as billing_date from billing_run
    where company_id = :company and run_kind = 'billing' and selection = '{}'
), day as (
    select d::date as billing_date from first_run f,
        generate_series(greatest(f.billing_date, cast(:first as date))::timestamp, cast(:last as date),
            interval '1 day') d
    where f.billing_date is not null
)
select d.billing_date, coalesce(r.state, 'not_begun') as state, r.run_id
from day d
left join lateral (
    select state, run_id from billing_run
    where company_id = :company and billing_date = d.billing_date and run_kind = 'billing'
        and selection = '{}' and state <> 'rejected'
    order by array_position(array['running', 'held', 'finalised', 'planned'], state), run_id limit 1
) r on true
where r.state is distinct from 'finalised'
order by d.billing_date
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LateRun:
    """A billing date that is not final: ``state`` is that of its run, or ``not_begun`` where it has none."""

    billing_date: date
    state: str
    run_id: int | None


def list_late_runs(
    connection: Connection, company_id: int, first_date: date, last_date: date
) -> list[LateRun]:
    """Return the billing dates from ``first_date`` to ``last_date`` that are not final, oldest first.

    Dates before the first one that the company ever billed or planned are not asked about.
    """
    values = {"company": company_id, "first": first_date, "last": last_date}
    return [LateRun(**row) for row in connection.execute(text(_LATE), values).mappings()]
