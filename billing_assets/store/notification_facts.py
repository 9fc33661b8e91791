"""What our own ledger, intake, checks and outbox say that is no event yet.

Belongs here: one query for each kind of event, and the event that a row makes. What was told already is left
out by its key. Does not belong here: adding events (``notification_events``), from when on one is worth
telling (``steps.collect_notification_events``).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, text

from billing_assets.domain.notifications import (
    SEVERITIES,
    Event,
    EventKind,
    event_key,
    run_severity,
)
from billing_assets.steps.notification_ports import Moments, ToldCompany
from billing_assets.store.late_runs import list_late_runs
from billing_assets.store.locks import IS_HELD, LockSpace
from billing_assets.store.stuck_statuses import StuckStatuses, list_stuck_statuses

_IS_NEW = "not exists (select from notification_event e where e.event_key = {key})"

# Of runs on demand there may be thousands a day, and each request was answered: they are not told one by one.
_FINALISED = f"""
select run_id, run_kind, billing_date, due_count, report, finalised_at from billing_run r
where company_id = :company and run_kind <> 'on_demand' and state = 'finalised'
    and {_IS_NEW.format(key="concat('run_finalised:', r.run_id)")}
order by run_id
"""  # noqa: S608 - constants

_HELD = f"""
select run_id, billing_date, due_count, plan_totals, held_reasons, planned_at, plan_sha256, selection
from billing_run r
where company_id = :company and run_kind <> 'on_demand' and state = 'held'
    and {_IS_NEW.format(key="concat('run_held:', r.run_id, ':', left(r.plan_sha256, 16))")}
order by run_id
"""  # noqa: S608 - constants

_UNDECIDED = f"""
select run_id, billing_date, due_count, plan_totals, held_reasons, planned_at, plan_sha256, selection
from billing_run r
where company_id = :company and run_kind <> 'on_demand' and state = 'held' and decided_at is null
    and planned_at <= :held_before
    and {_IS_NEW.format(key="concat('approval_needed:', r.run_id, ':', left(r.plan_sha256, 16))")}
order by run_id
"""  # noqa: S608 - constants

# Whoever works on a run holds its company's lock, which is free as soon as they die.
_STOPPED = f"""
select r.run_id, r.billing_date, r.due_count, r.shard_count, r.selection, s.done_count, s.since
from billing_run r cross join lateral (
    select count(committed_at) as done_count, coalesce(max(committed_at), r.planned_at) as since
    from run_shard where run_id = r.run_id
) s
where r.company_id = :company and r.run_kind <> 'on_demand' and r.state = 'running'
    and s.since <= :stopped_before and not {IS_HELD}
    and {_IS_NEW.format(key="concat('run_failed:', r.run_id, ':', s.done_count)")}
order by r.run_id
"""  # noqa: S608 - constants

# Told again when one more waits, and not when one of them is done.
_REQUESTS = """
select * from (
    select count(*) as request_count, min(changed_at) as first_at, max(changed_at) as last_at,
        concat('requests_waiting:', :company, ':', extract(epoch from max(changed_at))) as event_key
    from document_request where company_id = :company and state = 'waiting'
) w where request_count > 0
    and not exists (select from notification_event e where e.event_key = w.event_key)
"""

# The bad rows of one import, or of one run, are written in one transaction at one instant.
_PROBLEMS = """
with found as (
    select coalesce(batch_id, 0) as batch_id, recorded_at, problem_code, count(*) as problem_count
    from problem where company_id = :company and is_open group by 1, 2, 3
)
select f.batch_id, f.recorded_at, coalesce(b.file_name, '-') as file_name,
    sum(f.problem_count)::bigint as problem_count,
    jsonb_agg(jsonb_build_object('problem_code', problem_code, 'count', f.problem_count)
        order by f.problem_count desc, problem_code) as reasons,
    concat('problems_opened:', f.batch_id, ':', extract(epoch from f.recorded_at)) as event_key
from found f left join intake_batch b on b.batch_id = f.batch_id
group by f.batch_id, f.recorded_at, b.file_name
having not exists (select from notification_event e
    where e.event_key = concat('problems_opened:', f.batch_id, ':', extract(epoch from f.recorded_at)))
order by f.recorded_at
"""

# What a batch of retries gave up was given up in one transaction, and by one run: the batches of a firing
# share its instant, and who looks between two of them would tell of the first alone.
_GIVEN_UP = """
with found as (
    select attempted_at, reason_code, count(*) as charge_count,
        concat('retries_given_up:', company_id, ':', extract(epoch from attempted_at), ':', run_id)
            as event_key
    from invoice_retry where company_id = :company and reason_code is not null and next_attempt_at is null
    group by company_id, attempted_at, run_id, reason_code
)
select attempted_at, event_key, sum(charge_count)::bigint as charge_count,
    jsonb_agg(jsonb_build_object('reason_code', reason_code, 'count', charge_count)
        order by charge_count desc, reason_code) as reasons
from found f where not exists (select from notification_event e where e.event_key = f.event_key)
group by attempted_at, event_key order by attempted_at, event_key
"""

_CHECKS = """
select check_id, company_id, billing_date, episode_number, failed_at, failed_count, examples, recovered_at
from check_result where company_id is not distinct from cast(:company as smallint) and episode_number > 0
"""

_KNOWN_KEYS = "select event_key from notification_event where event_key = any(:keys)"

# A message that tells of nothing but such failures makes no further one.
_UNDELIVERABLE = f"""
select m.message_id, m.state, m.reason_code, m.attempt_count, m.changed_at, c.channel_name
from notification_message m join notification_channel c using (channel_id)
where m.company_id is not distinct from cast(:company as smallint) and m.state in ('failed', 'unknown')
    and {_IS_NEW.format(key="concat('notification_undeliverable:', m.message_id, ':', m.attempt_count)")}
    and exists (select from notification_message_event l join notification_event e using (event_id)
        where l.message_id = m.message_id and e.event_kind <> 'notification_undeliverable')
order by m.message_id
"""  # noqa: S608 - constants


def company_events(connection: Connection, company: ToldCompany, moments: Moments) -> list[Event]:
    """Return what happened to a company and is no event yet, but for messages to payers."""
    values = {
        "company": company.company_id,
        "space": int(LockSpace.RUNS),
        "stopped_before": moments.stopped_before,
        "held_before": moments.held_before,
    }

    def rows(query: str) -> Sequence[RowMapping]:
        return connection.execute(text(query), values).mappings().all()

    events = [_finalised(company, row) for row in rows(_FINALISED)]
    events += [_held(company, EventKind.RUN_HELD, row, row["planned_at"]) for row in rows(_HELD)]
    waited = moments.now - moments.held_before
    events += [
        _held(company, EventKind.APPROVAL_NEEDED, row, row["planned_at"] + waited) for row in rows(_UNDECIDED)
    ]
    events += [_stopped(company, row) for row in rows(_STOPPED)]
    events += [_problems(company, row) for row in rows(_PROBLEMS)]
    events += [_given_up(company, row) for row in rows(_GIVEN_UP)]
    events += _late(connection, company, moments)
    stuck = list_stuck_statuses(connection, company.company_id, moments.stuck_before)
    events += _unknown(connection, [_stuck(company, each) for each in stuck])
    events += [_requests(company, row) for row in rows(_REQUESTS)]
    return [*events, *standing_events(connection, company.company_id)]


def standing_events(connection: Connection, company_id: int | None) -> list[Event]:
    """Return what checks and our own messages say of a company, or of the whole store where it is None."""
    values = {"company": company_id}
    checks = [
        event
        for row in connection.execute(text(_CHECKS), values).mappings()
        for event in _check(company_id, row)
    ]
    messages = [
        _undeliverable(company_id, row) for row in connection.execute(text(_UNDELIVERABLE), values).mappings()
    ]
    return [*_unknown(connection, checks), *messages]


def _unknown(connection: Connection, events: Sequence[Event]) -> list[Event]:
    keys = {"keys": [event.event_key for event in events]}
    known = set(connection.execute(text(_KNOWN_KEYS), keys).scalars())
    return [event for event in events if event.event_key not in known]


def _finalised(company: ToldCompany, row: RowMapping) -> Event:
    report: Mapping[str, Any] = row["report"]
    amounts: Counter[str] = Counter()
    for each in report["invoices"]:
        amounts[each["currency"]] += each["total_minor"]
    told = ("run_kind", "selection", "outcome_counts", "invoices")
    return Event(
        event_key=event_key(EventKind.RUN_FINALISED, row["run_id"]),
        event_kind=EventKind.RUN_FINALISED,
        severity=run_severity(report["outcome_counts"]),
        company_id=company.company_id,
        occurred_at=row["finalised_at"],
        billing_date=row["billing_date"],
        run_id=row["run_id"],
        item_count=row["due_count"],
        amounts=dict(amounts),
        facts={
            **{name: report[name] for name in told if name in report},
            "due_count": row["due_count"],
            "credit_notes": report.get("credit_notes", []),
            "reasons": [each for each in report["charges"] if each["reason_code"]],
        },
    )


def _held(company: ToldCompany, kind: EventKind, row: RowMapping, at: datetime) -> Event:
    amounts: Counter[str] = Counter()
    for total in row["plan_totals"]:
        amounts[total["currency"]] += total["net_minor"]
    return Event(
        event_key=event_key(kind, row["run_id"], row["plan_sha256"][:16]),
        event_kind=kind,
        severity=SEVERITIES[kind],
        company_id=company.company_id,
        occurred_at=at,
        billing_date=row["billing_date"],
        run_id=row["run_id"],
        item_count=row["due_count"],
        amounts=dict(amounts),
        facts={
            "bounds": [reason["bound"] for reason in row["held_reasons"]],
            **({"selection": row["selection"]} if row["selection"] else {}),
        },
    )


def _stopped(company: ToldCompany, row: RowMapping) -> Event:
    return Event(
        event_key=event_key(EventKind.RUN_FAILED, row["run_id"], row["done_count"]),
        event_kind=EventKind.RUN_FAILED,
        severity=SEVERITIES[EventKind.RUN_FAILED],
        company_id=company.company_id,
        occurred_at=row["since"],
        billing_date=row["billing_date"],
        run_id=row["run_id"],
        item_count=row["due_count"],
        facts={
            "done": row["done_count"],
            "shards": row["shard_count"],
            "since": since_text(company, row["since"]),
            **({"selection": row["selection"]} if row["selection"] else {}),
        },
    )


def _problems(company: ToldCompany, row: RowMapping) -> Event:
    return Event(
        event_key=row["event_key"],
        event_kind=EventKind.PROBLEMS_OPENED,
        severity=SEVERITIES[EventKind.PROBLEMS_OPENED],
        company_id=company.company_id,
        occurred_at=row["recorded_at"],
        item_count=row["problem_count"],
        facts={"file_name": row["file_name"], "reasons": row["reasons"]},
    )


def _given_up(company: ToldCompany, row: RowMapping) -> Event:
    return Event(
        event_key=row["event_key"],
        event_kind=EventKind.RETRIES_GIVEN_UP,
        severity=SEVERITIES[EventKind.RETRIES_GIVEN_UP],
        company_id=company.company_id,
        occurred_at=row["attempted_at"],
        item_count=row["charge_count"],
        facts={"reasons": row["reasons"]},
    )


def _requests(company: ToldCompany, row: RowMapping) -> Event:
    kind = EventKind.REQUESTS_WAITING
    return Event(
        event_key=row["event_key"],
        event_kind=kind,
        severity=SEVERITIES[kind],
        company_id=company.company_id,
        occurred_at=row["last_at"],
        item_count=row["request_count"],
        facts={"since": since_text(company, row["first_at"])},
    )


def _stuck(company: ToldCompany, stuck: StuckStatuses) -> Event:
    kind = EventKind.STATUSES_STUCK
    parts = company.company_id, stuck.subscription_code, stuck.first_number, bool(stuck.failed_count)
    return Event(
        event_key=event_key(kind, *parts),
        event_kind=kind,
        severity=SEVERITIES[kind],
        company_id=company.company_id,
        occurred_at=stuck.since,
        item_count=stuck.event_count,
        facts={
            "subscription_code": stuck.subscription_code,
            "failed_count": stuck.failed_count,
            "since": since_text(company, stuck.since),
        },
    )


def _late(connection: Connection, company: ToldCompany, moments: Moments) -> list[Event]:
    if moments.late_dates is None:
        return []
    zone = ZoneInfo(company.time_zone)
    hour, minute = map(int, moments.deadline.split(":"))
    events = [
        Event(
            event_key=event_key(EventKind.RUN_LATE, company.company_id, late.billing_date),
            event_kind=EventKind.RUN_LATE,
            severity=SEVERITIES[EventKind.RUN_LATE],
            company_id=company.company_id,
            occurred_at=datetime(*late.billing_date.timetuple()[:3], hour, minute, tzinfo=zone),
            billing_date=late.billing_date,
            run_id=late.run_id,
            facts={"state": late.state, "deadline": moments.deadline},
        )
        for late in list_late_runs(connection, company.company_id, *moments.late_dates)
    ]
    return _unknown(connection, events)


def _check(company_id: int | None, row: RowMapping) -> Iterator[Event]:
    """Yield the failure of a check, and its end where it has come."""
    parts = row["check_id"], company_id, row["billing_date"], row["episode_number"]
    for kind, at in (
        (EventKind.CHECK_FAILED, row["failed_at"]),
        (EventKind.CHECK_RECOVERED, row["recovered_at"]),
    ):
        if at is not None:
            is_failure = kind is EventKind.CHECK_FAILED
            yield Event(
                event_key=event_key(kind, *parts),
                event_kind=kind,
                severity=SEVERITIES[kind],
                company_id=company_id,
                occurred_at=at,
                billing_date=row["billing_date"],
                item_count=row["failed_count"] if is_failure else None,
                facts={
                    "check_id": row["check_id"],
                    **({"examples": row["examples"]} if is_failure else {}),
                },
            )


def _undeliverable(company_id: int | None, row: RowMapping) -> Event:
    kind = EventKind.NOTIFICATION_UNDELIVERABLE
    told = ("message_id", "state", "reason_code", "attempt_count", "channel_name")
    return Event(
        event_key=event_key(kind, row["message_id"], row["attempt_count"]),
        event_kind=kind,
        severity=SEVERITIES[kind],
        company_id=company_id,
        occurred_at=row["changed_at"],
        facts={name: row[name] for name in told},
    )


def since_text(company: ToldCompany, at: datetime) -> str:
    """Return an instant as the company's clock has it."""
    return at.astimezone(ZoneInfo(company.time_zone)).strftime("%Y-%m-%d %H:%M")
