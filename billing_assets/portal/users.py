"""The page of users: who may come in, and as what; and one's own account.

Belongs here: addresses and forms. Does not belong here: what an account goes through
(``wiring.access_desk``).
"""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.requests import Request
from fastapi.responses import HTMLResponse, Response

from billing_assets.domain.access import ActorKind, Permission, Role
from billing_assets.domain.errors import BillingError
from billing_assets.portal.access import Visitor, needs
from billing_assets.portal.desk import Access
from billing_assets.portal.pages import REFUSED, page
from billing_assets.portal.places import see_other

router = APIRouter()
_MAY_MANAGE = [needs(Permission.MANAGE_USERS)]
_Text = Annotated[str, Form(max_length=1000)]


@router.get("/users", dependencies=_MAY_MANAGE)
def list_users(request: Request, access: Access) -> HTMLResponse:
    """List everybody who may come in."""
    return page(request, "users.html.j2", users=access.users(), roles=list(Role))


@router.post("/users", dependencies=_MAY_MANAGE)
def add_user(
    access: Access,
    email: _Text,
    role: Annotated[Role, Form()],
    user_name: _Text = "",
    password: _Text = "",
) -> Response:
    """Let somebody in."""
    access.add_user(email, role, name=user_name, password=password or None)
    return _back()


@router.post("/users/role", dependencies=_MAY_MANAGE)
def set_role(access: Access, email: _Text, role: Annotated[Role, Form()]) -> Response:
    """Give somebody a role."""
    access.set_role(email, role)
    return _back()


@router.post("/users/disabled", dependencies=_MAY_MANAGE)
def set_disabled(access: Access, email: _Text, is_disabled: Annotated[bool, Form()]) -> Response:
    """Lock somebody out, or let them in again."""
    access.set_disabled(email, is_disabled=is_disabled)
    return _back()


@router.get("/account", dependencies=[needs(Permission.LOOK)])
def show_account(request: Request, visitor: Visitor) -> HTMLResponse:
    """Show who one is here."""
    return page(request, "account.html.j2", error=None, has_password=_has_account(visitor))


@router.post("/account/password", dependencies=[needs(Permission.LOOK)])
def change_password(
    request: Request, access: Access, visitor: Visitor, former: _Text, password: _Text
) -> Response:
    """Give oneself another password; every session of one's own ends."""
    address = request.client.host if request.client else ""
    try:
        if not _has_account(visitor):
            raise BillingError(
                "user_unknown", "a login of this machine has no password here", "add an account: /users"
            )
        access.change_password(visitor.actor.name, former, password, address)
    except BillingError as error:
        return page(
            request, "account.html.j2", status=REFUSED, error=error, has_password=_has_account(visitor)
        )
    return see_other("/sign-in")


def _has_account(visitor: Visitor) -> bool:
    return visitor.actor.kind is ActorKind.USER


def _back() -> Response:
    return see_other("/users")
