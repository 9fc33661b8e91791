"""Filling the outbox: which documents are to be sent, by which channel, to whom, and from which day on.

Belongs here: the outbox row of each document that has none, addresses that were missing.
Does not belong here: the next channel of a payer whom one did not reach (``delivery_fallbacks``), sending
what is queued (``deliveries``), which day is open (``steps``).
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, text

from billing_assets.domain.attempts import FIRST_OWNER
from billing_assets.domain.deliveries import HELD, DeliveryState
from billing_assets.steps.delivery_ports import QueueCounts, UnqueuedRun

ISSUE = "issue"
OF_DATE = "(cast(:day as date) is null or r.billing_date = :day)"
# What a sender takes up by itself: what waits, and what was never tried because no address was known.
MAY_LEAVE = """(v.state = 'queued'
    or (v.state = 'failed' and v.reason_code = 'no_address' and v.attempt_count = 0))"""
IS_DUE = "(cast(:due_at as timestamptz) is null or v.next_attempt_at is null or v.next_attempt_at <= :due_at)"
"""Condition of a delivery ``v``: it may be tried by then."""

HAS_ITS_DAY = "(v.send_date is null or v.send_date <= greatest(cast(:day as date), :today))"
"""Condition of a delivery ``v``: it is not held until later than both days, of which ``:day`` may be null."""

# Once only: what was refused for now waits for the deliveries of its own date, as every other message does.
IS_HELD_UNTIL = "(v.attempt_count = 0 and v.send_date <= cast(:day as date))"

NEWEST_ADDRESS = """
join lateral (
    select y.payer_version_id, y.email, y.endpoint_code, string_to_array(y.channels, ' ') as wished, array(
        select w.channel from unnest(string_to_array(y.channels, ' ')) with ordinality as w (channel, place)
        where case w.channel when 'email' then y.email <> '' when 'portal' then y.email <> ''
            when 'api_push' then e.endpoint_code is not null
            when 'pull' then exists (select from api_key k where k.company_id = y.company_id
                and k.partner_code = y.endpoint_code and k.partner_code <> '' and k.revoked_at is null)
            else true end
        order by w.place) as ways
    from (
        select y.payer_version_id, coalesce(y.content::json ->> 'email', '') as email,
            coalesce((
                select string_agg(r.channel, ' ' order by r.place) from company_version c,
                    json_array_elements_text(c.content::json -> 'required_channels' -> i.document_kind)
                        with ordinality as r (channel, place)
                where c.company_version_id = i.company_version_id and c.content like '%required_channels%'
            ), (select p.channels from payer_preference p where p.payer_id = y.payer_id
                order by p.payer_preference_id desc limit 1), y.content::json ->> 'channels', 'email')
                as channels,
            coalesce(y.content::json ->> 'endpoint', '') as endpoint_code, y.company_id
        from payer_version y
        where y.payer_id = i.payer_id order by y.payer_version_id desc limit 1
    ) y left join push_endpoint e
        on e.company_id = y.company_id and e.endpoint_code = y.endpoint_code and e.removed_at is null
) newest on true
"""
"""Joins to an invoice ``i`` what is known of its payer by now: contact data, unlike what the invoice froze.

``wished``: the channels that the payer takes, the preferred first, as they chose in the portal or else as the
book says, or those that the company's settings as of the issue demand for such a document; ``ways``: those of
them that have what they need. Any other is no way.
"""

OTHER_WAY = """
(select max(o.channel) from delivery o where o.document_id = v.document_id and o.purpose = v.purpose
    and o.delivery_id <> v.delivery_id and o.state <> 'failed')
"""
"""The channel on which the document of a delivery ``v`` goes, or went, beside it; null where it does not."""

_UNQUEUED_RUNS = f"""
select distinct r.run_id, r.billing_date, r.closed_day_id
from document d join invoice i using (invoice_id) join billing_run r using (run_id)
where d.company_id = :company and {OF_DATE}
    and not exists (select from delivery v where v.document_id = d.document_id and v.purpose = :purpose)
order by r.run_id
"""  # noqa: S608 - constants

# The Message-ID is domain.deliveries.message_id in SQL; a test holds the two together.
MESSAGE_ID = """
substr(encode(sha256(convert_to(concat_ws(chr(31), c.company_code,
    document_number(s.prefix, i.invoice_number), chosen.channel, cast(:purpose as text)),
    'UTF8')), 'hex'), 1, 32) || '@' || :domain
"""
_QUEUE = f"""
insert into delivery (company_id, document_id, channel, purpose, message_id, state, reason_code, owner,
    send_date, queued_at, changed_at)
select d.company_id, d.document_id, chosen.channel, :purpose, {MESSAGE_ID},
    case when chosen.is_reachable then 'queued' else 'failed' end,
    case when not chosen.is_reachable then 'no_address' when h.send_date is not null then :held else '' end,
    case when chosen.is_reachable then '' else :owner end,
    h.send_date, :at, :at
from document d join invoice i using (invoice_id) join billing_run r using (run_id)
join number_series s using (number_series_id)
join company c on c.company_id = d.company_id
left join unnest(cast(:held_runs as bigint[]), cast(:send_dates as date[])) as h (run_id, send_date)
    on h.run_id = r.run_id
{NEWEST_ADDRESS}
cross join lateral (
    select coalesce(newest.ways[1], newest.wished[1]) as channel, cardinality(newest.ways) > 0 as is_reachable
) chosen
where d.company_id = :company and {OF_DATE}
    and not exists (select from delivery v where v.document_id = d.document_id and v.purpose = :purpose)
order by d.document_id
on conflict (document_id, channel, purpose) do nothing
returning state
"""  # noqa: S608 - constants

_OF_INVOICE = f"""
from document d join invoice i using (invoice_id) join billing_run r using (run_id)
{NEWEST_ADDRESS}
where v.document_id = d.document_id and v.company_id = :company
    and ({OF_DATE} or {IS_HELD_UNTIL})
"""

# What a channel was never asked to send may go by itself; all else waits for a person's decision.
_ADDRESS_FOUND = f"""
update delivery v set state = 'queued', owner = '', changed_at = :at,
    reason_code = case when v.send_date is null then '' else :held end
{_OF_INVOICE} and v.state = 'failed' and v.reason_code = 'no_address' and v.attempt_count = 0
    and v.channel = any(newest.ways)
"""  # noqa: S608 - constants

_ADDRESS_LOST = f"""
update delivery v set state = 'failed', reason_code = 'no_address', owner = :owner, changed_at = :at,
    next_attempt_at = null
{_OF_INVOICE} and v.state = 'queued' and v.channel <> all(newest.ways)
"""  # noqa: S608 - constants


def unqueued_runs(connection: Connection, company_id: int, billing_date: date | None) -> list[UnqueuedRun]:
    """Return the runs that have a document without its outbox row, in order."""
    values = {"company": company_id, "day": billing_date, "purpose": ISSUE}
    return [UnqueuedRun(**row) for row in connection.execute(text(_UNQUEUED_RUNS), values).mappings()]


def queue_deliveries(
    connection: Connection,
    company_id: int,
    billing_date: date | None,
    message_domain: str,
    send_dates: Mapping[int, date],
    *,
    at: datetime,
) -> QueueCounts:
    """Add the missing outbox rows; what has no address fails, and is queued again once it has one.

    Documents of the runs in ``send_dates`` are held until that day.
    """
    values = {
        "company": company_id,
        "day": billing_date,
        "purpose": ISSUE,
        "domain": message_domain,
        "owner": FIRST_OWNER,
        "held": HELD,
        "held_runs": list(send_dates),
        "send_dates": list(send_dates.values()),
        "at": at,
    }
    found = connection.execute(text(_ADDRESS_FOUND), values).rowcount
    lost = connection.execute(text(_ADDRESS_LOST), values).rowcount
    states: Sequence[str] = connection.execute(text(_QUEUE), values).scalars().all()
    unreachable = sum(state == DeliveryState.FAILED for state in states)
    return QueueCounts(
        queued_count=len(states) - unreachable + found,
        without_address_count=unreachable + lost,
        address_found_count=found,
    )
