"""The worklist of problems of data, and one of them.

Belongs here: addresses, and what their pages are given. Does not belong here: reading the store
(``wiring.office_desk``), what may be done with a problem (``wiring.worklists``).
"""

from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

from fastapi import APIRouter
from fastapi.requests import Request
from fastapi.responses import HTMLResponse, Response

from billing_assets.domain.access import Permission, require
from billing_assets.domain.list_pages import page_of
from billing_assets.domain.time_zones import instant_of
from billing_assets.portal.access import Visitor, needs
from billing_assets.portal.bulk import Bulk, BulkForm, Refusal, answer, number_said, numbers_of, said_before
from billing_assets.portal.desk import Acts, Office, Pages
from billing_assets.portal.pages import REFUSED, page
from billing_assets.portal.places import PAGE_ROWS, OptionalId
from billing_assets.store.problem_listings import ProblemFilter
from billing_assets.wiring.office_desk import OfficeDesk

router = APIRouter(prefix="/problems", dependencies=[needs(Permission.LOOK)])
AGES = (1, 7, 30, 90)
"""Days by which a worklist can be cut: what is at least so old."""

_NEEDED = {
    "assign": Permission.ASSIGN_PROBLEM,
    "note": Permission.ASSIGN_PROBLEM,
    "close": Permission.CLOSE_PROBLEM,
    "retry": Permission.RETRY,
}
"""Act -> the permission that it needs."""


@router.get("", response_class=HTMLResponse)
def list_problems(
    request: Request,
    desk: Pages,
    code: str = "",
    age: OptionalId = None,
    owner: str = "",
    before: OptionalId = None,
    done: str = "",
    count: int = 0,
) -> HTMLResponse:
    """List the open problems that fit, the newest first."""
    asked = {"code": code, "age": age, "owner": owner, "before": before}
    return _shown(request, desk, asked, done=done, count=count)


def _shown(
    request: Request,
    desk: OfficeDesk,
    asked: dict[str, Any],
    *,
    refusal: Refusal | None = None,
    done: str = "",
    count: int = 0,
) -> HTMLResponse:
    wanted = ProblemFilter(
        problem_code=asked["code"],
        owner=asked["owner"].strip(),
        recorded_until=_days_ago(desk, asked["age"]),
        before_id=asked["before"],
        limit=PAGE_ROWS + 1,
    )
    found, following = page_of(desk.problems(wanted), PAGE_ROWS, lambda line: line.problem.problem_id)
    return page(
        request,
        "problems.html.j2",
        status=REFUSED if refusal else 200,
        problems=found,
        tallies=desk.problem_tallies(),
        asked=asked,
        ages=AGES,
        following=following,
        refusal=refusal,
        done=done,
        count=count,
        zone=desk.company.time_zone,
    )


def _days_ago(desk: OfficeDesk, days: int | None) -> datetime | None:
    """Return the end of the day so many days ago, where the company lives."""
    if not days or days < 0:
        return None
    return instant_of(desk.today - timedelta(days=days - 1), time(), desk.company.time_zone)


@router.post("", response_model=None)
def act_on_problems(request: Request, desk: Pages, acts: Acts, visitor: Visitor, form: Bulk) -> Response:
    """Do one thing to all ticked problems, or to none."""
    require(visitor.role, _NEEDED.get(form.act, Permission.LOOK))
    actor = visitor.actor.name
    return answer(
        form,
        "/problems",
        {
            "assign": lambda: acts.assign_problems(numbers_of(form), form.owner, actor),
            "note": lambda: acts.note_problems(numbers_of(form), form.note, actor),
            "close": lambda: acts.close_problems(numbers_of(form), form.note, actor),
            "retry": lambda: acts.retry_problems(numbers_of(form), actor),
        },
        partial(_refused, request, desk, form),
    )


def _refused(request: Request, desk: OfficeDesk, form: BulkForm, refusal: Refusal) -> Response:
    said = said_before(form)
    asked = {
        "code": said.get("code", ""),
        "owner": said.get("owner", ""),
        "age": number_said(said, "age"),
        "before": number_said(said, "before"),
    }
    return _shown(request, desk, asked, refusal=refusal)


@router.get("/{problem_id}", response_class=HTMLResponse)
def show_problem(request: Request, desk: Pages, office: Office, problem_id: int) -> HTMLResponse:
    """Show one problem with what the file says and what was said of it."""
    return page(
        request,
        "problem.html.j2",
        detail=office.problem(problem_id),
        notes=desk.problem_notes(problem_id),
        zone=desk.company.time_zone,
    )
