"""The outbox of messages to people: what is due, and what each attempt came to.

Belongs here: marking a message before it is sent, its result, what a dead sender left, sending again by hand.
Does not belong here: which events a message tells (``notification_events``), sending (``channels``), lists
(``notification_listings``).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import RowMapping, text

from billing_assets.domain.deliveries import SendResult
from billing_assets.domain.errors import BillingError
from billing_assets.domain.notification_rules import Channel, ChannelKind
from billing_assets.domain.notifications import Event
from billing_assets.reports.notification import Notice
from billing_assets.steps.notification_ports import DueMessage
from billing_assets.steps.run_ports import Clock, Progress
from billing_assets.store.connection import Database
from billing_assets.store.locks import LockSpace, hold_lock
from billing_assets.store.notification_events import event_of, told_companies
from billing_assets.store.sealed_texts import Sealer

_NO_COMPANY = 0
_ABANDONED_MINUTES = 15

_DUE = """
select m.*, c.channel_name, c.channel_kind, c.target, c.language, c.is_removed
from notification_message m join notification_channel c using (channel_id)
where m.state = 'queued' and m.next_attempt_at <= :at order by m.next_attempt_at, m.message_id
"""

# What somebody sends now is no reason to start; what a dead sender left is.
_DUE_COUNT = """
select count(*) from notification_message
where (state = 'queued' and next_attempt_at <= :at)
    or (state = 'sending' and changed_at < :at - make_interval(mins => :abandoned))
"""

_EVENTS = """
select e.* from notification_message_event l join notification_event e using (event_id)
where l.message_id = :message order by e.event_id
"""

_INTERRUPTED = """
with left_over as (
    update notification_message set state = 'unknown', reason_code = 'sender_died', changed_at = :at
    where state = 'sending' returning message_id, attempt_count
)
update notification_attempt a set state = 'unknown', reason_code = 'sender_died', ended_at = :at
from left_over o where a.message_id = o.message_id and a.attempt_number = o.attempt_count
"""

_LOCKED = """
select subject, body_text, body_html from notification_message
where message_id = :message and state = 'queued' and attempt_count = :attempts for update
"""

_BEGIN = """
with begun as (
    update notification_message set state = 'sending', attempt_count = attempt_count + 1, changed_at = :at,
        subject = :subject, body_text = :text, body_html = :html
    where message_id = :message
    returning message_id, attempt_count
)
insert into notification_attempt (message_id, attempt_number, started_at)
select message_id, attempt_count, :at from begun
"""

# A sender that only lost its lock was taken for dead; its answer is worth more than that guess.
_FINISH = """
with held as (
    select message_id, attempt_count from notification_message
    where message_id = :message and attempt_count = :attempt for update
), settled as (
    update notification_message m set state = :state, reply_code = :reply, reason_code = :reason,
        reply_text = :reply_text, changed_at = :at, next_attempt_at = :next,
        refused_count = m.refused_count + case when :state in ('queued', 'failed') then 1 else 0 end
    from held where m.message_id = held.message_id and (m.state = 'sending' or :state = 'sent'
        or (m.state = 'unknown' and m.reason_code = 'sender_died'))
)
update notification_attempt a set state = :state, reply_code = :reply, reason_code = :reason, ended_at = :at
from held where a.message_id = held.message_id and a.attempt_number = held.attempt_count
    and (a.state = 'sending' or (a.state = 'unknown' and a.reason_code = 'sender_died'))
"""

_AGAIN = """
update notification_message set state = 'queued', reason_code = 'again_by_decision', refused_count = 0,
    next_attempt_at = :at, changed_at = :at, retried_by = :by, retried_at = :at
where state = any(:states) and (cast(:ids as bigint[]) is null or message_id = any(:ids))
returning message_id
"""


class SqlMessageStore:
    """The outbox in PostgreSQL; the implementation of ``steps.notification_ports.MessageStore``."""

    def __init__(self, database: Database, sealer: Sealer, clock: Clock) -> None:
        """Use ``database``, ``sealer`` for the targets of channels, ``clock`` for the instants of rows."""
        self.database = database
        self.sealer = sealer
        self.clock = clock

    @contextmanager
    def lock_messages(self, progress: Progress) -> Iterator[None]:
        """Hold the lock on messages, of all companies together, on a session of its own."""
        waits_for = "waiting for another program that sends notifications"
        with hold_lock(self.database, LockSpace.NOTIFICATIONS, _NO_COMPANY, waits_for, progress):
            yield

    def settle_interrupted(self) -> int:
        """Mark what a dead sender left in ``sending`` as ``unknown``; return how many."""
        with self.database.transaction() as connection:
            return connection.execute(text(_INTERRUPTED), {"at": self.clock()}).rowcount

    def due_count(self, at: datetime) -> int:
        """Return how many messages are due, and how many a sender left behind that must be dead."""
        values = {"at": at, "abandoned": _ABANDONED_MINUTES}
        with self.database.transaction() as connection:
            return int(connection.execute(text(_DUE_COUNT), values).scalar_one())

    def due_messages(self, at: datetime) -> list[DueMessage]:
        """Return the messages whose time has come, oldest first."""
        with self.database.transaction() as connection:
            companies = {company.company_id: company for company in told_companies(connection)}
            rows = connection.execute(text(_DUE), {"at": at}).mappings().all()
        # Of the whole store: any company has an address to send from.
        some = next(iter(companies.values()), None)
        messages = []
        for row in rows:
            channel, fault = self._channel(row)
            messages.append(
                DueMessage(
                    message_id=row["message_id"],
                    attempt_count=row["attempt_count"],
                    refused_count=row["refused_count"],
                    company=companies.get(row["company_id"]),
                    sent_by=companies.get(row["company_id"], some),
                    channel=channel,
                    fault=fault,
                )
            )
        return messages

    def _channel(self, row: RowMapping) -> tuple[Channel | None, str]:
        if row["is_removed"]:
            return None, "channel_removed"
        try:
            target = self.sealer.open(row["target"])
        except BillingError as error:
            return None, error.code
        channel = Channel(
            channel_id=row["channel_id"],
            channel_name=row["channel_name"],
            channel_kind=ChannelKind(row["channel_kind"]),
            target=target,
            language=row["language"],
        )
        return channel, ""

    def begin(self, message: DueMessage, compose: Callable[[Sequence[Event]], Notice]) -> Notice | None:
        """Mark a message as ``sending``, durably, and return what it says; None where another has it."""
        values = {"message": message.message_id, "attempts": message.attempt_count, "at": self.clock()}
        with self.database.transaction() as connection:
            row = connection.execute(text(_LOCKED), values).first()
            if row is None:
                return None
            notice = Notice(subject=row.subject, text=row.body_text, html=row.body_html)
            if not message.attempt_count:
                events = connection.execute(text(_EVENTS), values).mappings().all()
                notice = compose([event_of(event) for event in events])
            said = {"subject": notice.subject, "text": notice.text, "html": notice.html}
            connection.execute(text(_BEGIN), {**values, **said})
        return notice

    def finish(self, message: DueMessage, result: SendResult, next_attempt_at: datetime) -> None:
        """Record what the attempt came to."""
        values = {
            "message": message.message_id,
            "attempt": message.attempt_count + 1,
            "state": result.state.value,
            "reply": result.reply_code,
            "reason": result.reason_code,
            "reply_text": result.reply_text,
            "next": next_attempt_at,
            "at": self.clock(),
        }
        with self.database.transaction() as connection:
            connection.execute(text(_FINISH), values)

    def send_again(self, message_ids: Sequence[int] | None, by: str) -> list[int]:
        """Queue failed messages again, or, named one by one, unknown ones too; return which.

        None means every failed one. All that are named or none.

        Raises:
            BillingError: ``notification_not_failed`` where one that is named is neither failed nor unknown.
        """
        is_named = message_ids is not None
        values = {
            "states": ["failed", "unknown"] if is_named else ["failed"],
            "ids": list(message_ids) if message_ids is not None else None,
            "by": by,
            "at": self.clock(),
        }
        with self.database.transaction() as connection:
            queued = sorted(connection.execute(text(_AGAIN), values).scalars())
            refused = sorted(set(message_ids or ()) - set(queued))
            if refused:
                raise BillingError(
                    "notification_not_failed",
                    f"notification {refused[0]} is neither failed nor unknown, or there is "
                    "none; nothing was changed",
                    "'billing notifications' shows their states; what waits is tried again by itself",
                )
        return queued
