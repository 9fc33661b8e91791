"""Events in the store: each once, by its key, and the messages that tell it.

Belongs here: adding events, telling of a delivery once, filling the outbox of messages.
Does not belong here: what is an event (``notification_facts``), sending (``notifications``).
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from billing_assets.domain.decisions import GIVEN_UP_REASON
from billing_assets.domain.notifications import SEVERITIES, Event, EventKind, Severity, event_key
from billing_assets.steps.notification_ports import Matched, Moments, StoredRule, ToldCompany
from billing_assets.store.companies import company_codes, read_issuer
from billing_assets.store.connection import Database
from billing_assets.store.notification_facts import company_events, since_text, standing_events
from billing_assets.store.notification_rules import list_rules
from billing_assets.store.stuck_deliveries import IS_STUCK

_NEXT_MOMENT = timedelta(microseconds=1)

_ADD = """
insert into notification_event (event_key, event_kind, severity, company_id, billing_date, run_id, item_count,
    amounts, facts, occurred_at, recorded_at)
values (:key, :kind, :severity, :company, :day, :run, :count, cast(:amounts as jsonb), cast(:facts as jsonb),
    :occurred, :at)
on conflict (event_key) do nothing
"""

# The subjects come first: whoever else tells of the same delivery waits for this transaction, and finds it
# told.
_SUBJECTS = f"""
insert into notification_subject (subject_kind, delivery_id, attempt_count, event_key)
select s.subject_kind, s.delivery_id, s.attempt_count, :key from (
    select case when :stuck then 'stuck' else v.state end as subject_kind, v.delivery_id,
        case when :stuck then 0 else v.attempt_count end as attempt_count
    from delivery v
    where v.company_id = :company and v.state <> 'sent'
        and case when :stuck then {IS_STUCK}
            else v.state in ('failed', 'unknown') and v.reason_code <> :given_up end
) s
where not exists (select from notification_subject t where t.subject_kind = s.subject_kind
    and t.delivery_id = s.delivery_id and t.attempt_count = s.attempt_count)
on conflict do nothing
"""  # noqa: S608 - constants

_TOLD = """
select v.state, v.reason_code, count(*) as count, min(v.changed_at) as first_at, max(v.changed_at) as last_at,
    max(v.queued_at) as last_queued_at
from notification_subject s join delivery v using (delivery_id) where s.event_key = :key
group by v.state, v.reason_code order by count(*) desc, v.state, v.reason_code
"""

_UNQUEUED = """
select e.*, coalesce(c.company_code, '') as company_code
from notification_event e left join company c using (company_id)
where e.queued_at is null order by e.event_id for update of e skip locked
"""

# Messages of the same rule and moment are one, unless it is under way already. The row is locked until the
# event stands in it, and a sender that waits for it composes the message after that.
_MESSAGE = """
insert into notification_message as m (rule_id, channel_id, company_id, due_at, next_attempt_at, queued_at,
    changed_at)
values (:rule, :channel, :company, :due, :due, :at, :at)
on conflict (rule_id, company_id, due_at) do update set changed_at = m.changed_at
where m.state = 'queued' and m.attempt_count = 0
returning message_id
"""


class SqlEventStore:
    """Events in PostgreSQL; the implementation of ``steps.notification_ports.EventStore``."""

    def __init__(self, database: Database) -> None:
        """Use ``database``."""
        self.database = database

    def companies(self) -> list[ToldCompany]:
        """Return every company."""
        with self.database.transaction() as connection:
            return told_companies(connection)

    def new_events(self, company: ToldCompany, moments: Moments) -> list[Event]:
        """Return what happened to a company and is no event yet, but for messages to payers."""
        with self.database.transaction() as connection:
            return company_events(connection, company, moments)

    def new_store_events(self) -> list[Event]:
        """Return what happened to no single company and is no event yet."""
        with self.database.transaction() as connection:
            return standing_events(connection, None)

    def add_events(self, events: Sequence[Event], at: datetime) -> int:
        """Add the events that are not there yet, by their keys; return how many."""
        with self.database.transaction() as connection:
            return sum(connection.execute(text(_ADD), _values(event, at)).rowcount for event in events)

    def add_delivery_events(self, company: ToldCompany, moments: Moments) -> int:
        """Add the events of messages to payers that are stuck or undelivered, each told of once."""
        with self.database.transaction() as connection:
            return sum(
                _add_deliveries(connection, company, moments, kind)
                for kind in (EventKind.DELIVERIES_STUCK, EventKind.DELIVERIES_UNDELIVERED)
            )

    def queue_messages(self, match: Callable[[Event, str], Sequence[Matched]], at: datetime) -> int:
        """Put each event that is not queued yet into the messages of rules that hear it; return how many."""
        heard = 0
        with self.database.transaction() as connection:
            rows = connection.execute(text(_UNQUEUED)).mappings().all()
            for row in rows:
                matched = match(event_of(row), row["company_code"])
                heard += bool(matched)
                for stored, due_at in matched:
                    _add_to_message(connection, row, stored, due_at, at)
            connection.execute(
                text("update notification_event set queued_at = :at where event_id = any(:ids)"),
                {"at": at, "ids": [row["event_id"] for row in rows]},
            )
        return heard

    def rules(self) -> list[StoredRule]:
        """Return the rules that there are now."""
        with self.database.transaction() as connection:
            return list_rules(connection)


def told_companies(connection: Connection) -> list[ToldCompany]:
    """Return every company as its messages know it."""
    issuers = [read_issuer(connection, code) for code in company_codes(connection)]
    return [
        ToldCompany(
            company_id=issuer.company_id,
            company_code=issuer.company.company_code,
            name=issuer.company.name,
            email=issuer.company.email,
            time_zone=issuer.company.time_zone,
        )
        for issuer in issuers
    ]


def event_of(row: RowMapping) -> Event:
    """Return the event that a row of ``notification_event`` keeps."""
    plain = {name: row[name] for name in Event.__slots__ if name not in {"event_kind", "severity"}}
    return Event(
        **{**plain, "event_kind": EventKind(row["event_kind"]), "severity": Severity(row["severity"])}
    )


def _values(event: Event, at: datetime) -> dict[str, Any]:
    return {
        "key": event.event_key,
        "kind": event.event_kind.value,
        "severity": event.severity.value,
        "company": event.company_id,
        "day": event.billing_date,
        "run": event.run_id,
        "count": event.item_count,
        "amounts": json.dumps(dict(event.amounts)),
        "facts": json.dumps(dict(event.facts)),
        "occurred": event.occurred_at,
        "at": at,
    }


def _add_deliveries(connection: Connection, company: ToldCompany, moments: Moments, kind: EventKind) -> int:
    is_stuck = kind is EventKind.DELIVERIES_STUCK
    key = event_key(kind, company.company_id, moments.now.isoformat())
    values = {
        "key": key,
        "stuck": is_stuck,
        "company": company.company_id,
        "before": moments.stuck_before,
        "today": moments.today,
        "given_up": GIVEN_UP_REASON,
    }
    if not connection.execute(text(_SUBJECTS), values).rowcount:
        return 0
    rows = connection.execute(text(_TOLD), {"key": key}).mappings().all()
    waited = moments.now - moments.stuck_before
    last_at = max(row["last_queued_at"] + waited if is_stuck else row["last_at"] for row in rows)
    event = Event(
        event_key=key,
        event_kind=kind,
        severity=SEVERITIES[kind],
        company_id=company.company_id,
        occurred_at=last_at,
        item_count=sum(row["count"] for row in rows),
        facts={
            "reasons": [{name: row[name] for name in ("state", "reason_code", "count")} for row in rows],
            "since": since_text(company, min(row["first_at"] for row in rows)),
        },
    )
    return connection.execute(text(_ADD), _values(event, moments.now)).rowcount


def _add_to_message(
    connection: Connection, row: RowMapping, stored: StoredRule, due_at: datetime, at: datetime
) -> None:
    message = {"rule": stored.rule_id, "channel": stored.channel_id, "company": row["company_id"], "at": at}
    message_id = None
    while message_id is None:
        made = connection.execute(text(_MESSAGE), {**message, "due": due_at})
        message_id = made.scalar_one_or_none()
        due_at += _NEXT_MOMENT
    connection.execute(
        text(
            "insert into notification_message_event (message_id, event_id) values (:message, :event) "
            "on conflict do nothing"
        ),
        {"message": message_id, "event": row["event_id"]},
    )
