"""The form of a run: a date, which policies, what it would bill, and its start.

Belongs here: reading the form, what its pages are given. Does not belong here: what a run bills (``steps``),
beginning it (``wiring.run_desk``).
"""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query
from fastapi.requests import Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from billing_assets.domain.access import Permission
from billing_assets.domain.errors import BillingError
from billing_assets.domain.places import PLACES
from billing_assets.domain.runs import RunOrder
from billing_assets.domain.selections import SELECTION_FIELDS, selection_from
from billing_assets.portal.access import needs
from billing_assets.portal.desk import Office, Pages, Schedules
from billing_assets.portal.pages import REFUSED, page
from billing_assets.portal.places import address, see_other
from billing_assets.wiring.run_desk import RunDesk

router = APIRouter(prefix="/runs/new", dependencies=[needs(Permission.RUN_DATE)])
_FIELD_OF = dict.fromkeys(
    ("date_unclear", "date_too_far", "issue_date_ahead", "business_date_far_back"), "billing_date"
)
"""Code of a refusal -> the field that it is about."""


class RunForm(BaseModel):
    """What was typed, as it was; ``deliver`` is on where the documents are to go out."""

    billing_date: str = ""
    product_codes: str = ""
    place_codes: str = ""
    plan_codes: str = ""
    payer_groups: str = ""
    template: str = ""
    deliver: str = ""

    def order(self, desk: RunDesk) -> RunOrder:
        """Return the order that it makes.

        Raises ``date_unclear``, ``selection_invalid`` and what :meth:`RunDesk.order` does.
        """
        try:
            day = date.fromisoformat(self.billing_date.strip())
        except ValueError:
            raise BillingError(
                "date_unclear", f"'{self.billing_date[:20]}' is no date", "write it as 2025-01-31"
            ) from None
        selection = selection_from({name: getattr(self, name) for name in SELECTION_FIELDS})
        return desk.order(day, selection, self.template)


def run_desk(request: Request, office: Office) -> RunDesk:
    """Return the runs; they are begun where those of the API are, one at a time for a company."""
    return RunDesk(office.billing, request.app.state.runs)


Runs = Annotated[RunDesk, Depends(run_desk)]


@router.get("", response_class=HTMLResponse)
def ask(
    request: Request, desk: Pages, runs: Runs, schedules: Schedules, form: Annotated[RunForm, Query()]
) -> HTMLResponse:
    """Ask what is to be billed; what can be is shown with what it would come to."""
    templates = schedules.template_names()
    if not form.billing_date:
        today = form.model_copy(update={"billing_date": desk.today.isoformat(), "deliver": "on"})
        return _shown(request, today, templates)
    try:
        form.order(runs)
    except BillingError as error:
        return _shown(request, form, templates, error=error)
    return _shown(request, form, templates, is_sound=True)


@router.get("/preview", response_class=HTMLResponse)
def preview(request: Request, runs: Runs, form: Annotated[RunForm, Query()]) -> HTMLResponse:
    """Show what a run would bill, with the button that starts it; it reads the whole book."""
    try:
        found = runs.preview(form.order(runs))
    except BillingError as error:
        return page(request, "run_preview.html.j2", preview=None, form=form, error=error)
    return page(request, "run_preview.html.j2", preview=found, form=form, error=None)


@router.post("", response_model=None)
def start(request: Request, runs: Runs, schedules: Schedules, form: Annotated[RunForm, Form()]) -> Response:
    """Start the run, and go to where it will stand."""
    try:
        order = form.order(runs)
        runs.start(order, is_quiet=not form.deliver)
    except BillingError as error:
        return _shown(request, form, schedules.template_names(), error=error, is_refused=True)
    day = order.billing_date.isoformat()
    return see_other(address("/runs", {"since": day, "until": day, "done": "started"}))


def _shown(
    request: Request,
    form: RunForm,
    templates: list[str],
    *,
    error: BillingError | None = None,
    is_sound: bool = False,
    is_refused: bool = False,
) -> HTMLResponse:
    """Return the form; what is sound is followed by what it would bill."""
    return page(
        request,
        "run_form.html.j2",
        status=REFUSED if is_refused else 200,
        form=form,
        error=error,
        fault=_FIELD_OF.get(error.code) if error else None,
        is_sound=is_sound,
        selected=list(SELECTION_FIELDS),
        places=sorted(PLACES),
        templates=templates,
        query=form.model_dump(),
    )
