"""Who may do what: the four roles, the permissions as rows, and whoever acts.

Belongs here: roles, which act needs which role, the rule of four eyes.
Does not belong here: signing in (``wiring.access_desk``), what was done (``audit_acts``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from billing_assets.domain.errors import BillingError


class Role(StrEnum):
    """What a person is to the office; each may do what those before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    """What may be done; a page and a form name the one that they need."""

    LOOK = "look"
    RUN_DATE = "run_date"
    REQUEST_INVOICES = "request_invoices"
    RETRY = "retry"
    ASSIGN_PROBLEM = "assign_problem"
    CLOSE_PROBLEM = "close_problem"
    RESOLVE_DELIVERY = "resolve_delivery"
    PAUSE = "pause"
    SET_SCHEDULES = "set_schedules"
    SET_HOLDS = "set_holds"
    CLOSE_DAY = "close_day"
    RECORD_RATES = "record_rates"
    DECIDE_RUN = "decide_run"
    CREDIT = "credit"
    ADD_TEMPLATES = "add_templates"
    DECIDE_TEMPLATES = "decide_templates"
    ALLOCATE = "allocate"
    ANSWER_REQUESTS = "answer_requests"
    REVERSE_PAYMENT = "reverse_payment"
    SET_RULES = "set_rules"
    SET_NOTIFICATIONS = "set_notifications"
    SET_COMPANY = "set_company"
    MANAGE_USERS = "manage_users"


_ROWS = (
    (Permission.LOOK, Role.VIEWER),
    (Permission.RUN_DATE, Role.OPERATOR),
    (Permission.REQUEST_INVOICES, Role.OPERATOR),
    (Permission.RETRY, Role.OPERATOR),
    (Permission.ASSIGN_PROBLEM, Role.OPERATOR),
    (Permission.CLOSE_PROBLEM, Role.OPERATOR),
    (Permission.RESOLVE_DELIVERY, Role.OPERATOR),
    (Permission.PAUSE, Role.OPERATOR),
    (Permission.SET_SCHEDULES, Role.OPERATOR),
    (Permission.CLOSE_DAY, Role.OPERATOR),
    (Permission.RECORD_RATES, Role.OPERATOR),
    (Permission.ALLOCATE, Role.OPERATOR),
    (Permission.ANSWER_REQUESTS, Role.OPERATOR),
    (Permission.DECIDE_RUN, Role.APPROVER),
    (Permission.REVERSE_PAYMENT, Role.APPROVER),
    (Permission.CREDIT, Role.APPROVER),
    (Permission.SET_HOLDS, Role.APPROVER),
    (Permission.ADD_TEMPLATES, Role.OPERATOR),
    (Permission.DECIDE_TEMPLATES, Role.APPROVER),
    (Permission.SET_RULES, Role.ADMINISTRATOR),
    (Permission.SET_NOTIFICATIONS, Role.ADMINISTRATOR),
    (Permission.SET_COMPANY, Role.ADMINISTRATOR),
    (Permission.MANAGE_USERS, Role.ADMINISTRATOR),
)

PERMISSIONS: Mapping[Permission, Role] = MappingProxyType(dict(_ROWS))
"""Permission -> the least role that has it.

>>> PERMISSIONS[Permission.DECIDE_RUN]
<Role.APPROVER: 'approver'>
"""

_RANK = {role: rank for rank, role in enumerate(Role)}


def may(role: Role, permission: Permission) -> bool:
    """Tell whether a role has a permission.

    >>> may(Role.APPROVER, Permission.CLOSE_PROBLEM), may(Role.VIEWER, Permission.CLOSE_PROBLEM)
    (True, False)
    """
    return _RANK[role] >= _RANK[PERMISSIONS[permission]]


def require(role: Role, permission: Permission) -> None:
    """Raise ``role_insufficient`` where a role has not a permission.

    >>> require(Role.VIEWER, Permission.PAUSE)
    Traceback (most recent call last):
    ...
    billing_assets.domain.errors.BillingError: this needs the role operator, and you are viewer \
(role_insufficient): ask an administrator of the office
    """
    if not may(role, permission):
        raise BillingError(
            "role_insufficient",
            f"this needs the role {PERMISSIONS[permission]}, and you are {role}",
            "ask an administrator of the office",
        )


class ActorKind(StrEnum):
    """``user``: signed in; ``login``: at this machine's command line; ``key``: by the API; ``program``.

    ``payer``: in the portal of payers; its name is the payer's key.
    """

    USER = "user"
    LOGIN = "login"
    KEY = "key"
    PROGRAM = "program"
    PAYER = "payer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Whoever acts; ``name`` is a user's address, a login, a key's name, or what a program calls itself."""

    kind: ActorKind
    name: str
    office_user_id: int | None = None

    @property
    def person(self) -> str:
        """The name of a person; empty for a program.

        >>> Actor(kind=ActorKind.LOGIN, name="ana").person, PROGRAM.person
        ('ana', '')
        """
        return "" if self.kind is ActorKind.PROGRAM else self.name


PROGRAM = Actor(kind=ActorKind.PROGRAM, name="billing")
"""What acts where nobody is named: Dagster's runs, the demo, a test."""


def own_run(run_id: int, asked_by: str, decided_by: str) -> BillingError | None:
    """Return the error where whoever asked for a run would approve it; None where two people look at it.

    A run that nobody is known to have asked for may be approved by anyone.

    >>> own_run(7, "ana@example.com", "Ana@example.com").code
    'four_eyes'
    >>> own_run(7, "", "ana@example.com"), own_run(7, "luis", "ana@example.com")
    (None, None)
    """
    if not asked_by or asked_by.strip().casefold() != decided_by.strip().casefold():
        return None
    return BillingError(
        "four_eyes",
        f"run {run_id} was asked for by {asked_by}, who cannot approve it too",
        "another approver has to look at it",
    )
