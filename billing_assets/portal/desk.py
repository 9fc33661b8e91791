"""What a page works with: the program that the app was made over.

Belongs here: the dependencies that routes share. Does not belong here: any page.
"""

from getpass import getuser
from typing import Annotated, TypeAlias

from fastapi import Depends, Request

from billing_assets.wiring.desk import Desk
from billing_assets.wiring.office_desk import OfficeDesk
from billing_assets.wiring.worklists import WorklistDesk


def open_desk(request: Request) -> Desk:
    """Return the desk of the app."""
    desk: Desk = request.app.state.desk
    return desk


Office: TypeAlias = Annotated[Desk, Depends(open_desk)]
"""The desk, as an argument of a route."""


def office_desk(desk: Office) -> OfficeDesk:
    """Return the reading side of the pages."""
    return OfficeDesk(desk)


def worklist_desk(desk: Office) -> WorklistDesk:
    """Return what people do with worklists."""
    return WorklistDesk(desk)


Pages: TypeAlias = Annotated[OfficeDesk, Depends(office_desk)]
"""The reading side of the pages, as an argument of a route."""

Acts: TypeAlias = Annotated[WorklistDesk, Depends(worklist_desk)]
"""What people do with worklists, as an argument of a route."""


def acting_name() -> str:
    """Return the name under what somebody does: the login of whoever serves the pages on this machine."""
    return getuser()


Actor: TypeAlias = Annotated[str, Depends(acting_name)]
"""Who acts, as an argument of a route."""
