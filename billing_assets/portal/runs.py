"""The pages of runs: the list.

Belongs here: addresses and what their pages are given.
Does not belong here: reading the store (``wiring.desk``).
"""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.requests import Request
from fastapi.responses import HTMLResponse

from billing_assets.domain.access import Permission
from billing_assets.portal.access import needs
from billing_assets.portal.desk import Office
from billing_assets.portal.pages import page

router = APIRouter()
_PAGE_ROWS = 25
_Before = Annotated[int | None, Query(ge=1)]


@router.get("/runs", response_class=HTMLResponse, dependencies=[needs(Permission.LOOK)])
def list_runs(request: Request, desk: Office, before: _Before = None) -> HTMLResponse:
    """List the newest runs."""
    found = desk.runs(_PAGE_ROWS + 1, before)
    following = found[_PAGE_ROWS - 1].run_id if len(found) > _PAGE_ROWS else None
    zone = desk.company().time_zone
    return page(request, "runs.html.j2", runs=found[:_PAGE_ROWS], following=following, zone=zone)
