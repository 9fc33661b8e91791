"""The worklist of what was due and not billed: charges that stand held or failed.

Belongs here: addresses, and what their page is given. Does not belong here: reading the store
(``wiring.office_desk``), billing them (``wiring.worklists``).
"""

from datetime import timedelta
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.requests import Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from billing_assets.domain.access import Permission, require
from billing_assets.domain.list_pages import page_of
from billing_assets.portal.access import Visitor, needs
from billing_assets.portal.bulk import Bulk, BulkForm, Refusal, answer, number_said, said_before
from billing_assets.portal.desk import Acts, Pages
from billing_assets.portal.pages import REFUSED, page
from billing_assets.portal.places import PAGE_ROWS, OptionalId, place_of
from billing_assets.portal.problems import AGES
from billing_assets.store.failures import FailureFilter
from billing_assets.wiring.office_desk import OfficeDesk

router = APIRouter(prefix="/failures", dependencies=[needs(Permission.LOOK)])
_NEEDED = {
    "assign": Permission.ASSIGN_PROBLEM,
    "note": Permission.ASSIGN_PROBLEM,
    "retry": Permission.RETRY,
}
"""Act -> the permission that it needs."""


class FailuresAsked(BaseModel):
    """What the list is asked for by its address; ``done`` and ``count`` say what was done just before."""

    outcome: str = ""
    reason: str = ""
    owner: str = ""
    policy: str = ""
    age: OptionalId = None
    after: str = ""
    done: str = ""
    count: int = 0


@router.get("", response_class=HTMLResponse)
def list_failures(request: Request, desk: Pages, asked: Annotated[FailuresAsked, Query()]) -> HTMLResponse:
    """List the charges that stand held or failed, by reason."""
    return _shown(request, desk, asked)


def _shown(
    request: Request, desk: OfficeDesk, asked: FailuresAsked, refusal: Refusal | None = None
) -> HTMLResponse:
    age = asked.age or 0
    wanted = FailureFilter(
        outcome=asked.outcome,
        reason_code=asked.reason,
        owner=asked.owner.strip(),
        policy_number=asked.policy.strip(),
        until_date=desk.today - timedelta(days=age) if age > 0 else None,
        after=_place(asked.after),
        limit=PAGE_ROWS + 1,
    )
    found, following = page_of(desk.failures(wanted), PAGE_ROWS, lambda row: row.place)
    return page(
        request,
        "failures.html.j2",
        status=REFUSED if refusal else 200,
        failures=found,
        tallies=desk.failure_tallies(),
        asked=asked.model_dump(exclude={"done", "count"}),
        ages=AGES,
        following=following,
        refusal=refusal,
        done=asked.done,
        count=asked.count,
        zone=desk.company.time_zone,
    )


def _place(after: str) -> tuple[str, str, int, int, int] | None:
    if not after:
        return None
    (outcome, reason), (run, term, number) = place_of(after, 2, 3)
    return outcome, reason, run, term, number


@router.post("", response_model=None)
def act_on_failures(request: Request, desk: Pages, acts: Acts, visitor: Visitor, form: Bulk) -> Response:
    """Do one thing to all ticked charges, or to none."""
    require(visitor.role, _NEEDED.get(form.act, Permission.LOOK))
    actor = visitor.actor.name
    return answer(
        form,
        "/failures",
        {
            "assign": lambda: acts.assign_charges(form.rows, form.owner, actor),
            "note": lambda: acts.note_charges(form.rows, form.note, actor),
            "retry": lambda: acts.retry_charges(form.rows, actor),
        },
        partial(_refused, request, desk, form),
    )


def _refused(request: Request, desk: OfficeDesk, form: BulkForm, refusal: Refusal) -> Response:
    said = said_before(form)
    asked = FailuresAsked(
        outcome=said.get("outcome", ""),
        reason=said.get("reason", ""),
        owner=said.get("owner", ""),
        policy=said.get("policy", ""),
        age=number_said(said, "age"),
        after=said.get("after", ""),
    )
    return _shown(request, desk, asked, refusal)
