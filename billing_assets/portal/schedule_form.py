"""The form of a schedule: adding one, changing one, and when it would fire.

Belongs here: reading the form, and showing what was typed again beside what is wrong with it.
Does not belong here: what a schedule may say (``domain.activity_schedules``), keeping it
(``wiring.schedule_desk``).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Literal

from fastapi import APIRouter, Form
from fastapi.requests import Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from billing_assets.domain.access import Permission
from billing_assets.domain.activities import Activity
from billing_assets.domain.activity_schedules import require_code, schedule_faults, schedule_texts
from billing_assets.domain.business_days import LeadUnit, Roll
from billing_assets.domain.calendars import shipped_calendars
from billing_assets.domain.decisions import signed
from billing_assets.domain.errors import BillingError
from billing_assets.domain.frequencies import FREQUENCIES, OWN_UNITS
from billing_assets.domain.places import PLACES
from billing_assets.domain.selections import SELECTION_FIELDS
from billing_assets.frames.firings import Firing
from billing_assets.portal.access import needs
from billing_assets.portal.desk import Actor, Pages, Schedules
from billing_assets.portal.pages import REFUSED, page
from billing_assets.portal.places import address, see_other
from billing_assets.wiring.schedule_desk import ScheduleDesk, ScheduleView

router = APIRouter(prefix="/schedules", dependencies=[needs(Permission.SET_SCHEDULES)])
_FIELD_OF = {
    "schedule_code_invalid": "schedule_code",
    "schedule_exists": "schedule_code",
    "pattern_invalid": "pattern",
    "note_missing": "note",
    "template_name_unknown": "template",
}
"""Code of a refusal -> the field that it is about."""


class ScheduleForm(BaseModel):
    """What was typed, as it was; ``revision`` is the one that the form was made of."""

    act: Literal["keep", "preview"] = "keep"
    revision: int = 0
    schedule_code: str = ""
    note: str = ""
    name: str = ""
    activity: str = ""
    frequency_code: str = ""
    pattern: str = ""
    anchor_date: str = ""
    until_date: str = ""
    at_times: str = ""
    time_zone: str = ""
    calendar_code: str = ""
    roll: str = ""
    lead_days: str = ""
    lead_unit: str = ""
    owner: str = ""
    product_codes: str = ""
    place_codes: str = ""
    plan_codes: str = ""
    payer_groups: str = ""
    template: str = ""

    def texts(self) -> dict[str, str]:
        """Return the fields of the schedule."""
        own = {"act", "revision", "schedule_code", "note"}
        return {name: text.strip() for name, text in self.model_dump(exclude=own).items()}


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What came of a form: fields that are wrong, another refusal, when the schedule would fire."""

    faults: list[str] = field(default_factory=list)
    error: BillingError | None = None
    following: list[Firing] | None = None


@router.get("/new", response_class=HTMLResponse)
def ask_new(request: Request, desk: Pages) -> HTMLResponse:
    """Ask what a new schedule is to say."""
    form = ScheduleForm(
        activity=Activity.INVOICE_RUN,
        frequency_code="daily",
        anchor_date=desk.today.isoformat(),
        time_zone=desk.company.time_zone,
        calendar_code=desk.company.place_code,
        roll=Roll.NONE,
        lead_days="0",
        lead_unit=LeadUnit.CALENDAR,
    )
    return _shown(request, form, Tried())


@router.post("/new", response_model=None)
def add_schedule(
    request: Request, schedules: Schedules, actor: Actor, form: Annotated[ScheduleForm, Form()]
) -> Response:
    """Keep a new schedule, or show when it would fire."""
    code = form.schedule_code.strip()

    def keep() -> ScheduleView:
        return schedules.add(code, form.texts(), form.note, actor)

    tried = _tried(schedules, form, keep, is_new=True)
    return _shown(request, form, tried) if tried else _kept(code, "added")


@router.get("/code/{schedule_code}/edit", response_class=HTMLResponse)
def ask_change(request: Request, schedules: Schedules, schedule_code: str) -> HTMLResponse:
    """Ask what a schedule is to say from now on."""
    view = schedules.schedule(schedule_code)
    form = ScheduleForm.model_validate({"revision": view.kept.revision, **schedule_texts(view.kept.schedule)})
    return _shown(request, form, Tried(following=list(view.following)), schedule_code)


@router.post("/code/{schedule_code}/edit", response_model=None)
def change_schedule(
    request: Request,
    schedules: Schedules,
    actor: Actor,
    schedule_code: str,
    form: Annotated[ScheduleForm, Form()],
) -> Response:
    """Let a schedule say something else, or show when it would fire then."""
    activity = schedules.schedule(schedule_code).kept.schedule.activity
    form = form.model_copy(update={"activity": activity.value})

    def keep() -> ScheduleView:
        return schedules.edit(schedule_code, form.texts(), form.note, actor, revision=form.revision)

    tried = _tried(schedules, form, keep, is_new=False)
    return _shown(request, form, tried, schedule_code) if tried else _kept(schedule_code, "changed")


def _tried(
    schedules: ScheduleDesk, form: ScheduleForm, keep: Callable[[], ScheduleView], *, is_new: bool
) -> Tried | None:
    """Return what stands in the way, or the preview that was asked for; None where the schedule is kept."""
    is_preview = form.act == "preview"
    faults = [fault.field for fault in schedule_faults(form.texts())]
    if not is_preview:
        faults += _signing_faults(form, is_new=is_new)
    try:
        if is_preview and not faults:
            return Tried(following=schedules.preview(form.texts()))
        if not faults:
            keep()
            return None
    except BillingError as error:
        about = _FIELD_OF.get(error.code)
        return Tried(faults=[about] if about else [], error=error)
    return Tried(faults=faults)


def _signing_faults(form: ScheduleForm, *, is_new: bool) -> list[str]:
    """Return which of code and reason are missing: every fault is named at once."""
    faults = []
    for is_asked, name, test in (
        (is_new, "schedule_code", lambda: require_code(form.schedule_code.strip())),
        (True, "note", lambda: signed(form.note, "anybody")),
    ):
        try:
            if is_asked:
                test()
        except BillingError:
            faults.append(name)
    return faults


def _kept(schedule_code: str, done: str) -> Response:
    return see_other(address(f"/schedules/code/{schedule_code}", {"done": done}))


def _shown(request: Request, form: ScheduleForm, tried: Tried, schedule_code: str = "") -> HTMLResponse:
    is_refused = form.act == "keep" and bool(tried.faults or tried.error)
    return page(
        request,
        "schedule_form.html.j2",
        status=REFUSED if is_refused else 200,
        form=form,
        tried=tried,
        is_refused=is_refused,
        schedule_code=schedule_code,
        path=f"/schedules/code/{schedule_code}/edit" if schedule_code else "/schedules/new",
        activities=list(Activity),
        frequencies=[*FREQUENCIES, *OWN_UNITS],
        rolls=list(Roll),
        units=list(LeadUnit),
        selected=list(SELECTION_FIELDS),
        calendars=[*PLACES, *shipped_calendars()],
    )
