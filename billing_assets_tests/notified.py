"""What tests of notifications share: a clock, runs of any state, a channel and a rule, what was told.

Belongs here: rows as the program writes them, put straight into the store. Does not belong here: receivers
(``hooks``, ``channels.mailbox``).
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import text

from billing_assets.domain.checks import CHECKS, CheckResult
from billing_assets.domain.deliveries import DeliveryState, SendResult
from billing_assets.domain.notification_rules import Channel, ChannelKind, Rule
from billing_assets.domain.notifications import Severity
from billing_assets.steps.collect_notification_events import Patience, collect_notification_events
from billing_assets.steps.notification_ports import Letter
from billing_assets.steps.result import StepResult
from billing_assets.steps.send_notifications import send_notifications
from billing_assets.store.check_results import keep_check_results
from billing_assets.store.connection import Database
from billing_assets.store.notification_channels import save_channel
from billing_assets.store.notification_events import SqlEventStore
from billing_assets.store.notification_rules import add_rule
from billing_assets.store.notifications import SqlMessageStore
from billing_assets.store.sealed_texts import Sealer

NOON = datetime(2025, 3, 12, 11, 0, tzinfo=UTC)
"""Noon in Madrid, in winter."""

_RUN = """
insert into billing_run (company_id, billing_date, sequence_number, issuing_date, state, book_batch_id,
    shard_count, due_count, plan_totals, report, planned_at, finalised_at, plan_sha256, held_reasons,
    decision_reason, decided_by, decided_at)
values (1, :day, :number, :day, :state, 1, 4, :due, cast(:totals as jsonb), cast(:report as jsonb), :at,
    case when :state = 'finalised' then cast(:at as timestamptz) end, :hash, cast(:reasons as jsonb),
    :decision, :decision, case when :decision <> '' then cast(:at as timestamptz) end)
returning run_id
"""


def add_run(
    database: Database,
    day: date,
    state: str = "finalised",
    *,
    at: datetime = NOON,
    counts: dict[str, int] | None = None,
    plan_sha256: str = "a" * 64,
) -> int:
    """Put a billing run of a state into the ledger; return its id."""
    outcomes = counts or {"invoiced": 12, "held": 0, "failed": 0}
    reasons = [
        {"outcome": name, "reason_code": "no_plan_row", "currency": "EUR", "count": count, "net_minor": 100}
        for name, count in outcomes.items()
        if count and name != "invoiced"
    ]
    invoices = [{"currency": "EUR", "count": 12, "net_minor": 1000, "tax_minor": 50, "total_minor": 1050}]
    report = {"run_kind": "billing", "outcome_counts": outcomes, "invoices": invoices, "charges": reasons}
    totals = [{"outcome": "invoiced", "currency": "EUR", "charge_count": 12, "net_minor": 123_456}]
    values = {
        "day": day,
        "number": 1,
        "state": state,
        "due": sum(outcomes.values()),
        "totals": json.dumps(totals),
        "report": json.dumps(report) if state == "finalised" else None,
        "reasons": json.dumps([{"bound": "problems", "found": "x"}] if state == "held" else []),
        "hash": plan_sha256,
        "decision": "ana" if state == "rejected" else "",
        "at": at,
    }
    with database.transaction() as connection:
        return int(connection.execute(text(_RUN), values).scalar_one())


def keep_check(
    database: Database,
    offender_count: int,
    at: datetime,
    *,
    company_id: int | None = 1,
    day: date | None = None,
) -> None:
    """Keep a result of check I08."""
    examples = tuple(f"series {number}" for number in range(min(offender_count, 2)))
    result = CheckResult(check=CHECKS["I08"], offender_count=offender_count, examples=examples)
    with database.transaction() as connection:
        keep_check_results(connection, [result], company_id, day, at)


def add_channel(database: Database, name: str = "team", target: str = "json://127.0.0.1:1/secret") -> None:
    """Add a channel, of Apprise unless the target is an address."""
    is_email = "://" not in target
    channel = Channel(
        channel_id=0,
        channel_name=name,
        channel_kind=ChannelKind.EMAIL if is_email else ChannelKind.APPRISE,
        target=target,
        language="en",
    )
    with database.transaction() as connection:
        save_channel(connection, channel, Sealer(), "ana", NOON - timedelta(days=90))


def hear(database: Database, name: str = "ops", channel: str = "team", **said: Any) -> None:
    """Add a rule that hears everything since three months, but for what it says otherwise."""
    rule = Rule(**{"rule_name": name, "channel_name": channel, "minimum_severity": Severity.INFO, **said})
    with database.transaction() as connection:
        add_rule(connection, rule, "ana", NOON - timedelta(days=90))


@dataclass
class Postman:
    """A way out that gives the answers it was given, the last one ever after, and keeps the letters."""

    answers: list[SendResult] = field(default_factory=lambda: [answer("sent", "accepted", 200)])
    letters: list[Letter] = field(default_factory=list)

    def send(self, letter: Letter) -> SendResult:
        self.letters.append(letter)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def answer(state: str, reason_code: str, reply_code: int = 0) -> SendResult:
    return SendResult(
        state=DeliveryState(state), reply_code=reply_code, reason_code=reason_code, reply_text=""
    )


@dataclass
class Office:
    """Collecting and sending over a store, by a clock that stands until it is moved."""

    database: Database
    now: datetime = NOON
    patience: Patience = field(default_factory=Patience)
    postman: Postman = field(default_factory=Postman)

    def clock(self) -> datetime:
        return self.now

    @property
    def outbox(self) -> SqlMessageStore:
        return SqlMessageStore(self.database, Sealer(), self.clock)

    def collect(self) -> StepResult:
        return collect_notification_events(
            store=SqlEventStore(self.database), patience=self.patience, clock=self.clock
        )

    def send(self, **settings: Any) -> StepResult:
        return send_notifications(
            store=self.outbox, messenger=self.postman, from_email="", clock=self.clock, **settings
        )

    def events(self) -> list[str]:
        """Return the kinds of all events, in the order they were found."""
        return self.column("select event_kind from notification_event order by event_id")

    def states(self) -> list[tuple[str, str, int]]:
        """Return state, reason and attempts of every message."""
        query = "select state, reason_code, attempt_count from notification_message order by message_id"
        with self.database.transaction() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def column(self, query: str) -> list[Any]:
        with self.database.transaction() as connection:
            return list(connection.execute(text(query)).scalars())
