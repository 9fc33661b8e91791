"""Whether the API works: the program answers and the store too.

Belongs here: the one call that needs no key. Does not belong here: what is wrong (``billing audit``).
"""

from importlib.metadata import version

from fastapi import APIRouter, Request
from pydantic import ConfigDict

from billing_assets.portal.api.callers import program_of
from billing_assets.portal.api.guarded_route import GuardedRoute
from billing_assets.portal.api.rules import needs
from billing_assets.portal.api.shapes import Told, example
from billing_assets.store.revisions import require_current

router = APIRouter(route_class=GuardedRoute, tags=["health"])


class Health(Told):
    """That it works."""

    model_config = ConfigDict(json_schema_extra=example({"status": "ok", "version": "0.1.0"}))

    status: str
    version: str


@router.get("/health", operation_id="getHealth", summary="Whether the program and its store answer")
@needs(None)
def get_health(request: Request) -> Health:
    """Answer 200 where calls can be worked on, 503 where the store does not answer or has another schema."""
    with program_of(request).database.transaction() as connection:
        require_current(connection)
    return Health(status="ok", version=version("billing-assets"))
