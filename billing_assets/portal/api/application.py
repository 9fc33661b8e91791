"""The API, put together: its calls, its errors, its specification.

Belongs here: the list of routers. Does not belong here: any call.
"""

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Mount

from billing_assets.domain.errors import BillingError
from billing_assets.portal.api import (
    deliveries,
    document_requests,
    documents,
    health,
    invoices,
    on_demand,
    policies,
    policy_events,
    problem_details,
    problems,
    runs,
    schedules,
    status_events,
    tokens,
)
from billing_assets.portal.api.gate import Gate
from billing_assets.portal.api.specification import BASE, specification
from billing_assets.wiring.run_starter import RunStarter

RESOURCES = (
    health.router,
    tokens.router,
    policy_events.router,
    policies.router,
    invoices.router,
    on_demand.router,
    deliveries.router,
    documents.router,
    document_requests.router,
    status_events.router,
    runs.router,
    schedules.router,
    problems.router,
)


def mount_api(host: Starlette) -> FastAPI:
    """Return the API, mounted in ``host``, whose ``state.desk`` it works at.

    >>> [type(route).__name__ for route in Starlette(routes=[]).routes]
    []
    >>> mount_api(Starlette()).title
    'billing_assets'
    """
    api = FastAPI(title="billing_assets", docs_url=None, redoc_url=None, openapi_url=None)
    # The office starts its runs by the same one: of a company one is on at a time.
    api.state.host, api.state.runs = host, RunStarter()
    host.state.runs = api.state.runs
    for router in RESOURCES:
        # As they are, side by side: the log and the specification find each by its own path.
        api.router.routes.extend(router.routes)
    api.add_middleware(Gate)
    api.add_exception_handler(BillingError, problem_details.refused)
    api.add_exception_handler(RequestValidationError, problem_details.invalid)
    api.add_exception_handler(HTTPException, problem_details.unroutable)
    api.add_exception_handler(DataError, problem_details.unusable)
    api.add_exception_handler(UnicodeError, problem_details.unusable)
    found = specification(api)
    api.add_route("/openapi.json", lambda _request: JSONResponse(found), include_in_schema=False)
    mounted = Mount(BASE, app=api)
    # A path with an encoded line end is of the API too.
    mounted.path_regex = re.compile(mounted.path_regex.pattern, re.DOTALL)
    host.router.routes.append(mounted)
    return api


def create_api_app(opened: Callable[[Starlette], AbstractAsyncContextManager[None]]) -> Starlette:
    """Return an app with nothing but the API; ``opened`` gives it a desk for as long as it is served.

    >>> from contextlib import asynccontextmanager
    >>> [route.path for route in create_api_app(asynccontextmanager(lambda app: None)).routes]
    ['/api/v1']
    """
    host = Starlette(lifespan=opened)
    mount_api(host)
    return host
