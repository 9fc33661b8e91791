"""Notifications as people follow them: messages and their states, one with its attempts, and events.

Belongs here: read models. Does not belong here: any writing (``notifications``, ``notification_events``).

A list never holds the target of a channel.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from billing_assets.domain.errors import BillingError


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """A message to people. ``company_code`` is empty of what concerns the whole store."""

    message_id: int
    rule_name: str
    channel_name: str
    company_code: str
    state: str
    reason_code: str
    reply_code: int
    event_count: int
    attempt_count: int
    due_at: datetime
    next_attempt_at: datetime
    changed_at: datetime
    subject: str
    retried_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationAttempt:
    """One attempt at a message, and what came of it."""

    attempt_number: int
    started_at: datetime
    ended_at: datetime | None
    state: str
    reply_code: int
    reason_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """Something that happened, as it is kept."""

    event_id: int
    event_kind: str
    severity: str
    company_code: str
    billing_date: date | None
    run_id: int | None
    item_count: int | None
    amounts: Mapping[str, int]
    facts: Mapping[str, Any]
    occurred_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDetail:
    """One message: what it says, where that is known already, what it tells, and its attempts."""

    message: MessageRow
    body_text: str
    events: tuple[EventRow, ...]
    attempts: tuple[NotificationAttempt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFilter:
    """Which messages, newest first, below ``before_id``; an empty field asks for nothing."""

    state: str = ""
    channel_name: str = ""
    before_id: int | None = None
    limit: int = 20


_MESSAGES = """
select m.*, r.rule_name, c.channel_name, coalesce(o.company_code, '') as company_code,
    (select count(*) from notification_message_event l where l.message_id = m.message_id) as event_count
from notification_message m join notification_rule r using (rule_id)
join notification_channel c on c.channel_id = m.channel_id
left join company o on o.company_id = m.company_id
"""

_EVENTS = """
select e.*, coalesce(o.company_code, '') as company_code
from notification_event e left join company o using (company_id)
"""


def list_messages(connection: Connection, wanted: MessageFilter) -> list[MessageRow]:
    """Return the newest messages that fit, at most ``wanted.limit``."""
    query = text(
        f"{_MESSAGES} where (:state = '' or m.state = :state) "
        "and (:channel = '' or c.channel_name = :channel) "
        "and (cast(:before as bigint) is null or m.message_id < :before) "
        "order by m.message_id desc limit :limit"
    )
    values = {
        "state": wanted.state,
        "channel": wanted.channel_name,
        "before": wanted.before_id,
        "limit": wanted.limit,
    }
    return [_message(row) for row in connection.execute(query, values)]


def count_messages(connection: Connection) -> dict[str, int]:
    """Return state -> messages; states that do not occur are left out."""
    query = text(
        "select state, count(*) from notification_message group by state "
        "order by array_position(array['queued', 'sending', 'sent', 'failed', 'unknown'], state)"
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def show_message(connection: Connection, message_id: int) -> MessageDetail:
    """Return one message with its history, or raise ``notification_unknown``."""
    values = {"message": message_id}
    row = connection.execute(text(f"{_MESSAGES} where m.message_id = :message"), values).first()
    if row is None:
        raise BillingError(
            "notification_unknown",
            f"there is no notification {message_id}",
            "'billing notifications' shows the numbers",
        )
    events = connection.execute(
        text(
            f"{_EVENTS} join notification_message_event l using (event_id) "
            "where l.message_id = :message order by e.event_id"
        ),
        values,
    )
    attempts = connection.execute(
        text("select * from notification_attempt where message_id = :message order by attempt_number"), values
    )
    return MessageDetail(
        message=_message(row),
        body_text=row.body_text,
        events=tuple(_event(event) for event in events),
        attempts=tuple(
            NotificationAttempt(**{name: getattr(each, name) for name in NotificationAttempt.__slots__})
            for each in attempts
        ),
    )


def list_events(
    connection: Connection, event_kind: str = "", before_id: int | None = None, limit: int = 20
) -> list[EventRow]:
    """Return the newest events, at most ``limit``, told or not."""
    query = text(
        f"{_EVENTS} where (:kind = '' or e.event_kind = :kind) "
        "and (cast(:before as bigint) is null or e.event_id < :before) order by e.event_id desc limit :limit"
    )
    return [
        _event(row)
        for row in connection.execute(query, {"kind": event_kind, "before": before_id, "limit": limit})
    ]


def _message(row: Any) -> MessageRow:  # noqa: ANN401 - a row of SQLAlchemy
    return MessageRow(**{name: getattr(row, name) for name in MessageRow.__slots__})


def _event(row: Any) -> EventRow:  # noqa: ANN401 - a row of SQLAlchemy
    return EventRow(**{name: getattr(row, name) for name in EventRow.__slots__})
