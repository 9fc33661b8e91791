"""Notifications: a job that tells people, and the sensors that start it or look.

Belongs here: when people are told. Does not belong here: what and whom (``steps``, ``domain``).

What is told comes from our own ledger, checks and outbox, whatever started a run; Dagster's events only say
when to look.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg

from billing_assets.defs.conventions import run_unless_under_way
from billing_assets.defs.progress import LogProgress
from billing_assets.defs.resource import BillingResource

if TYPE_CHECKING:
    from billing_assets.wiring.notification_desk import NotificationDesk

SENSOR_SECONDS = 30
"""So often the sensor looks; what happened is told about as late, and after the start of a run."""

WATCH_SECONDS = 300
"""So often is looked for what is late or stuck, which is so for hours before anybody is told."""

FOUND_TAG = "billing/found"
"""What the sensor found that started a run."""

_NAMED = 5

Program = dg.ResourceParam[BillingResource]


@dg.op(description="Collects what happened since last time and sends the messages that are due.")
def tell(context: dg.OpExecutionContext, billing: Program) -> None:
    """Collect and send."""
    from billing_assets.wiring.notification_desk import NotificationDesk

    with billing.open() as program:
        desk = NotificationDesk(program)
        collected = desk.collect()
        sent = desk.send(progress=LogProgress(context.log.info))
        context.add_output_metadata({**collected.facts, **sent.facts})


@dg.job(
    name="notify", description="Tells people what happened since last time, by the rules of notification."
)
def _notify_job() -> None:
    tell()


def build_notify_job() -> dg.JobDefinition:
    """Return the job.

    >>> build_notify_job().name
    'notify'
    """
    return _notify_job


def build_notification_sensors() -> list[dg.SensorDefinition]:
    """Return the sensors, which are off until somebody turns them on.

    >>> [sensor.name for sensor in build_notification_sensors()]
    ['notify_people', 'look_after_a_failure', 'watch_late_runs', 'watch_stuck_deliveries']
    """
    return [
        _notify_people(),
        _look_after_a_failure(),
        _watch(
            "watch_late_runs",
            _late_runs,
            "Looks for billing dates that are not final by BILLING_RUN_DEADLINE, names them, and lets people "
            "be told.",
        ),
        _watch(
            "watch_stuck_deliveries",
            _stuck_deliveries,
            "Looks for messages to payers that wait for longer than BILLING_STUCK_DELIVERY_MINUTES, counts "
            "them, and lets people be told.",
        ),
    ]


def _notify_people() -> dg.SensorDefinition:
    @dg.sensor(
        name="notify_people",
        job_name=_notify_job.name,
        minimum_interval_seconds=SENSOR_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Collects what happened, and sends as soon as a message is due.",
    )
    def notify_people(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        count = _collected_due_count()
        if not count:
            return dg.SkipReason("no message is due")
        busy = f"a run tells people already; messages due: {count}"
        return run_unless_under_way(context.instance, _notify_job.name, busy)

    return notify_people


def _look_after_a_failure() -> dg.SensorDefinition:
    @dg.run_failure_sensor(
        name="look_after_a_failure",
        minimum_interval_seconds=SENSOR_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Collects what happened as soon as a run of Dagster fails; 'notify_people' sends it.",
    )
    def look_after_a_failure(_context: dg.RunFailureSensorContext) -> dg.SkipReason:
        return dg.SkipReason(f"looked; messages due: {_collected_due_count()}")

    return look_after_a_failure


def _watch(name: str, look: Callable[["NotificationDesk"], str], description: str) -> dg.SensorDefinition:
    """Return a sensor that says what ``look`` finds, and tells people of it as of everything else."""

    @dg.sensor(
        name=name,
        job_name=_notify_job.name,
        minimum_interval_seconds=WATCH_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description=description,
    )
    def watch(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        with _desk() as desk:
            found = look(desk)
            count = _due_count(desk) if found else 0
        if not found:
            return dg.SkipReason("all is in time")
        if not count:
            return dg.SkipReason(f"{found}; no message is due")
        busy = f"{found}; a run tells people already"
        return run_unless_under_way(context.instance, _notify_job.name, busy, tags={FOUND_TAG: found})

    return watch


def _late_runs(desk: "NotificationDesk") -> str:
    """Return the dates that are late, company by company; empty where none is."""
    return _listed(
        {
            code: [f"{late.billing_date} {late.state}" for late in rows]
            for code, rows in desk.late_runs().items()
        }
    )


def _stuck_deliveries(desk: "NotificationDesk") -> str:
    """Return how many messages stand still and why, company by company; empty where none does."""
    return _listed(
        {
            code: [f"{row.delivery_count} {row.state} {row.reason_code}".strip() for row in rows]
            for code, rows in desk.stuck_deliveries().items()
        }
    )


def _listed(found: Mapping[str, Sequence[str]]) -> str:
    """Return the first few of each company, and how many more there are.

    >>> _listed({"demo": ["2025-01-31 held"], "other": []})
    'demo: 2025-01-31 held'
    """
    told = []
    for code, rows in found.items():
        more = f", and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
        if rows:
            told.append(f"{code}: {', '.join(rows[:_NAMED])}{more}")
    return "; ".join(told)


@contextmanager
def _desk() -> Iterator["NotificationDesk"]:
    from billing_assets.wiring.notification_desk import NotificationDesk

    with BillingResource() as resource, resource.open() as program:
        yield NotificationDesk(program)


def _due_count(desk: "NotificationDesk") -> int:
    desk.collect()
    return desk.due_count()


def _collected_due_count() -> int:
    with _desk() as desk:
        return _due_count(desk)
