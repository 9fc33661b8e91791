"""The first page: the day at a glance, and the language in which everything is shown.

Belongs here: what the page is given. Does not belong here: reading the store (``wiring.office_desk``).
"""

from fastapi import APIRouter
from fastapi.requests import Request
from fastapi.responses import HTMLResponse, RedirectResponse

from billing_assets.domain.access import Permission
from billing_assets.portal.access import needs, own_path
from billing_assets.portal.desk import Pages
from billing_assets.portal.pages import LANGUAGE_COOKIE, LANGUAGES, page
from billing_assets.portal.places import see_other

router = APIRouter()
for_everybody = APIRouter()
"""What needs no sign-in."""
_YEAR_SECONDS = 365 * 86_400


@router.get("/", response_class=HTMLResponse, dependencies=[needs(Permission.LOOK)])
def show_today(request: Request, desk: Pages) -> HTMLResponse:
    """Show what ran, what runs, what waits for somebody."""
    return page(request, "today.html.j2", today=desk.overview(), company=desk.company)


@for_everybody.get("/language/{code}")
def choose_language(code: str, back: str = "/") -> RedirectResponse:
    """Keep the language that a reader chooses, and go back to a page of ours."""
    answer = see_other(own_path(back))
    if code in LANGUAGES:
        answer.set_cookie(LANGUAGE_COOKIE, code, max_age=_YEAR_SECONDS, samesite="lax", httponly=True)
    return answer
