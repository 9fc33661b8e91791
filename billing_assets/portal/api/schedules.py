"""Schedules: lists, one, adding, changing, pausing and resuming.

Belongs here: the calls. Does not belong here: their form (``schedule_forms``), when a schedule fires
(``frames.firings``).
"""

from datetime import datetime
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Header, Path, Request, Response
from pydantic import AwareDatetime, ConfigDict, Field

from billing_assets.domain.api_keys import Scope
from billing_assets.domain.errors import BillingError
from billing_assets.domain.schedule_pauses import Missed, PauseScope
from billing_assets.portal.api.callers import CallersDesk, Calling
from billing_assets.portal.api.entity_tags import KEPT, revision_wanted, tagged
from billing_assets.portal.api.guarded_route import GuardedRoute
from billing_assets.portal.api.rules import Keeps, needs
from billing_assets.portal.api.schedule_forms import (
    NewSchedule,
    Schedule,
    ScheduleAsked,
    ScheduleList,
    schedule_of,
)
from billing_assets.portal.api.shapes import Asked, Told, Words, example
from billing_assets.wiring.pause_desk import PauseDesk
from billing_assets.wiring.schedule_desk import ScheduleDesk

router = APIRouter(route_class=GuardedRoute, tags=["schedules"])

_Code: TypeAlias = Annotated[str, Path(max_length=100, examples=["nightly"])]
_IfMatch: TypeAlias = Annotated[
    str,
    Header(max_length=100, description="Its ETag, or *.", examples=['"1"']),
]


class PauseAsked(Asked):
    """Why a schedule is paused, until when (else until it is resumed), and what becomes of what it misses."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=example({"reason": "migration", "until": "2025-03-03T06:00:00Z"})
    )

    reason: Words
    until: AwareDatetime | None = None
    missed: Annotated[Missed, Field(description="For a pause that ends by itself.")] = Missed.ONE_RUN


class ResumeAsked(Asked):
    """Why a schedule goes on, and what becomes of what the pause left out."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=example({"reason": "migration done", "missed": "one_run"})
    )

    reason: Words
    missed: Missed


class Resumed(Told):
    """A pause that has ended; ``due_at`` is what is done now of what it left out."""

    model_config = ConfigDict(json_schema_extra=example({"pause_id": 3, "due_at": ["2025-03-02T05:00:00Z"]}))

    pause_id: int
    due_at: list[datetime]


@router.get("/schedules", operation_id="listSchedules", summary="Every schedule")
@needs(Scope.SCHEDULES_READ)
def list_schedules(desk: CallersDesk) -> ScheduleList:
    """List the schedules with when each is due next; there are few, and one part has them all."""
    return ScheduleList(
        items=[schedule_of(view) for view in ScheduleDesk(desk.billing).schedules()], next=None
    )


@router.get("/schedules/{code}", operation_id="getSchedule", summary="One schedule", response_model=Schedule)
@needs(Scope.SCHEDULES_READ)
def get_schedule(request: Request, desk: CallersDesk, code: _Code) -> Response:
    """Return a schedule; its ETag is its revision, for If-Match. What is due next is as of now."""
    view = ScheduleDesk(desk.billing).schedule(code)
    answer = tagged(request, schedule_of(view))
    if answer.status_code == _OK:
        answer.headers["ETag"] = _tag(view.kept.revision)
    return answer


@router.post(
    "/schedules",
    operation_id="createSchedule",
    summary="Add a schedule",
    status_code=201,
    response_model=Schedule,
)
@needs(Scope.SCHEDULES_WRITE, Keeps.TOGETHER)
def create_schedule(request: Request, desk: CallersDesk, caller: Calling, asked: NewSchedule) -> Response:
    """Add a schedule, which fires for what is due from now on."""
    view = ScheduleDesk(desk.billing).add(asked.schedule_code, asked.texts(), asked.note, caller.name)
    place = f"{request.url.path}/{view.kept.schedule_code}"
    return _whole(schedule_of(view), 201, {"Location": place})


@router.put(
    "/schedules/{code}",
    operation_id="replaceSchedule",
    summary="Change a schedule",
    response_model=Schedule,
)
@needs(Scope.SCHEDULES_WRITE)
def replace_schedule(
    desk: CallersDesk, caller: Calling, code: _Code, asked: ScheduleAsked, if_match: _IfMatch = ""
) -> Response:
    """Let a schedule say something else from now on, if it still is what the caller has read.

    Repeating it after a lost answer is refused with 412, and does nothing twice.
    """
    revision = revision_wanted(if_match)
    view = ScheduleDesk(desk.billing).edit(code, asked.texts(), asked.note, caller.name, revision=revision)
    return _whole(schedule_of(view), _OK, {})


@router.post(
    "/schedules/{code}/pause",
    operation_id="pauseSchedule",
    summary="Pause a schedule",
    response_model=Schedule,
)
@needs(Scope.SCHEDULES_WRITE, Keeps.TOGETHER)
def pause_schedule(desk: CallersDesk, caller: Calling, code: _Code, asked: PauseAsked) -> Response:
    """Pause a schedule, until somebody resumes it or until an instant."""
    schedules = ScheduleDesk(desk.billing)
    PauseDesk(schedules).pause(
        PauseScope.SCHEDULE,
        code,
        reason=asked.reason,
        by=caller.name,
        until=asked.until,
        missed=asked.missed,
    )
    return _whole(schedule_of(schedules.schedule(code)), _OK, {})


@router.post("/schedules/{code}/resume", operation_id="resumeSchedule", summary="Resume a schedule")
@needs(Scope.SCHEDULES_WRITE, Keeps.TOGETHER)
def resume_schedule(desk: CallersDesk, caller: Calling, code: _Code, asked: ResumeAsked) -> Resumed:
    """End the pause of a schedule; one of a whole activity or company is ended in the office."""
    schedules = ScheduleDesk(desk.billing)
    schedules.schedule(code, 1)
    pauses = PauseDesk(schedules)
    own = [
        each for each in pauses.pauses() if each.scope is PauseScope.SCHEDULE and each.schedule_code == code
    ]
    if not own:
        raise BillingError(
            "not_paused", "the schedule has no pause of its own", "nothing is to be done: read the schedule"
        )
    due = pauses.resume(own[0].pause_id, asked.missed, reason=asked.reason, by=caller.name)
    return Resumed(pause_id=own[0].pause_id, due_at=[firing.due_at for firing in due])


_OK = 200


def _tag(revision: int) -> str:
    return f'"{revision}"'


def _whole(schedule: Schedule, status: int, headers: dict[str, str]) -> Response:
    return Response(
        schedule.model_dump_json(),
        status,
        media_type="application/json",
        headers={"ETag": _tag(schedule.revision), "Cache-Control": KEPT, **headers},
    )
