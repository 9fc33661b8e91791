"""Problems: rows of books and events that were refused, and why.

Belongs here: the list. Does not belong here: closing one (the office), what a row says: it may be personal.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import ConfigDict

from billing_assets.domain.api_keys import Scope
from billing_assets.domain.list_pages import page_of
from billing_assets.domain.problems import meaning_of
from billing_assets.portal.api.callers import CallersDesk
from billing_assets.portal.api.guarded_route import GuardedRoute
from billing_assets.portal.api.list_cursors import Cursor, Limit, next_of, number_in
from billing_assets.portal.api.rules import needs
from billing_assets.portal.api.shapes import Told, example
from billing_assets.store.problem_listings import ProblemFilter

router = APIRouter(route_class=GuardedRoute, tags=["problems"])
_EXAMPLE = {
    "problem_id": 5,
    "problem_code": "amount_not_a_number",
    "meaning": "an amount is not a number",
    "file_name": "policy events",
    "row_number": 1,
    "record_key": "WEB-2 2025-04-01",
    "field_name": "premium",
    "owner": "intake",
    "is_open": True,
    "recorded_at": "2025-03-01T08:00:20Z",
}


class BookProblem(Told):
    """A row that was refused, or that somebody has to look at."""

    model_config = ConfigDict(json_schema_extra=example(_EXAMPLE))

    problem_id: int
    problem_code: str
    meaning: str
    file_name: str
    row_number: int | None
    record_key: str
    field_name: str
    owner: str
    is_open: bool
    recorded_at: datetime


class BookProblemPage(Told):
    """A part of the problems, the newest first."""

    model_config = ConfigDict(json_schema_extra=example({"items": [_EXAMPLE], "next": None}))

    items: list[BookProblem]
    next: str | None


@router.get("/problems", operation_id="listProblems", summary="Rows and events that were refused")
@needs(Scope.PROBLEMS_READ)
def list_problems(
    request: Request,
    desk: CallersDesk,
    problem_code: Annotated[str, Query(max_length=100)] = "",
    with_closed: bool = False,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> BookProblemPage:
    """List open problems, or with ``with_closed`` all there ever were."""
    wanted = ProblemFilter(
        problem_code=problem_code, with_closed=with_closed, before_id=number_in(cursor), limit=limit + 1
    )
    found, following = page_of(desk.problems(wanted), limit, lambda row: row.problem_id)
    names = [name for name in BookProblem.model_fields if name != "meaning"]
    items = [
        BookProblem(meaning=meaning_of(row.problem_code), **{name: getattr(row, name) for name in names})
        for row in found
    ]
    return BookProblemPage(items=items, next=next_of(request, following))
