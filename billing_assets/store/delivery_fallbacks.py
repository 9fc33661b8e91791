"""The next channel: what did not reach its payer on one way goes on the next that the payer takes.

Belongs here: which deliveries fall back, and the rows that it makes. Does not belong here: the first channel
(``delivery_queue``), what a person decides (``delivery_decisions``).

It is a decision like a person's, kept with its note: the delivery is given up, and another one of the same
document is queued. What may have arrived never falls back, and what cannot be printed is no matter of a way.
"""

from datetime import date, datetime

from sqlalchemy import Connection, text

from billing_assets.domain.decisions import GIVEN_UP_REASON
from billing_assets.domain.deliveries import PRINT_FAULTS
from billing_assets.store.delivery_queue import ISSUE, MESSAGE_ID, NEWEST_ADDRESS, OF_DATE

DECIDED_BY = "order of channels"
"""By whom a delivery is given up that falls back."""

# Each way once: what failed on all of them waits for a person.
NEXT_WAY = """
cross join lateral (
    select w.channel from unnest(newest.ways) with ordinality as w (channel, place)
    where not exists (select from delivery o
        where o.document_id = v.document_id and o.purpose = v.purpose and o.channel = w.channel)
    order by w.place limit 1
) chosen
"""
FALLS_BACK = """(v.state = 'failed' and v.reason_code <> all(:never) and not exists (
    select from delivery_decision e where e.delivery_id = v.delivery_id and e.decision = 'again'))"""
"""Condition of a delivery ``v``: what a person has sent again stays with that person."""

_FALL_BACK = f"""
with fallen as materialized (
    select v.delivery_id, v.company_id, v.document_id, v.purpose, v.reason_code, v.attempt_count,
        v.send_date, chosen.channel, {MESSAGE_ID} as message_id
    from delivery v join document d using (document_id) join invoice i using (invoice_id)
    join billing_run r using (run_id) join number_series s using (number_series_id)
    join company c on c.company_id = v.company_id
    {NEWEST_ADDRESS}
    {NEXT_WAY}
    where v.company_id = :company and {OF_DATE} and v.purpose = :purpose and {FALLS_BACK}
    order by v.delivery_id for update of v
), added as (
    insert into delivery (company_id, document_id, channel, purpose, message_id, state, reason_code, owner,
        send_date, queued_at, changed_at)
    select company_id, document_id, channel, purpose, message_id, 'queued', '', '', send_date, :at, :at
    from fallen order by delivery_id
    returning document_id
), given_up as (
    update delivery v set reason_code = :given_up, owner = '', changed_at = :at
    from fallen f where v.delivery_id = f.delivery_id
)
insert into delivery_decision (company_id, delivery_id, decision, note, decided_by, decided_at, state_before,
    reason_before, state_after, attempt_count)
select company_id, delivery_id, 'given-up', 'goes by ' || channel || ' now', :by, :at, 'failed', reason_code,
    'failed', attempt_count
from fallen order by delivery_id
"""  # noqa: S608 - constants


def never() -> list[str]:
    """Return the reasons that no other way mends.

    >>> "unprintable" in never()
    True
    """
    return sorted({GIVEN_UP_REASON, *PRINT_FAULTS})


def fall_back(
    connection: Connection, company_id: int, billing_date: date | None, message_domain: str, *, at: datetime
) -> int:
    """Queue what failed, by the next channel of its payer; return how many there were."""
    values = {
        "company": company_id,
        "day": billing_date,
        "purpose": ISSUE,
        "domain": message_domain,
        "given_up": GIVEN_UP_REASON,
        "never": never(),
        "by": DECIDED_BY,
        "at": at,
    }
    return connection.execute(text(_FALL_BACK), values).rowcount
