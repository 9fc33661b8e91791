"""Templates of the company: versions, what their tests found, and the decision of a second person.

Belongs here: addresses, forms, and what the pages are given. Does not belong here: which act may follow which
(``domain.company_templates``), rendering (``wiring.template_desk``).
"""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.requests import Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from billing_assets.domain.access import Permission
from billing_assets.domain.company_templates import TemplateAct
from billing_assets.domain.errors import BillingError
from billing_assets.domain.template_choice import SCOPE_FIELDS, scope_from
from billing_assets.portal.access import needs
from billing_assets.portal.desk import Actor, Office, Pages
from billing_assets.portal.pages import REFUSED, language_of, page
from billing_assets.portal.places import address, see_other
from billing_assets.wiring.template_desk import TemplateDesk

router = APIRouter(prefix="/templates", dependencies=[needs(Permission.LOOK)])

# Pages of a template come from outside: nothing in them may run, and no frame of ours shows them.
_SHUT = {"Content-Security-Policy": "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"}


class DayForm(BaseModel):
    """What was typed: why, the first day where the act has one, and what a version is to be active for."""

    from_date: str = ""
    product_codes: str = ""
    place_codes: str = ""
    languages: str = ""
    why: str = ""


def template_desk(desk: Office) -> TemplateDesk:
    """Return the templates of the company."""
    return TemplateDesk(desk.billing)


Templates = Annotated[TemplateDesk, Depends(template_desk)]
_MAY_TEST = [needs(Permission.ADD_TEMPLATES)]
_MAY_DECIDE = [needs(Permission.DECIDE_TEMPLATES)]


@router.get("", response_class=HTMLResponse)
def list_templates(request: Request, desk: Pages, templates: Templates) -> HTMLResponse:
    """List every version, the newest first."""
    return page(request, "templates.html.j2", rows=templates.rows(), zone=desk.company.time_zone)


@router.get("/{template_id}", response_class=HTMLResponse)
def show_template(
    request: Request, desk: Pages, templates: Templates, actor: Actor, template_id: int, done: str = ""
) -> HTMLResponse:
    """Show a version: what was done with it, what its test found, and what may be done next."""
    return _shown(request, desk, templates, actor, template_id, done=done)


@router.get("/{template_id}/picture")
def show_picture(request: Request, templates: Templates, template_id: int, language: str = "") -> Response:
    """Give the first page of the sample as a picture."""
    made = templates.preview(template_id, ("picture",), language or language_of(request))
    return Response(made.pdf, media_type="image/png")


@router.get("/{template_id}/pdf")
def show_pdf(templates: Templates, template_id: int, language: str = "", number: str = "") -> Response:
    """Give the PDF of the sample, or of an issued document. Nothing of it is kept."""
    made = templates.preview(template_id, ("pdf",), language, number.strip())
    headers = {"Content-Disposition": f'inline; filename="template-{template_id}.pdf"'}
    return Response(made.pdf, media_type="application/pdf", headers=headers)


@router.get("/{template_id}/html")
def show_html(templates: Templates, template_id: int, language: str = "", number: str = "") -> Response:
    """Give the web page of the sample, or of an issued document."""
    made = templates.preview(template_id, ("html",), language, number.strip())
    return Response(made.html, media_type="text/html", headers=_SHUT)


@router.post("/{template_id}/test", response_model=None, dependencies=_MAY_TEST)
def test_template(templates: Templates, actor: Actor, template_id: int) -> Response:
    """Test a version and keep what is found."""
    templates.test(template_id, by=actor)
    return _to(template_id, TemplateAct.TEST)


@router.post("/{template_id}/{act}", response_model=None, dependencies=_MAY_DECIDE)
def decide(
    request: Request,
    desk: Pages,
    templates: Templates,
    actor: Actor,
    template_id: int,
    act: TemplateAct,
    form: Annotated[DayForm, Form()],
) -> Response:
    """Approve a version, let it print from a day on, or retire it from a day on."""
    try:
        if act is TemplateAct.APPROVE:
            templates.approve(template_id, note=form.why, by=actor)
        elif act is TemplateAct.ACTIVATE:
            scope = scope_from({name: getattr(form, name) for name in SCOPE_FIELDS})
            templates.activate(template_id, _day(form.from_date), scope=scope, note=form.why, by=actor)
        else:
            templates.retire(template_id, _day(form.from_date), note=form.why, by=actor)
    except BillingError as error:
        return _shown(request, desk, templates, actor, template_id, error=error)
    return _to(template_id, act)


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        raise BillingError(
            "template_date_unclear", f"'{typed[:20]}' is no day", "name the first day, as 2027-01-01"
        ) from None


def _to(template_id: int, act: TemplateAct) -> Response:
    return see_other(address(f"/templates/{template_id}", {"done": act.value}))


def _shown(
    request: Request,
    desk: Pages,
    templates: Templates,
    actor: str,
    template_id: int,
    *,
    done: str = "",
    error: BillingError | None = None,
) -> HTMLResponse:
    row = templates.row(template_id)
    test = row.template.last(TemplateAct.TEST)
    open_acts = {act.value: templates.may_not(template_id, act, actor) is None for act in TemplateAct}
    refusal = templates.may_not(template_id, TemplateAct.APPROVE, actor)
    return page(
        request,
        "template.html.j2",
        status=REFUSED if error else 200,
        row=row,
        result=test.result if test else {},
        open_acts=open_acts,
        is_own=refusal is not None and refusal.code == "four_eyes",
        today=desk.today,
        zone=desk.company.time_zone,
        done=done,
        error=error,
        scope_fields=list(SCOPE_FIELDS),
    )
