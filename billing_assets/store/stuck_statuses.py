"""Events of invoices that do not get to their receivers, and what is not told for too long.

Belongs here: which subscriptions stand still, and since when. Does not belong here: what is refused
(``status_subscriptions``), how long is too long (``wiring.settings``).
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

UNTOLD = "untold"
"""Stands for telling itself, beside the codes of subscriptions."""

# The first event that a subscription has not got: refused, held back, or not tried yet.
_STUCK = f"""
select * from (
    select s.subscription_code, count(m.event_number) filter (where m.state = 'failed') as failed_count,
        count(m.event_number) + greatest(b.last_number - s.settled_number, 0) as event_count,
        coalesce(min(m.event_number), s.settled_number + 1) as first_number,
        (select e.told_at from status_event e where e.company_id = s.company_id
            and e.event_number = coalesce(min(m.event_number), s.settled_number + 1)) as since
    from status_subscription s join status_book b using (company_id)
    left join status_message m on m.subscription_id = s.subscription_id and m.state in ('queued', 'failed')
    where s.company_id = :company and s.state = 'active'
    group by s.subscription_id, b.last_number
    union all
    select '{UNTOLD}', 0, sum(cardinality(fact_ids))::bigint, min(status_source_id), min(recorded_at)
    from status_source where company_id = :company having count(*) > 0
) found where since is not null and (failed_count > 0 or since < :before)
order by since, subscription_code
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckStatuses:
    """A subscription that stands still: what waits, what a person has, the first of it, and since when.

    ``subscription_code`` is ``untold`` of what was recorded and not told.
    """

    subscription_code: str
    failed_count: int
    event_count: int
    first_number: int
    since: datetime


def list_stuck_statuses(connection: Connection, company_id: int, before: datetime) -> list[StuckStatuses]:
    """Return what stands still since before an instant, or waits for a person, the oldest first."""
    values = {"company": company_id, "before": before}
    return [StuckStatuses(**row) for row in connection.execute(text(_STUCK), values).mappings()]
