"""The list of runs.

Belongs here: its address and what its page is given. Does not belong here: one run (``run_detail``), reading
the store (``wiring.office_desk``).
"""

from fastapi import APIRouter
from fastapi.requests import Request
from fastapi.responses import HTMLResponse

from billing_assets.domain.access import Permission
from billing_assets.domain.list_pages import page_of
from billing_assets.domain.runs import RunKind, RunState
from billing_assets.portal.access import needs
from billing_assets.portal.desk import Pages
from billing_assets.portal.pages import page
from billing_assets.portal.places import PAGE_ROWS, OptionalDate, OptionalId
from billing_assets.store.run_listings import RunFilter

router = APIRouter()


@router.get("/runs", response_class=HTMLResponse, dependencies=[needs(Permission.LOOK)])
def list_runs(
    request: Request,
    desk: Pages,
    state: str = "",
    kind: str = "",
    since: OptionalDate = None,
    until: OptionalDate = None,
    before: OptionalId = None,
    done: str = "",
) -> HTMLResponse:
    """List the newest runs that fit."""
    asked = {"state": state, "kind": kind, "since": since, "until": until}
    wanted = RunFilter(
        state=state, run_kind=kind, from_date=since, to_date=until, before_id=before, limit=PAGE_ROWS + 1
    )
    found, following = page_of(desk.runs(wanted), PAGE_ROWS, lambda row: row.run_id)
    return page(
        request,
        "runs.html.j2",
        runs=found,
        following=following,
        asked=asked,
        zone=desk.company.time_zone,
        states=[each.value for each in RunState],
        kinds=[each.value for each in RunKind],
        is_first=before is None,
        done=done,
    )
