"""The app as a web server starts it: over the store of the environment, for as long as it is served.

Belongs here: opening and closing the program. Does not belong here: pages (``app``).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from billing_assets.portal.app import create_app
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.opening import open_billing
from billing_assets.wiring.settings import read_settings


def served_app() -> FastAPI:
    """Return the app; the store is opened when the server starts and closed when it ends."""
    return create_app(_opened)


@asynccontextmanager
async def _opened(app: FastAPI) -> AsyncIterator[None]:
    with open_billing(read_settings()) as billing:
        app.state.desk = Desk(billing)
        yield
