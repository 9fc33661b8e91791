"""Subscriptions in the store: who is sent which events, how far that came, and what was refused.

Belongs here: the rows, each act of a person with its entry of the audit log; the store's side of
``steps.send_statuses``. Does not belong here: the events (``status_listings``), endpoints
(``push_endpoints``).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.domain.deliveries import ENDPOINT_OUTAGES, MAX_ENDPOINT_OUTAGES
from billing_assets.domain.errors import BillingError
from billing_assets.domain.status_subscriptions import (
    RefusedStatus,
    StatusDecision,
    Subscription,
    SubscriptionState,
    status_not_open,
    subscription_exists,
    subscription_unknown,
)
from billing_assets.domain.statuses import StatusEvent, StatusKind
from billing_assets.steps.run_ports import Clock, Progress
from billing_assets.steps.status_ports import StatusPage
from billing_assets.store.audit_log import record_act
from billing_assets.store.connection import Database
from billing_assets.store.locks import LockSpace, hold_lock
from billing_assets.store.status_listings import read_event, read_events
from billing_assets.store.statuses import open_book

_SUBSCRIPTIONS = """
select subscription_id, subscription_code, endpoint_code, event_kinds, state, begins_after, settled_number,
    added_by, added_at
from status_subscription where company_id = :company and (:code = '' or subscription_code = :code)
    and state = any(:states)
order by subscription_id
"""
_ADD = """
insert into status_subscription (company_id, subscription_code, endpoint_code, event_kinds, begins_after,
    settled_number, added_by, added_at)
values (:company, :code, :endpoint, :kinds, :after, :after, :by, :at)
"""
_SET_STATE = "update status_subscription set state = :state where subscription_id = :subscription"
_LAST = "select coalesce(max(last_number), 0) from status_book where company_id = :company"
_ROW = """event_number, policy_numbers, state, attempt_count, next_attempt_at, reply_code, reason_code,
    reply_text, owner"""
_OPEN_ROWS = f"""
select {_ROW} from status_message where subscription_id = :subscription and state in ('queued', 'failed')
    and event_number > :after
order by event_number limit :limit
"""  # noqa: S608 - constants
_KEEP = """
insert into status_message (subscription_id, event_number, policy_numbers, state, attempt_count,
    next_attempt_at, reply_code, reason_code, reply_text, owner, changed_at)
values (:subscription, :event_number, :policy_numbers, :state, :attempt_count, :next_attempt_at, :reply_code,
    :reason_code, :reply_text, :owner, :at)
"""
_CHANGE = """
update status_message set state = :state, attempt_count = :attempt_count, next_attempt_at = :next_attempt_at,
    reply_code = :reply_code, reason_code = :reason_code, reply_text = :reply_text, owner = :owner,
    changed_at = :at
where subscription_id = :subscription and event_number = :event_number and state = 'queued'
    and attempt_count = :before
"""
_MOVE = """
update status_subscription set settled_number = :number
where subscription_id = :subscription and settled_number = :before
"""
_SET_BACK = """
update status_subscription set settled_number = :number where subscription_id = :subscription
"""
_FORGET = "delete from status_message where subscription_id = :subscription and event_number > :number"
_DECIDE = """
update status_message set state = :state, attempt_count = 0, next_attempt_at = null, owner = '',
    changed_at = :at
where subscription_id = :subscription and event_number = :number and state in ('queued', 'failed')
"""
_BEHIND = """
select s.subscription_code, s.endpoint_code, s.state, s.event_kinds, s.settled_number,
    b.last_number - s.settled_number as behind_count,
    count(m.event_number) filter (where m.state = 'queued') as waiting_count,
    count(m.event_number) filter (where m.state = 'failed') as failed_count,
    (select e.told_at from status_event e where e.company_id = s.company_id and e.event_number = least(
        min(m.event_number), case when s.settled_number < b.last_number then s.settled_number + 1 end)
    ) as oldest_at
from status_subscription s join status_book b using (company_id)
left join status_message m on m.subscription_id = s.subscription_id and m.state in ('queued', 'failed')
where s.company_id = :company and s.state = any(:states)
group by s.subscription_id, b.last_number order by s.subscription_id
"""
# What waits behind an event that waits itself is not due, nor is what is new where the endpoint is down.
_HAS_DUE = """
select exists (select from status_subscription s join status_book b using (company_id)
    join push_endpoint e on e.company_id = s.company_id and e.endpoint_code = s.endpoint_code
        and e.removed_at is null
    where s.company_id = :company and s.state = 'active' and (
        s.settled_number < b.last_number and (select count(*) from status_message m
            where m.subscription_id = s.subscription_id and m.state in ('queued', 'failed')
                and m.reason_code = any(:outages)) < :most_outages
        or exists (select from status_message m where m.subscription_id = s.subscription_id
            and m.state = 'queued' and coalesce(m.next_attempt_at, :at) <= :at
            and not exists (select from status_message x where x.subscription_id = m.subscription_id
                and x.state in ('queued', 'failed') and x.event_number < m.event_number
                and x.policy_numbers && m.policy_numbers))))
"""
_IN_USE = [SubscriptionState.ACTIVE.value, SubscriptionState.PAUSED.value]
_MOST_ROWS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionRow:
    """A subscription as people see it: how far behind it is, since when, and what is refused."""

    subscription_code: str
    endpoint_code: str
    state: str
    event_kinds: tuple[str, ...]
    settled_number: int
    behind_count: int
    waiting_count: int
    failed_count: int
    oldest_at: datetime | None


class SqlSubscriptionStore:
    """The subscriptions of one company; the implementation of ``steps.status_ports.SubscriptionStore``."""

    def __init__(self, database: Database, company_id: int, clock: Clock) -> None:
        """Use ``database``, and ``clock`` for the instants that rows keep."""
        self.database, self.company_id, self.clock = database, company_id, clock

    @contextmanager
    def lock_sending(self, progress: Progress) -> Iterator[None]:
        """Hold the right to send statuses of the company."""
        waits_for = "waiting for another program that sends statuses"
        with hold_lock(self.database, LockSpace.STATUSES, self.company_id, waits_for, progress):
            yield

    def active(self) -> list[Subscription]:
        """Return the subscriptions to which events are sent."""
        with self.database.transaction() as connection:
            return self._found(connection, states=[SubscriptionState.ACTIVE.value])

    def has_due(self, at: datetime) -> bool:
        """Tell whether a call of ``send_statuses`` would send anything at an instant."""
        values = {
            "company": self.company_id,
            "at": at,
            "outages": sorted(ENDPOINT_OUTAGES),
            "most_outages": MAX_ENDPOINT_OUTAGES,
        }
        with self.database.transaction() as connection:
            return bool(connection.execute(text(_HAS_DUE), values).scalar_one())

    def open_rows(
        self, subscription_id: int, after_number: int = 0, limit: int = _MOST_ROWS
    ) -> list[RefusedStatus]:
        """Return what was refused or is held back and not settled, in the order of the events."""
        values = {"subscription": subscription_id, "after": after_number, "limit": limit}
        with self.database.transaction() as connection:
            rows = connection.execute(text(_OPEN_ROWS), values).mappings()
            return [RefusedStatus(**{**row, "policy_numbers": tuple(row["policy_numbers"])}) for row in rows]

    def event(self, event_number: int) -> StatusEvent:
        """Return one event."""
        with self.database.transaction() as connection:
            return read_event(connection, self.company_id, event_number)

    def next_page(self, subscription: Subscription, limit: int) -> StatusPage:
        """Return the next events; the last number is read first, so that none below it comes later."""
        with self.database.transaction() as connection:
            last = connection.execute(text(_LAST), {"company": self.company_id}).scalar_one()
            found = read_events(
                connection,
                self.company_id,
                after_number=subscription.settled_number,
                limit=limit,
                kinds=subscription.event_kinds,
            )
        reached = found[-1].event_number if found else 0
        return StatusPage(events=found, up_to_number=reached if len(found) == limit else max(last, reached))

    def keep_row(self, subscription_id: int, row: RefusedStatus, attempts_before: int) -> None:
        """Keep what became of an event that has a row."""
        values = _values(subscription_id, row, self.clock()) | {"before": attempts_before}
        with self.database.transaction() as connection:
            _require_own(connection.execute(text(_CHANGE), values).rowcount)

    def keep_page(
        self, subscription: Subscription, up_to_number: int, refused: Sequence[RefusedStatus]
    ) -> Subscription:
        """Move a subscription on, with rows of what was not taken; both or neither."""
        moved = {
            "subscription": subscription.subscription_id,
            "number": up_to_number,
            "before": subscription.settled_number,
        }
        with self.database.transaction() as connection:
            _require_own(connection.execute(text(_MOVE), moved).rowcount)
            for row in refused:
                values = _values(subscription.subscription_id, row, self.clock())
                connection.execute(text(_KEEP), values)
        return replace(subscription, settled_number=up_to_number)

    def add(
        self, code: str, endpoint_code: str, kinds: Sequence[StatusKind], after_number: int | None, by: str
    ) -> Subscription:
        """Add a subscription that begins behind an event, or with the next; raise ``subscription_exists``."""
        with self.database.transaction() as connection:
            open_book(connection, self.company_id)
            last = connection.execute(text(_LAST), {"company": self.company_id}).scalar_one()
            values = {
                "company": self.company_id,
                "code": code,
                "endpoint": endpoint_code,
                "kinds": [*kinds],
                "after": last if after_number is None else min(after_number, last),
                "by": by,
                "at": self.clock(),
            }
            try:
                with connection.begin_nested():
                    connection.execute(text(_ADD), values)
            except IntegrityError as error:
                raise subscription_exists(code) from error
            [added] = self._found(connection, code)
            told = {"endpoint": endpoint_code, "kinds": [*kinds], "begins_after": added.begins_after}
            self._record(connection, Act.ADD_SUBSCRIPTION, code, by, after=told)
        return added

    def set_state(self, code: str, state: SubscriptionState, by: str, reason: str) -> None:
        """Pause a subscription, let it go on, or retire it; raise ``subscription_unknown``."""
        acts = {
            SubscriptionState.ACTIVE: Act.RESUME_SUBSCRIPTION,
            SubscriptionState.PAUSED: Act.PAUSE_SUBSCRIPTION,
            SubscriptionState.RETIRED: Act.RETIRE_SUBSCRIPTION,
        }
        with self.database.transaction() as connection:
            found = self.one(connection, code)
            values = {"subscription": found.subscription_id, "state": state.value}
            connection.execute(text(_SET_STATE), values)
            before, after = {"state": found.state.value}, {"state": state.value}
            self._record(connection, acts[state], code, by, reason=reason, before=before, after=after)

    def set_back(self, code: str, after_number: int, by: str, reason: str) -> Subscription:
        """Let a subscription begin again behind an event; what it was refused since is forgotten.

        The caller holds :meth:`lock_sending`.
        """
        with self.database.transaction() as connection:
            found = self.one(connection, code)
            number = min(after_number, found.settled_number)
            values = {"subscription": found.subscription_id, "number": number}
            connection.execute(text(_SET_BACK), values)
            connection.execute(text(_FORGET), values)
            before, after = {"settled_number": found.settled_number}, {"settled_number": number}
            self._record(connection, Act.REPLAY_STATUSES, code, by, reason=reason, before=before, after=after)
        return replace(found, settled_number=number)

    def decide(self, code: str, event_number: int, decision: StatusDecision, by: str, reason: str) -> None:
        """Decide on an event that waits; raise ``subscription_unknown`` or ``status_not_open``."""
        states = {StatusDecision.AGAIN: "queued", StatusDecision.SKIP: "skipped"}
        with self.database.transaction() as connection:
            values = {
                "subscription": self.one(connection, code).subscription_id,
                "number": event_number,
                "state": states[decision],
                "at": self.clock(),
            }
            if not connection.execute(text(_DECIDE), values).rowcount:
                raise status_not_open(code, event_number)
            after = {"event_number": event_number, "decision": decision.value}
            self._record(connection, Act.RESOLVE_STATUS, code, by, reason=reason, after=after)

    def one(self, connection: Connection, code: str) -> Subscription:
        """Return a subscription in use, or raise ``subscription_unknown``."""
        found = self._found(connection, code, _IN_USE)
        if not found:
            raise subscription_unknown(code)
        return found[0]

    def listed(self, *, with_retired: bool = False) -> list[SubscriptionRow]:
        """Return the subscriptions with how far behind each is."""
        states = [*SubscriptionState] if with_retired else _IN_USE
        with self.database.transaction() as connection:
            rows = connection.execute(text(_BEHIND), {"company": self.company_id, "states": states})
            return [
                SubscriptionRow(**{**row, "event_kinds": tuple(row["event_kinds"])})
                for row in rows.mappings()
            ]

    def _found(
        self, connection: Connection, code: str = "", states: Sequence[str] = tuple(SubscriptionState)
    ) -> list[Subscription]:
        values = {"company": self.company_id, "code": code, "states": list(states)}
        return [
            Subscription(
                **{
                    **row,
                    "event_kinds": tuple(StatusKind(kind) for kind in row["event_kinds"]),
                    "state": SubscriptionState(row["state"]),
                }
            )
            for row in connection.execute(text(_SUBSCRIPTIONS), values).mappings()
        ]

    def _record(
        self,
        connection: Connection,
        act: Act,
        code: str,
        by: str,
        *,
        reason: str = "",
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
    ) -> None:
        told = AuditAct(
            act=act,
            subject=Subject.SUBSCRIPTION,
            subject_id=code,
            company_id=self.company_id,
            reason=reason,
            signed_by=by,
            before=before,
            after=after,
        )
        record_act(connection, told, self.clock())


def _values(subscription_id: int, row: RefusedStatus, at: datetime) -> dict[str, object]:
    return {
        **asdict(row),
        "policy_numbers": list(row.policy_numbers),
        "subscription": subscription_id,
        "at": at,
    }


def _require_own(row_count: int) -> None:
    if row_count != 1:
        raise BillingError(
            "subscription_taken",
            "another program has sent to this subscription meanwhile",
            "run the same command again when it has ended",
        )
