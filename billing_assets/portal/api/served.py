"""The API alone, as a web server starts it: over the store of the environment, for as long as it is served.

Belongs here: opening and closing the program. Does not belong here: calls (``application``).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from billing_assets.portal.api.application import create_api_app
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.opening import open_billing
from billing_assets.wiring.settings import read_settings


def served_api() -> Starlette:
    """Return the app; the store is opened when the server starts and closed when it ends.

    >>> len(served_api().routes)
    1
    """
    return create_api_app(_opened)


@asynccontextmanager
async def _opened(app: Starlette) -> AsyncIterator[None]:
    with open_billing(read_settings()) as billing:
        app.state.desk = Desk(billing)
        yield
