"""What a page works with: the program that the app was made over, for whoever is signed in.

Belongs here: the dependencies that routes share. Does not belong here: any page, who is signed in
(``access``).
"""

from typing import Annotated, TypeAlias

from fastapi import Depends, Request

from billing_assets.portal.access import Visitor
from billing_assets.wiring.access_desk import AccessDesk
from billing_assets.wiring.acting import acting_as
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.office_desk import OfficeDesk
from billing_assets.wiring.pause_desk import PauseDesk
from billing_assets.wiring.schedule_desk import ScheduleDesk
from billing_assets.wiring.worklists import WorklistDesk


def open_desk(request: Request, visitor: Visitor) -> Desk:
    """Return the desk of the app; what is done at it is recorded as done by the visitor."""
    desk: Desk = request.app.state.desk
    return Desk(acting_as(desk.billing, visitor.actor))


Office: TypeAlias = Annotated[Desk, Depends(open_desk)]
"""The desk, as an argument of a route."""


def open_access(desk: Office) -> AccessDesk:
    """Return the accounts and the audit log; what is done there is recorded as done by the visitor."""
    return desk.access


Access: TypeAlias = Annotated[AccessDesk, Depends(open_access)]
"""The accounts, as an argument of a route."""


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


def schedule_desk(desk: Office) -> ScheduleDesk:
    """Return the schedules."""
    return ScheduleDesk(desk.billing)


Schedules: TypeAlias = Annotated[ScheduleDesk, Depends(schedule_desk)]
"""The schedules, as an argument of a route."""


def pause_desk(schedules: Schedules) -> PauseDesk:
    """Return the pauses of the schedules."""
    return PauseDesk(schedules)


Pauses: TypeAlias = Annotated[PauseDesk, Depends(pause_desk)]
"""The pauses of schedules, as an argument of a route."""


def acting_name(visitor: Visitor) -> str:
    """Return the name under which a visitor acts."""
    return visitor.actor.name


Actor: TypeAlias = Annotated[str, Depends(acting_name)]
"""Who acts, as an argument of a route."""
