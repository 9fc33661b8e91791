"""Documents that partners fetch: until when each waits, and what nobody has fetched.

Belongs here: the instant by which a document is to be fetched, and giving up what was not. Does not belong
here: fetching (``wiring.pull_desk``), the next channel (``delivery_fallbacks``).

The instant stands where that of a next attempt stands: it is when something happens by itself.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from billing_assets.domain.attempts import FIRST_OWNER
from billing_assets.store.delivery_queue import NEWEST_ADDRESS

NOT_FETCHED = "(v.channel = 'pull' and v.state = 'queued' and v.next_attempt_at <= :at)"
"""Condition of a delivery ``v`` that was to be fetched by ``:at`` and waits still."""

NOT_FETCHED_REASON = "not_fetched"
"""The reason of a delivery that a partner did not fetch in time; it goes by the next channel."""

_GIVE_UP = f"""
update delivery v set state = 'failed', reason_code = :reason, owner = :owner, changed_at = :at,
    next_attempt_at = null
where v.company_id = :company and {NOT_FETCHED}
"""  # noqa: S608 - constants
# What is held until a day has its days from there on.
_SET_TIME = """
update delivery v set next_attempt_at = greatest(cast(:at as timestamptz), coalesce(v.send_date, '-infinity'))
    + cast(:wait as interval)
where v.company_id = :company and v.channel = 'pull' and v.state = 'queued' and v.next_attempt_at is null
"""
_PULLED = f"""
select encode(v.content_sha256, 'hex') from delivery v join document d using (document_id)
join invoice i using (invoice_id) {NEWEST_ADDRESS}
where v.company_id = :company and v.delivery_id = :delivery and v.channel = 'pull' and v.state = 'sent'
    and newest.endpoint_code = :partner
"""  # noqa: S608 - constants


def give_up_unfetched(connection: Connection, company_id: int, *, at: datetime) -> int:
    """Let fail what was to be fetched by now and was not; return how many there were."""
    values = {"company": company_id, "at": at, "reason": NOT_FETCHED_REASON, "owner": FIRST_OWNER}
    return connection.execute(text(_GIVE_UP), values).rowcount


def set_fetch_times(connection: Connection, company_id: int, pull_days: int, *, at: datetime) -> None:
    """Say of what is to be fetched until when it waits, where nothing is said yet."""
    values = {"company": company_id, "at": at, "wait": timedelta(days=pull_days)}
    connection.execute(text(_SET_TIME), values)


def pulled_hash(connection: Connection, company_id: int, delivery_id: int, partner_code: str) -> str:
    """Return the hash (hex) of what a partner has fetched and acknowledged; empty where it has not."""
    values = {"company": company_id, "delivery": delivery_id, "partner": partner_code}
    return str(connection.execute(text(_PULLED), values).scalar_one_or_none() or "")
