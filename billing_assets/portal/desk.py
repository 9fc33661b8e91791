"""What a page works with: the program that the app was made over.

Belongs here: the dependencies that routes share. Does not belong here: any page.
"""

from typing import Annotated, TypeAlias

from fastapi import Depends, Request

from billing_assets.wiring.desk import Desk


def open_desk(request: Request) -> Desk:
    """Return the desk of the app."""
    desk: Desk = request.app.state.desk
    return desk


Office: TypeAlias = Annotated[Desk, Depends(open_desk)]
"""The desk, as an argument of a route."""
