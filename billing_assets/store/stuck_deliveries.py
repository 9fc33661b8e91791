"""Messages to payers that stand still: they wait, or are in the hands of a sender, for too long.

Belongs here: which they are, counted by reason. Does not belong here: what is refused or may have arrived
(``delivery_listings``), how long is too long (``wiring.settings``).
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from billing_assets.store.holds import NO_HOLD_STOPS

IS_STUCK = f"""(v.state = 'queued' and greatest(v.queued_at, v.next_attempt_at) < :before
        and (v.send_date is null or v.send_date < :today) and {NO_HOLD_STOPS}
    or v.state = 'sending' and v.changed_at < :before)"""
"""Condition of a delivery ``v``; what is held until a day has all of that day to leave, and what
waits for its next attempt is not late before that."""

_STUCK = f"""
select v.state, v.reason_code, count(*) as delivery_count, min(v.queued_at) as since
from delivery v where v.company_id = :company and v.state <> 'sent' and {IS_STUCK}
group by v.state, v.reason_code order by count(*) desc, v.state, v.reason_code
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckDeliveries:
    """How many messages stand still in a state for one reason, and since when the first of them waits."""

    state: str
    reason_code: str
    delivery_count: int
    since: datetime


def list_stuck_deliveries(
    connection: Connection, company_id: int, before: datetime, today: date
) -> list[StuckDeliveries]:
    """Return what waits since before an instant, the most frequent reason first."""
    values = {"company": company_id, "before": before, "today": today}
    return [StuckDeliveries(**row) for row in connection.execute(text(_STUCK), values).mappings()]
