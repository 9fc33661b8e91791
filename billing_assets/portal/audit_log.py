"""The page of the audit log: who did what, when and why.

Belongs here: its address and its filter. Does not belong here: what is recorded (``store.audit_log``).
"""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.requests import Request
from fastapi.responses import HTMLResponse

from billing_assets.domain.access import Permission
from billing_assets.domain.audit_acts import Act, Subject
from billing_assets.domain.list_pages import page_of
from billing_assets.portal.access import needs
from billing_assets.portal.desk import Access, Office
from billing_assets.portal.pages import page
from billing_assets.portal.places import PAGE_ROWS
from billing_assets.store.audit_log import AuditFilter

router = APIRouter()
_Text = Annotated[str, Query(max_length=200)]


@router.get("/audit-log", dependencies=[needs(Permission.LOOK)])
def list_acts(
    request: Request,
    access: Access,
    desk: Office,
    who: _Text = "",
    act: _Text = "",
    subject_kind: _Text = "",
    subject_id: _Text = "",
    before: Annotated[int | None, Query(ge=1)] = None,
) -> HTMLResponse:
    """List the newest acts that fit."""
    asked = {"who": who, "act": act, "subject_kind": subject_kind, "subject_id": subject_id}
    wanted = AuditFilter(**asked, before_id=before, limit=PAGE_ROWS + 1)
    found, following = page_of(access.acts(wanted), PAGE_ROWS, lambda row: row.audit_entry_id)
    older = str(request.url.include_query_params(before=following).query) if following else ""
    return page(
        request,
        "audit_log.html.j2",
        entries=found,
        older=older,
        asked=asked,
        acts=list(Act),
        subjects=list(Subject),
        zone=desk.company().time_zone,
    )
