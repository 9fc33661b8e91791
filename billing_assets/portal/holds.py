"""Holds: which clocks stand still by law, what a new one would touch, setting and lifting one.

Belongs here: addresses, the form, and what its pages are given. Does not belong here: what a hold covers
(``domain.holds``), what it would touch (``steps.simulate_hold``).
"""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query
from fastapi.requests import Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, Field

from billing_assets.domain.access import Permission
from billing_assets.domain.errors import BillingError
from billing_assets.domain.holds import HoldClock, hold_faults, hold_from
from billing_assets.domain.places import PLACES
from billing_assets.portal.access import needs
from billing_assets.portal.charts import Column
from billing_assets.portal.desk import Actor, Office, Pages
from billing_assets.portal.pages import REFUSED, day_words, number_words, page, word
from billing_assets.portal.places import address, see_other
from billing_assets.steps.simulate_hold import HoldSimulation
from billing_assets.wiring.hold_desk import HoldDesk

router = APIRouter(prefix="/holds", dependencies=[needs(Permission.LOOK)])
_FAULT_OF = {"hold_product_unknown": "product_codes", "note_missing": "why", "name_missing": "why"}
"""Code of a refusal -> the field that it is about."""


class HoldForm(BaseModel):
    """What was typed, as it was; ``clocks`` are those that are ticked."""

    clocks: list[str] = Field(default_factory=list)
    place_codes: str = ""
    product_codes: str = ""
    from_date: str = ""
    until_date: str = ""
    why: str = ""

    def texts(self) -> dict[str, str]:
        """Return the fields of the hold."""
        return {**self.model_dump(exclude={"why", "clocks"}), "clocks": ",".join(self.clocks)}


def hold_desk(desk: Office) -> HoldDesk:
    """Return the holds of the company."""
    return HoldDesk(desk.billing)


Holds = Annotated[HoldDesk, Depends(hold_desk)]
_MAY_SET = [needs(Permission.SET_HOLDS)]


@router.get("", response_class=HTMLResponse)
def list_holds(
    request: Request, desk: Pages, holds: Holds, lifted: bool = False, done: str = ""
) -> HTMLResponse:
    """List the holds that stand, or all there ever were."""
    found = holds.holds(with_lifted=lifted)
    return page(
        request,
        "holds.html.j2",
        standing=[hold for hold in found if hold.lifted_at is None],
        lifted=[hold for hold in found if hold.lifted_at is not None][::-1],
        with_lifted=lifted,
        today=desk.today,
        zone=desk.company.time_zone,
        done=done,
    )


@router.get("/new", response_class=HTMLResponse, dependencies=_MAY_SET)
def ask_new(request: Request, desk: Pages, form: Annotated[HoldForm, Query()]) -> HTMLResponse:
    """Ask what a hold is to stop; what is sound already is shown with what it would touch."""
    if not form.from_date and not form.clocks:
        clocks = [clock.value for clock in HoldClock]
        return _form(request, form.model_copy(update={"clocks": clocks, "from_date": str(desk.today)}))
    return _form(request, form, faults=[fault.field for fault in hold_faults(form.texts())], is_asked=True)


@router.get("/preview", response_class=HTMLResponse, dependencies=_MAY_SET)
def preview(request: Request, holds: Holds, form: Annotated[HoldForm, Query()]) -> HTMLResponse:
    """Show what a hold would touch; it reads the whole book."""
    try:
        found = holds.simulate(hold_from(form.texts()))
    except BillingError as error:
        return page(request, "hold_preview.html.j2", preview=None, form=form, error=error)
    columns = _columns(request, found.volume) if found.volume else []
    return page(request, "hold_preview.html.j2", preview=found, form=form, columns=columns, error=None)


@router.post("", response_model=None, dependencies=_MAY_SET)
def set_hold(request: Request, holds: Holds, actor: Actor, form: Annotated[HoldForm, Form()]) -> Response:
    """Set a hold."""
    faults = [fault.field for fault in hold_faults(form.texts())]
    if faults:
        return _form(request, form, faults=faults, is_refused=True)
    try:
        holds.set(hold_from(form.texts()), reason=form.why, by=actor)
    except BillingError as error:
        fault = _FAULT_OF.get(error.code)
        faults = [fault] if fault else []
        return _form(request, form, faults=faults, error=error, is_asked=True, is_refused=True)
    return see_other(address("/holds", {"done": "set"}))


@router.get("/{hold_id}/lift", response_class=HTMLResponse, dependencies=_MAY_SET)
def ask_lift(request: Request, holds: Holds, hold_id: int) -> HTMLResponse:
    """Ask why a hold is to end before its time."""
    return page(request, "hold_lift.html.j2", hold=holds.hold(hold_id), why="", error=None)


@router.post("/{hold_id}/lift", response_model=None, dependencies=_MAY_SET)
def lift(
    request: Request, holds: Holds, actor: Actor, hold_id: int, why: Annotated[str, Form()] = ""
) -> Response:
    """End a hold."""
    hold = holds.hold(hold_id)
    try:
        holds.lift(hold_id, reason=why, by=actor)
    except BillingError as error:
        return page(request, "hold_lift.html.j2", status=REFUSED, hold=hold, why=why, error=error)
    return see_other(address("/holds", {"done": "lifted"}))


def _form(
    request: Request,
    form: HoldForm,
    *,
    faults: Sequence[str] = (),
    error: BillingError | None = None,
    is_asked: bool = False,
    is_refused: bool = False,
) -> HTMLResponse:
    """Return the form; what was asked about is shown with what it would touch, unless a field is wrong."""
    of_hold = [name for name in faults if name != "why"]
    return page(
        request,
        "hold_form.html.j2",
        status=REFUSED if is_refused else 200,
        form=form,
        faults=faults,
        error=error,
        is_sound=is_asked and not of_hold,
        clocks=list(HoldClock),
        places=sorted({code for each in PLACES.values() for code in (each.place_code, each.country_code)}),
    )


def _columns(request: Request, volume: HoldSimulation) -> list[Column]:
    """Return a column for each day with invoices, in all currencies; what is late already stands first."""
    counts: dict[date, int] = {}
    for row in volume.days:
        counts[row.billing_date] = counts.get(row.billing_date, 0) + row.invoice_count
    return [_column(request, day, count) for day, count in sorted(counts.items())]


def _column(request: Request, day: date, count: int) -> Column:
    shown = number_words(request, count)
    words = word(request, "run.invoices_of_day", count=shown, day=day_words(request, day, "full"))
    return Column(label=day_words(request, day, "d MMM"), value=count, words=words)
