"""The app, put together: its pages, its assets and what an error looks like.

Belongs here: the list of routers, and what every answer carries. Does not belong here: any page.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from importlib import resources

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from billing_assets.domain.errors import BillingError
from billing_assets.portal import (
    audit_log,
    deliveries,
    failures,
    forecast,
    holds,
    invoices,
    on_demand,
    payments,
    problems,
    replacements,
    requests,
    run_detail,
    run_form,
    runs,
    schedule_calendar,
    schedule_form,
    schedule_pauses,
    schedules,
    sign_in,
    statuses,
    templates,
    today,
    users,
)
from billing_assets.portal.access import SignInNeededError, guarded, sign_in_address, signed_in
from billing_assets.portal.api.application import mount_api
from billing_assets.portal.pages import REFUSED, page
from billing_assets.portal.payer.application import mount_portal
from billing_assets.portal.places import see_other

# Everything is served from here: no page needs another host, and none may be put into a frame.
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_FORBIDDEN, _NOT_FOUND, _UNCLEAR, _THROTTLED = 403, 404, 422, 429
_STATUS = {
    "role_insufficient": _FORBIDDEN,
    "request_foreign": _FORBIDDEN,
    "form_expired": _FORBIDDEN,
    "four_eyes": _FORBIDDEN,
    "link_elsewhere": _FORBIDDEN,
    "sign_in_refused": _FORBIDDEN,
    "sign_in_throttled": _THROTTLED,
}

OFFICE = (
    today.router,
    runs.router,
    run_form.router,
    run_detail.router,
    on_demand.router,
    replacements.router,
    invoices.router,
    payments.router,
    requests.router,
    problems.router,
    failures.router,
    deliveries.router,
    statuses.router,
    forecast.router,
    schedules.router,
    schedule_form.router,
    schedule_pauses.router,
    schedule_calendar.router,
    holds.router,
    templates.router,
    users.router,
    audit_log.router,
)
"""The pages for those who are signed in; which permission a page needs, it says itself."""


def create_app(opened: Callable[[FastAPI], AbstractAsyncContextManager[None]]) -> FastAPI:
    """Return the app; ``opened`` gives it a desk, ``app.state.desk``, for as long as it is served."""
    app = FastAPI(
        title="billing_assets",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=opened,
        dependencies=[Depends(guarded)],
    )
    static = str(resources.files("billing_assets.portal").joinpath("static"))
    app.mount("/static", StaticFiles(directory=static), name="static")
    for router in (sign_in.router, today.for_everybody):
        app.include_router(router)
    for router in OFFICE:
        app.include_router(router, dependencies=[Depends(signed_in)])
    mount_api(app)
    mount_portal(app)
    app.middleware("http")(_with_headers)
    app.add_exception_handler(BillingError, _refusal)
    app.add_exception_handler(SignInNeededError, _to_sign_in)
    app.add_exception_handler(RequestValidationError, _unclear)
    app.add_exception_handler(HTTPException, _unclear)
    return app


async def _with_headers(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call(request)
    for name, value in _HEADERS.items():
        if not (name == "Cache-Control" and request.url.path.startswith("/static/")):
            response.headers.setdefault(name, value)
    return response


def _refusal(request: Request, error: Exception) -> Response:
    """Show what the program refuses, in its own words."""
    if not isinstance(error, BillingError):
        raise error
    status = _STATUS.get(error.code, _NOT_FOUND if error.code.endswith(("_unknown", "_missing")) else REFUSED)
    return page(request, "refusal.html.j2", status=status, error=error)


def _to_sign_in(request: Request, _error: Exception) -> Response:
    """Ask who it is; a part of a page cannot, so that htmx is told to go there with the whole page."""
    if request.headers.get("HX-Request"):
        return Response(headers={"HX-Redirect": "/sign-in"})
    return see_other(sign_in_address(request))


def _unclear(request: Request, error: Exception) -> Response:
    """Show that an address leads nowhere."""
    status = error.status_code if isinstance(error, HTTPException) else _UNCLEAR
    return page(request, "nowhere.html.j2", status=status)
