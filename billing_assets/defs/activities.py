"""Dagster's schedules, one per activity: they look every minute at what people have scheduled.

Belongs here: from firings to runs of Dagster and back. Does not belong here: when a schedule fires
(``frames.firings``), what becomes of a firing (``steps.fire_schedules``).

Nothing else starts a run of a schedule. A firing is asked for by its number, again and again until a run
carries it; Dagster starts one run for each such key, and a second one would find the work done. What an
invoice run bills of a selection has a schedule of its own, because its job has no partition.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import dagster as dg

from billing_assets.defs.conventions import TEMPLATE_TAG, UNFINISHED
from billing_assets.defs.resource import BillingResource
from billing_assets.defs.statuses import STATUS_JOB
from billing_assets.domain.activities import ACTIVITIES, Activity
from billing_assets.domain.schedule_pauses import FiringState
from billing_assets.wiring.settings import Settings

if TYPE_CHECKING:
    from billing_assets.steps.schedule_ports import KeptFiring

JOBS = {
    Activity.INVOICE_RUN: "bill_date",
    Activity.DELIVERY_RETRY: "retry_deliveries",
    Activity.FAILED_INVOICE_RETRY: "retry_failed_invoices",
    Activity.PAYMENT_ALLOCATION: "allocate_payments",
    Activity.STATUS_SYNC: STATUS_JOB,
    Activity.INVARIANT_CHECK: "check_invariants",
}
"""The job that does an activity; of an invoice run, for the whole book."""

SELECTION_JOB, SELECTION_OP, SELECTION_RUNS = "bill_selection", "bill_selected", "selection_runs"
"""The job of an invoice run of a selection, its op, and the schedule in Dagster that starts it.

Its runs have no partition: no date turns green by a part of the book.
"""

NAMES = {
    Activity.INVOICE_RUN: "invoice_runs",
    Activity.DELIVERY_RETRY: "delivery_retries",
    Activity.FAILED_INVOICE_RETRY: "failed_invoice_retries",
    Activity.PAYMENT_ALLOCATION: "payment_allocations",
    Activity.STATUS_SYNC: "status_syncs",
    Activity.INVARIANT_CHECK: "invariant_checks",
}
"""The name of an activity's schedule in Dagster."""

FIRING_TAG, SCHEDULE_TAG, REASON_TAG = "billing/firing", "billing/schedule", "billing/reason"
SELECTION_TAG = "billing/selection"
BEFORE_BACKFILLS = {"dagster/priority": "5"}

_EVERY_MINUTE = "* * * * *"
_MOST_REQUESTS = 25
_WILL_RETRY = "dagster/will_retry"


def build_activity_schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    """Return the schedule of each activity.

    They are on from the start: what they do, people say by the schedules that they keep.
    """
    whole = [_activity_schedule(activity, settings, NAMES[activity], JOBS[activity]) for activity in Activity]
    return [*whole, _activity_schedule(Activity.INVOICE_RUN, settings, SELECTION_RUNS, SELECTION_JOB)]


def _activity_schedule(
    activity: Activity, settings: Settings, name: str, job_name: str
) -> dg.ScheduleDefinition:
    of_selections = job_name == SELECTION_JOB
    what = f"{activity.value} of a selection of policies" if of_selections else activity.value

    @dg.schedule(
        name=name,
        job_name=job_name,
        cron_schedule=_EVERY_MINUTE,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=(
            f"Each minute, starts what 'billing schedules' has due of {what}: it "
            f"{ACTIVITIES[activity].meaning}. Paused there, it says by whom and why."
        ),
    )
    def fire(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
        from billing_assets.wiring.schedule_desk import ScheduleDesk

        at = context.scheduled_execution_time.astimezone(UTC)
        with BillingResource() as resource, resource.open() as program:
            desk = ScheduleDesk(program)
            look = desk.look(activity, at)
            own = [each for each in look.firings if each.selection.is_everything is not of_selections]
            if not own:
                return dg.SkipReason(look.why_none or f"nothing is due of {what}")
            requests, marks = _sorted_out(own, context.instance, settings, at)
            desk.mark(marks)
        if requests:
            return requests
        return dg.SkipReason(f"runs are on already for {len(own)} firings")

    return fire


def _sorted_out(
    firings: Sequence["KeptFiring"], instance: dg.DagsterInstance, settings: Settings, at: datetime
) -> tuple[list[dg.RunRequest], list[tuple[int, FiringState, str]]]:
    """Return the runs to ask for, oldest first, and what became of the firings that have a run."""
    requests: list[dg.RunRequest] = []
    marks: list[tuple[int, FiringState, str]] = []
    for firing in firings:
        found = instance.get_runs(dg.RunsFilter(tags={FIRING_TAG: str(firing.firing_id)}), limit=1)
        if found:
            marks.append((firing.firing_id, _state_of(found[0]), found[0].run_id))
        elif not _is_offered(firing, settings, at):
            marks.append((firing.firing_id, FiringState.FAILED, ""))
        elif len(requests) < _MOST_REQUESTS:
            requests.append(_request(firing))
    return requests, marks


def _state_of(run: dg.DagsterRun) -> FiringState:
    if run.status is dg.DagsterRunStatus.SUCCESS:
        return FiringState.DONE
    if run.status in UNFINISHED or run.tags.get(_WILL_RETRY) == "true":
        return FiringState.STARTED
    return FiringState.FAILED


def _is_offered(firing: "KeptFiring", settings: Settings, at: datetime) -> bool:
    """Tell whether Dagster has the billing date of a firing among its dates."""
    if not ACTIVITIES[firing.activity].is_of_a_date:
        return True
    today = at.astimezone(ZoneInfo(settings.time_zone)).date()
    last = today + timedelta(days=settings.coming_days)
    return settings.first_date <= firing.nominal_date <= last


def _request(firing: "KeptFiring") -> dg.RunRequest:
    reason = "catches up what a pause left out" if firing.catches_up else "due by its schedule"
    tags = {
        **BEFORE_BACKFILLS,
        FIRING_TAG: str(firing.firing_id),
        SCHEDULE_TAG: firing.schedule_code,
        REASON_TAG: f"{reason} at {firing.due_at:%Y-%m-%d %H:%M} UTC",
    }
    key = f"firing {firing.firing_id}"
    if firing.template:
        tags[TEMPLATE_TAG] = firing.template
    if not firing.selection.is_everything:
        lists = {name: ", ".join(listed) for name, listed in firing.selection.record().items()}
        config = {"billing_date": firing.nominal_date.isoformat(), **lists}
        if firing.template:
            config["template"] = firing.template
        tags[SELECTION_TAG] = firing.selection.words()
        return dg.RunRequest(run_key=key, run_config={"ops": {SELECTION_OP: {"config": config}}}, tags=tags)
    is_dated = ACTIVITIES[firing.activity].is_of_a_date
    day = firing.nominal_date.isoformat() if is_dated else None
    return dg.RunRequest(run_key=key, partition_key=day, tags=tags)
