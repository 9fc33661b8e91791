"""Pauses of schedules: those that go on, making one, and ending one with what it left out.

Belongs here: addresses, forms, and what their pages are given. Does not belong here: what a pause covers
(``domain.schedule_pauses``), making and ending one (``wiring.pause_desk``).
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.requests import Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from billing_assets.domain.access import Permission
from billing_assets.domain.activities import ACTIVITIES, Activity
from billing_assets.domain.errors import BillingError
from billing_assets.domain.schedule_pauses import Missed, Pause, PauseScope
from billing_assets.domain.time_zones import read_instant
from billing_assets.portal.access import needs
from billing_assets.portal.desk import Actor, Pages, Pauses
from billing_assets.portal.pages import REFUSED, page
from billing_assets.portal.places import address, see_other
from billing_assets.wiring.office_desk import OfficeDesk
from billing_assets.wiring.pause_desk import PauseDesk

router = APIRouter(prefix="/schedules/pauses", dependencies=[needs(Permission.LOOK)])
_FIELD_OF = {
    "pause_unclear": "what",
    "schedule_unknown": "what",
    "activity_unknown": "what",
    "already_paused": "what",
    "note_missing": "why",
    "time_unclear": "until",
    "pause_over": "until",
    "choice_missing": "missed",
}
"""Code of a refusal -> the field that it is about."""

# What stops every company is begun and ended where every company is looked after: at the command line.
_SCOPES = (PauseScope.SCHEDULE, PauseScope.ACTIVITY, PauseScope.COMPANY)


class PauseForm(BaseModel):
    """What was typed, as it was. ``what`` is a scope and what it names, such as ``schedule:nightly``."""

    what: str = ""
    why: str = ""
    until: str = ""
    missed: Missed = Missed.ONE_RUN

    @property
    def scope(self) -> tuple[PauseScope, str]:
        """What is to be paused; raises ``pause_unclear``."""
        word, _, target = self.what.partition(":")
        if word not in _SCOPES:
            raise BillingError("pause_unclear", "it names nothing to pause", "choose what is to be paused")
        return PauseScope(word), target

    def end(self, time_zone: str) -> datetime | None:
        """Return when it ends by itself, by the company's clock; raises ``time_unclear``."""
        try:
            return read_instant(self.until, time_zone) if self.until.strip() else None
        except (ValueError, OverflowError):
            raise BillingError(
                "time_unclear", f"'{self.until[:30]}' is no time", "write it as 2025-01-31 18:00"
            ) from None


@router.get("", response_class=HTMLResponse)
def list_pauses(
    request: Request,
    desk: Pages,
    pauses: Pauses,
    what: str = "",
    ended: bool = False,
    done: str = "",
    count: int = 0,
) -> HTMLResponse:
    """List the pauses that go on, or all there ever were."""
    return _list(request, desk, pauses, PauseForm(what=what), ended=ended, done=done, count=count)


def _list(
    request: Request,
    desk: OfficeDesk,
    pauses: PauseDesk,
    form: PauseForm,
    *,
    ended: bool = False,
    done: str = "",
    count: int = 0,
    error: BillingError | None = None,
) -> HTMLResponse:
    going_on = pauses.pauses()
    numbers = {pause.pause_id for pause in going_on}
    over = [each for each in pauses.pauses(with_ended=True) if each.pause_id not in numbers] if ended else []
    return page(
        request,
        "schedule_pauses.html.j2",
        status=REFUSED if error else 200,
        pauses=going_on,
        over=over[::-1],
        with_over=ended,
        choices=_choices(pauses),
        form=form,
        error=error,
        fault=_FIELD_OF.get(error.code) if error else None,
        missed=list(Missed),
        zone=desk.company.time_zone,
        done=done,
        count=count,
    )


def _choices(pauses: PauseDesk) -> list[tuple[PauseScope, str]]:
    """Return what may be paused: schedules that are not retired, activities, all of the company."""
    codes = [view.kept.schedule_code for view in pauses.schedules.schedules() if view.state != "retired"]
    return [
        *((PauseScope.SCHEDULE, code) for code in codes),
        *((PauseScope.ACTIVITY, activity.value) for activity in Activity),
        (PauseScope.COMPANY, ""),
    ]


@router.post("", response_model=None, dependencies=[needs(Permission.PAUSE)])
def pause(
    request: Request, desk: Pages, pauses: Pauses, actor: Actor, form: Annotated[PauseForm, Form()]
) -> Response:
    """Pause what is chosen."""
    try:
        scope, target = form.scope
        end = form.end(desk.company.time_zone)
        pauses.pause(scope, target, reason=form.why, by=actor, until=end, missed=form.missed)
    except BillingError as error:
        return _list(request, desk, pauses, form, error=error)
    return see_other(address("/schedules/pauses", {"done": "paused"}))


@router.get("/{pause_id}", response_class=HTMLResponse)
def show_pause(request: Request, desk: Pages, pauses: Pauses, pause_id: int) -> HTMLResponse:
    """Show a pause that goes on, what it left out, and the ways to end it."""
    return _one(request, desk, pauses, pause_id)


def _one(
    request: Request,
    desk: OfficeDesk,
    pauses: PauseDesk,
    pause_id: int,
    *,
    choice: Missed | None = None,
    why: str = "",
    error: BillingError | None = None,
) -> HTMLResponse:
    found = pauses.missed(pause_id, with_preview=False)
    return page(
        request,
        "schedule_pause.html.j2",
        status=REFUSED if error else 200,
        pause=found.pause,
        firings=found.firings,
        has_dates=any(ACTIVITIES[each.activity].is_of_a_date for each in found.firings),
        is_ours=_is_ours(found.pause),
        missed=list(Missed),
        choice=choice,
        why=why,
        error=error,
        fault=_FIELD_OF.get(error.code) if error else None,
        zone=desk.company.time_zone,
    )


@router.get("/{pause_id}/preview", response_class=HTMLResponse)
def preview_run(request: Request, pauses: Pauses, pause_id: int) -> HTMLResponse:
    """Show what one run of all that was left out would bill; it reads the whole book."""
    found = pauses.missed(pause_id)
    return page(request, "schedule_catch_up.html.j2", pause=found.pause, preview=found.preview)


@router.post("/{pause_id}/resume", response_model=None, dependencies=[needs(Permission.PAUSE)])
def resume(
    request: Request,
    desk: Pages,
    pauses: Pauses,
    actor: Actor,
    pause_id: int,
    missed: Annotated[str, Form()] = "",
    why: Annotated[str, Form()] = "",
) -> Response:
    """End a pause; what it left out is skipped, done by one run, or each done."""
    choice = Missed(missed) if missed in list(Missed) else None
    found = pauses.missed(pause_id, with_preview=False)
    try:
        _require_ours(found.pause)
        if found.firings and choice is None:
            raise BillingError(
                "choice_missing",
                f"it left out {len(found.firings)} firings: nothing says what becomes of them",
                "choose one of the three",
            )
        due = pauses.resume(pause_id, choice or Missed.SKIP, reason=why, by=actor)
    except BillingError as error:
        return _one(request, desk, pauses, pause_id, choice=choice, why=why, error=error)
    return see_other(address("/schedules/pauses", {"done": "resumed", "count": len(due)}))


def _is_ours(pause: Pause) -> bool:
    return pause.scope in _SCOPES


def _require_ours(pause: Pause) -> None:
    if not _is_ours(pause):
        raise BillingError(
            "pause_of_all",
            f"pause {pause.pause_id} stops every company",
            f"end it at the command line: billing schedules resume {pause.pause_id}",
        )
