"""The list of schedules, and one of them: what it says, has said, did and will do.

Belongs here: addresses, and what their pages are given; retiring. Does not belong here: the form of a
schedule (``schedule_form``), pauses (``schedule_pauses``), reading the store (``wiring.schedule_desk``).
"""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.requests import Request
from fastapi.responses import HTMLResponse, Response

from billing_assets.domain.access import Permission
from billing_assets.domain.activities import ACTIVITIES
from billing_assets.domain.errors import BillingError
from billing_assets.domain.list_pages import page_of
from billing_assets.domain.schedule_pauses import FiringState
from billing_assets.portal.access import needs
from billing_assets.portal.desk import Actor, Pages, Schedules
from billing_assets.portal.pages import REFUSED, page
from billing_assets.portal.places import OptionalId, address, see_other
from billing_assets.portal.schedule_words import changed_fields, sentences
from billing_assets.steps.schedule_ports import KeptFiring
from billing_assets.store.schedule_firings import FiringFilter
from billing_assets.wiring.office_desk import OfficeDesk
from billing_assets.wiring.schedule_desk import ScheduleDesk

router = APIRouter(prefix="/schedules", dependencies=[needs(Permission.LOOK)])
_COMING, _FIRED = 30, 20
_HAS_RUN = frozenset({FiringState.STARTED, FiringState.DONE, FiringState.FAILED})


@router.get("", response_class=HTMLResponse)
def list_schedules(request: Request, desk: Pages, schedules: Schedules) -> HTMLResponse:
    """List every schedule with its last and its next firing."""
    views = schedules.schedules()
    return page(
        request,
        "schedules.html.j2",
        views=views,
        runs=_runs_of(desk, [view.last for view in views if view.last]),
        dagster_url=desk.desk.billing.settings.dagster_url,
    )


def _runs_of(desk: OfficeDesk, firings: Sequence[KeptFiring]) -> Mapping[int, int]:
    """Return firing -> the run of its date and its policies, of those that have led to one."""
    led = [each for each in firings if each.state in _HAS_RUN and ACTIVITIES[each.activity].is_of_a_date]
    runs = desk.last_runs_of({each.nominal_date for each in led})
    found = {each.firing_id: runs.get((each.nominal_date, each.selection)) for each in led}
    return {firing_id: run_id for firing_id, run_id in found.items() if run_id is not None}


@router.get("/code/{schedule_code}", response_class=HTMLResponse)
def show_schedule(
    request: Request,
    desk: Pages,
    schedules: Schedules,
    schedule_code: str,
    before: OptionalId = None,
    done: str = "",
) -> HTMLResponse:
    """Show one schedule."""
    return _shown(request, desk, schedules, schedule_code, before=before, done=done)


def _shown(
    request: Request,
    desk: OfficeDesk,
    schedules: ScheduleDesk,
    schedule_code: str,
    *,
    before: int | None = None,
    done: str = "",
    error: BillingError | None = None,
    note: str = "",
) -> HTMLResponse:
    view = schedules.schedule(schedule_code, _COMING)
    wanted = FiringFilter(schedule_code=schedule_code, before_id=before, limit=_FIRED + 1)
    found, following = page_of(schedules.firings(wanted), _FIRED, lambda each: each.firing_id)
    revisions = schedules.revisions(schedule_code)
    return page(
        request,
        "schedule.html.j2",
        status=REFUSED if error else 200,
        view=view,
        sentences=sentences(request, view.kept.schedule),
        revisions=revisions[::-1],
        changes=changed_fields(revisions),
        firings=found,
        following=following,
        is_first=before is None,
        runs=_runs_of(desk, found),
        dagster_url=desk.desk.billing.settings.dagster_url,
        zone=desk.company.time_zone,
        done=done,
        error=error,
        note=note,
    )


@router.post(
    "/code/{schedule_code}/retire", response_model=None, dependencies=[needs(Permission.SET_SCHEDULES)]
)
def retire_schedule(
    request: Request,
    desk: Pages,
    schedules: Schedules,
    actor: Actor,
    schedule_code: str,
    note: Annotated[str, Form()] = "",
    revision: Annotated[int, Form()] = 0,
) -> Response:
    """Let a schedule fire no more, for a reason."""
    try:
        schedules.retire(schedule_code, note, actor, revision=revision)
    except BillingError as error:
        return _shown(request, desk, schedules, schedule_code, error=error, note=note)
    return see_other(address(f"/schedules/code/{schedule_code}", {"done": "retired"}))
